"""What the world sees of observed rates: section by section, with everything they rest on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.base import MoneyOut, Out
from app.schemas.learnt import LearntOut
from app.schemas.metrics import LeadTimeOut, MetricOut
from app.schemas.rates import RateIn
from app.schemas.scopes import EVERYBODY, Business, Moment, ScopeIn

LONGEST_MONTHS, LONGEST_DAYS = 120, 3650
LEAST_CAP = 0.5


class RateBasis(StrEnum):
    """Competed: what we declined ourselves is no failure of the section."""

    ALL = "all"
    COMPETED = "competed"


def _not_too_long(window: str) -> str:
    longest = LONGEST_MONTHS if window.endswith("m") else LONGEST_DAYS
    if int(window[:-1]) > longest:
        raise PydanticCustomError(
            "window_too_long",
            "a window has at most {months} months or {days} days",
            {"months": LONGEST_MONTHS, "days": LONGEST_DAYS},
        )
    return window


def _a_cap(share: RateIn) -> RateIn:
    if not LEAST_CAP <= share < 1:
        raise PydanticCustomError("winsor_out_of_range", "winsor is at least 0.5 and below 1")
    return share


WindowKey = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{0,3}[md]$",
        examples=["12m", "90d"],
        description="Arrivals of so many months (`12m`) or days (`90d`) are looked at.",
    ),
    AfterValidator(_not_too_long),
]


class ScopeQuery(Moment):
    """Whose opportunities are looked at, and of which business."""

    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL
    basis: Annotated[
        RateBasis,
        Field(description="`competed`: what we declined ourselves is left out."),
    ] = RateBasis.ALL


class CohortQuery(ScopeQuery):
    """Which arrivals are looked at."""

    window: WindowKey = "12m"


class RatesQuery(CohortQuery):
    half_life_days: Annotated[
        int | None,
        Field(ge=1, le=3650, description="An arrival so many days ago weighs half of one today."),
    ] = None
    winsor: Annotated[
        Annotated[RateIn, AfterValidator(_a_cap)] | None,
        Field(description='No value counts more than this quantile of the values: "0.95".'),
    ] = None


class WindowOut(Out):
    """Arrivals from `from` on and before `to`, days of the workspace."""

    key: str
    from_: Annotated[date, Field(serialization_alias="from")]
    to: date


class ParentOut(Out):
    """What a rate is drawn to, and handed on from where it has no evidence of its own."""

    scope: Annotated[
        str, Field(description="`all`, `team:<id>`, or `target` for the process's target rate.")
    ]
    business_type: str | None
    value: str | None


class RateOut(MetricOut):
    """The share that reaches the next milestone, drawn to its parent; `observed` is what the
    opportunities alone say, to which the interval belongs."""

    observed: str | None
    parent: ParentOut


class ArrivalCountsOut(Out):
    """entered = advanced + exited + open + aside, each opportunity once."""

    entered: int
    advanced: int
    exited: int
    open: int
    aside: Annotated[
        dict[str, int],
        Field(
            description="Watched for a while and then no longer, and so neither: `on_hold`, "
            "`moved`, `clean_up` (one of many closed at once), `regressed`."
        ),
    ]
    left_out: Annotated[
        dict[str, int],
        Field(description="Not in `entered`: `duplicate`; `declined` on the basis `competed`."),
    ]


class SectionRatesOut(Out):
    """The section that begins at `milestone`.

    `resolved`, `mature` and `flow_ratio` are simpler ratios, to compare with other systems: of the
    decided alone; of the arrivals old enough; of arrivals there per arrivals here in the same
    window, which are other opportunities and may be more.
    """

    section: int
    milestone: str
    next_milestone: str
    milestone_id: UUID
    count: RateOut
    value: RateOut
    target_rate: str | None
    counts: ArrivalCountsOut
    exits: Annotated[dict[str, int], Field(description="By kind.")]
    retention: Annotated[
        MetricOut,
        Field(description="What those that went on were worth then, per what they were before."),
    ]
    target_retention: str | None
    concession: Annotated[MoneyOut | None, Field(description="Negative where they grew.")]
    resolved: str | None
    mature: str | None
    flow_ratio: str | None
    undecided_share: str
    plateau: Annotated[bool, Field(description="Nearly all is decided that ever will be.")]
    capped: Annotated[int, Field(description="Opportunities whose value `winsor` cut.")]
    lead_time_days: LeadTimeOut
    lead_time_scope: Annotated[
        str, Field(description="Whose days these are: a wider scope's where this one has too few.")
    ]


class MilestoneRatesOut(Out):
    """From a milestone to the order."""

    position: int
    key: str
    milestone_id: UUID
    win_rate: MetricOut
    value_win_rate: MetricOut
    lead_time_days: LeadTimeOut


class DropOut(Out):
    """`start` less `lost`, `open` and `shrunk`, plus `grown`, is `end`."""

    section: int
    start: MoneyOut
    lost: MoneyOut
    open: MoneyOut
    shrunk: MoneyOut
    grown: MoneyOut
    end: MoneyOut


class YieldOut(Out):
    """What has become of the value that arrived at the first milestone in the window."""

    value: Annotated[str | None, Field(description="Value at the order per value at the start.")]
    start: MoneyOut
    order: MoneyOut
    waterfall: list[DropOut]
    missing_value_count: int


class AskedOut(Out):
    """What an answer about observed opportunities says of itself."""

    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    basis: str
    as_of: datetime
    effective_at: datetime | None
    formula: str


class CohortOut(AskedOut):
    window: WindowOut
    currency: str


class RatesOut(CohortOut):
    """Rates, counts and the window are those of the moment when they were `learnt`."""

    learnt: LearntOut
    half_life_days: int | None
    winsor: str | None
    sections: list[SectionRatesOut]
    milestones: list[MilestoneRatesOut]
    yield_: Annotated[YieldOut, Field(serialization_alias="yield")]
