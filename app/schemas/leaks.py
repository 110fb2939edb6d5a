"""What the world sees of leaks: where and why opportunities leave, and what that costs."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, MoneyOut, Out
from app.schemas.learnt import LearntOut
from app.schemas.metrics import DaysOut, MetricOut, TargetIds
from app.schemas.observed_rates import AskedOut, ScopeQuery, WindowKey, WindowOut, YieldOut
from app.schemas.scopes import PeriodKey
from app.schemas.units import MarginShareOut, OrderUnit, OrderUnitKey

Share = Annotated[str | None, Field(examples=["0.2500"])]


class LeaksBy(StrEnum):
    SECTION = "section"
    REASON = "reason"
    OWNER = "owner"
    SEGMENT = "segment"
    COMPETITOR = "competitor"
    SOURCE = "source"


class LeaksQuery(ScopeQuery):
    """Which arrivals are looked at: those of a window up to now, of a period, or between days."""

    by: LeaksBy = LeaksBy.SECTION
    window: Annotated[WindowKey | None, Field(description="Default: `12m`.")] = None
    period: PeriodKey | None = None
    from_: Annotated[Day | None, Field(alias="from", description="The first day.")] = None
    to: Annotated[Day | None, Field(description="The day after the last.")] = None
    include: Annotated[
        str | None,
        Field(
            pattern=r"^(declined|duplicate|stale)(,(declined|duplicate|stale))*$",
            examples=["declined,stale"],
            description="Which of `declined,duplicate,stale` count as lost in `win_rate`.",
        ),
    ] = None
    unit: OrderUnitKey = OrderUnit.ORDER_VALUE
    target: Annotated[
        UUID | None, Field(description="Whose levers are told. Default: the scope's target.")
    ] = None

    @model_validator(mode="after")
    def one_stretch(self) -> Self:
        said = [self.window is not None, self.period is not None, bool(self.from_ or self.to)]
        if sum(said) > 1:
            raise PydanticCustomError("window_twice", "send window, period, or from and to")
        if (self.from_ is None) != (self.to is None):
            raise PydanticCustomError("window_open", "from and to belong together")
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise PydanticCustomError("window_empty", "from lies before to")
        return self


class PartOut(Out):
    """Exits of one kind, reason or ball; the key is null where it is not known."""

    key: str | None
    count: int
    share: Share
    ci: list[str] | None
    value: MoneyOut


class QuantilesOut(Out):
    p50: DaysOut
    p80: DaysOut
    n: int


class TrendOut(Out):
    """The leak rate of the last half of the arrivals' time against that of the first half."""

    way: Annotated[str, Field(description="`rising` | `falling` | `steady` | `unknown`.")]
    change: Share
    ci: list[str] | None


class LeakOut(Out):
    """What leaves through one opening.

    `lost_win_value` is what the same opportunities would have brought had they gone on like the
    average; it makes early and late leaks comparable.
    """

    key: Annotated[
        str | None,
        Field(description="A milestone, reason, segment, competitor or source, or a person's id."),
    ]
    section: int | None
    entered: Annotated[
        int,
        Field(
            description="Arrivals that could have left here; for reasons and competitors all"
            " opportunities that were decided, whose part `leak_rate` is."
        ),
    ]
    exits: int
    share: Annotated[Share, Field(description="Of the exits of all groups.")]
    value: Annotated[MoneyOut, Field(description="On arrival at the milestone before the exit.")]
    value_at_exit: MoneyOut
    missing_value_count: int
    leak_rate: MetricOut
    unsettled: Annotated[
        bool,
        Field(description="So many still stand here that `leak_rate` may yet change much."),
    ]
    expected_rate: Annotated[
        Share,
        Field(
            description="The process's leak rate where these opportunities were; for sections of"
            " everybody that of all sections together."
        ),
    ]
    planned_leak_rate: Annotated[
        Share,
        Field(
            description="What the process plans to leave here: 1 less the section's target rate."
        ),
    ]
    leak: Annotated[
        bool, Field(description="More leaves than chance explains: the interval is above it.")
    ]
    finding: Annotated[str, Field(description="`leak` | `tight` | `average` | `unknown`.")]
    lost_orders: Annotated[str, Field(examples=["2.5000"])]
    lost_win_value: MoneyOut
    lost_win_margin: Annotated[
        MoneyOut | None,
        Field(
            description="With `unit=gross_margin`: the part of `lost_win_value` that `margin` says"
            " orders leave; null where no order's margin is known."
        ),
    ]
    time_to_exit_days: QuantilesOut
    late_discovery_days: Annotated[
        QuantilesOut, Field(description="From the customer's last act to the exit.")
    ]
    kinds: list[PartOut]
    reasons: list[PartOut]
    silent: Annotated[
        list[PartOut],
        Field(description="Ended without a word, by who owed the next step: `us`, `customer`."),
    ]
    pending_leak: Annotated[
        MoneyOut | None,
        Field(
            description="What stands stale or dead in it; null where no value is known, and for"
            " reasons and competitors: nobody knows them before the exit."
        ),
    ]
    pending_count: Annotated[int | None, Field(description="Null for reasons and competitors.")]
    trend: TrendOut


class WinRateOut(Out):
    """won / (won + lost), and beside it how many ended in ways that are no decision against us."""

    count: MetricOut
    value: Share
    won: int
    lost: int
    beside: dict[str, int]
    missing_value_count: int


class SectionLeverOut(Out):
    """What one more percentage point is worth; `order` 1 is the section to work on first."""

    section: int
    milestone: str
    rate: Share
    order_value_per_point: MoneyOut | None
    first_milestone_saved_per_point: MoneyOut | None
    order: int | None


class LeversOut(Out):
    target_ids: TargetIds
    period: str
    target: MoneyOut
    sections: list[SectionLeverOut]


class LeaksOut(AskedOut):
    """What left is told as it was `learnt`; what is pending, and the levers' target, as they are
    now."""

    learnt: LearntOut
    window: WindowOut
    currency: str
    by: LeaksBy
    unit: OrderUnit
    margin: Annotated[
        MarginShareOut | None, Field(description="With `unit=gross_margin`, else null.")
    ]
    groups: list[LeakOut]
    win_rate: WinRateOut
    levers: Annotated[LeversOut | None, Field(description="Null without a target in money.")]
    yield_: Annotated[YieldOut, Field(serialization_alias="yield")]
