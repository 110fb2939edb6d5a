"""What the world sees of what sources bring: orders first, leads beside them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.engine.attribution import Model
from app.schemas.base import In, Listing, MoneyOut, Out
from app.schemas.metrics import MetricOut
from app.schemas.observed_rates import WindowKey, WindowOut
from app.schemas.rate_comparison import DifferenceOut
from app.schemas.scopes import PeriodKey
from app.schemas.shapes import split
from app.schemas.sources import SourceKind
from app.schemas.units import OrderUnit, OrderUnitKey

MOST_SOURCES = 50
Exact = Annotated[str, Field(examples=["2.5000"])]
MaybeRatio = Annotated[str | None, Field(examples=["0.2500"])]


class RankBy(StrEnum):
    """By what comes out at the end; nothing is ranked by leads."""

    ORDER_VALUE = "order_value"
    ORDERS = "orders"
    ORDER_VALUE_PER_LEAD = "order_value_per_lead"
    COST_PER_ORDER = "cost_per_order"


class ModelQuery(In):
    model: Annotated[
        Model,
        Field(
            description="Which touches an order is owed to: `first_touch`, `last_touch`, `linear`"
            " (all alike) or `position` (40 % the first, 40 % the last, 20 % those between)."
        ),
    ] = Model.FIRST_TOUCH


class LeadsQuery(ModelQuery):
    """Which leads are looked at: those that came in a window up to now, or in a period."""

    window: Annotated[WindowKey | None, Field(description="Default: `12m`.")] = None
    period: PeriodKey | None = None
    process: Annotated[
        str | None,
        Field(max_length=64, description="Id or key: only leads that are opportunities in it."),
    ] = None
    lapse_days: Annotated[
        int,
        Field(
            ge=1,
            le=3650,
            description="A lead without an opportunity is given up when nothing has touched it for"
            " so many days.",
        ),
    ] = 365

    @model_validator(mode="after")
    def one_stretch(self) -> Self:
        if self.window is not None and self.period is not None:
            raise PydanticCustomError("window_twice", "send window or period")
        return self


class RankingQuery(LeadsQuery):
    rank: Annotated[
        RankBy,
        Field(description="With `unit=gross_margin`, `order_value` is the margin; also per lead."),
    ] = RankBy.ORDER_VALUE
    unit: OrderUnitKey = OrderUnit.ORDER_VALUE
    kind: SourceKind | None = None


class SourcesQuery(LeadsQuery):
    sources: Annotated[
        list[str],
        BeforeValidator(split),
        Field(
            default_factory=list,
            max_length=MOST_SOURCES,
            description="Keys of sources, separated by commas. Default: all that have leads.",
        ),
    ]


class SourceIdentity(Out):
    source_id: UUID
    key: str
    name: str
    kind: SourceKind
    active: bool


class CohortOut(Out):
    """The leads of one month."""

    month: Annotated[str, Field(examples=["2026-07"])]
    leads: int
    orders: int
    conversion: MetricOut


class ResultOut(Out):
    """What became of leads by now; `credited_…` are the parts of them that are owed here."""

    leads: Annotated[int, Field(description="Leads in which there is a part.")]
    credited_leads: Exact
    m1_arrivals: Annotated[int, Field(description="Leads that reached a first milestone.")]
    orders: Annotated[int, Field(description="Leads that ordered.")]
    credited_orders: Exact
    order_value: MoneyOut
    missing_value_count: Annotated[
        int, Field(description="Orders of unknown value, which `order_value` lacks.")
    ]
    gross_margin: Annotated[
        MoneyOut | None,
        Field(
            description="Value less direct costs, of the orders of which every line tells its cost;"
            " null where that is none of them."
        ),
    ]
    margin_status: Annotated[
        str, Field(description="`ok` | `partial` | `unknown` (of no order) | `no_orders`.")
    ]
    missing_margin_count: Annotated[
        int, Field(description="Orders of unknown margin, which `gross_margin` lacks.")
    ]
    cost: Annotated[MoneyOut | None, Field(description="Null where none is known, never 0.")]
    cost_status: Annotated[
        str,
        Field(
            description="`ok` | `none_recorded` | `rate_missing` (a cost cannot be converted) |"
            " `partial` (some sources have none recorded) | `not_applicable`."
        ),
    ]
    cost_per_order: Annotated[
        MoneyOut | None, Field(description="Null without orders or a known cost.")
    ]
    order_value_per_lead: Annotated[MoneyOut | None, Field(description="Null without leads.")]
    gross_margin_per_lead: Annotated[
        MoneyOut | None, Field(description="Null without leads, or where no margin is known.")
    ]
    orders_per_100_leads: Annotated[
        str | None, Field(examples=["12.5000"], description="Null while it is too early to say.")
    ]
    undecided_share: Annotated[MaybeRatio, Field(description="Neither ordered nor left yet.")]
    status: Annotated[
        str,
        Field(description="`ok` | `too_early` (more than 30 % are undecided) | `no_leads`."),
    ]
    conversion: Annotated[MetricOut, Field(description="Of leads into orders, however long.")]
    cohorts: list[CohortOut]


class RankedSourceOut(SourceIdentity, ResultOut):
    rank: int


class LeadsAskedOut(Out):
    window: WindowOut
    process_id: UUID | None
    model: Model
    lapse_days: int
    currency: str
    as_of: datetime
    formula: str


class RankingOut(LeadsAskedOut):
    rank_by: RankBy
    unit: OrderUnit
    sources: list[RankedSourceOut]
    unattributed: Annotated[
        ResultOut, Field(description="What no source has touched before it was ordered or left.")
    ]
    total: Annotated[ResultOut, Field(description="All leads, each once.")]


class ComparedSourceOut(SourceIdentity):
    leads: int
    credited_leads: Exact
    undecided_share: MaybeRatio
    status: str
    conversion: MetricOut
    difference: Annotated[
        DifferenceOut, Field(description="Of the conversion, to that of all leads together.")
    ]
    rank: Annotated[
        int | None,
        Field(description="By conversion; null while it is too early, or on fewer than 30."),
    ]


class SourceComparisonOut(LeadsAskedOut):
    minimum_n: int
    whole: MetricOut
    sources: list[ComparedSourceOut]


class TraceQuery(Listing, ModelQuery):
    """Where the source met customers, latest first, and what was ordered after that."""


class TracedOrderOut(Out):
    event_id: Annotated[UUID, Field(description="The event by which it was ordered.")]
    ordered_at: datetime
    value: MoneyOut | None
    credited: Annotated[
        MoneyOut | None, Field(description="The part of `value` that is owed to this touch.")
    ]


class TracedOpportunityOut(Out):
    id: Annotated[UUID, Field(validation_alias="opportunity_id")]
    name: str
    status: str


class TracedTouchOut(Out):
    """A touch, the opportunity it counts for, and the orders of that; once per opportunity."""

    touchpoint_id: Annotated[
        UUID | None,
        Field(description="Null for the touch that an opportunity's own `source` tells of."),
    ]
    occurred_at: datetime
    medium: str | None
    campaign: str | None
    content: str | None
    lead: str | None
    account_id: UUID | None
    opportunity: TracedOpportunityOut | None
    orders: list[TracedOrderOut]


class PartnerQuery(ModelQuery):
    dormant_days: Annotated[
        int, Field(ge=1, le=3650, description="A partnership is dormant after so many days.")
    ] = 90


class IntroductionsOut(Out):
    introductions: int
    last_at: datetime | None


class ReceivedOut(IntroductionsOut):
    """What the partner brought, and what came of it."""

    leads: int
    opportunities: int
    m1_arrivals: int
    orders: int
    credited_orders: Exact
    order_value: MoneyOut
    missing_value_count: int
    order_value_per_introduction: MoneyOut | None


class PartnerOut(SourceIdentity):
    account_id: UUID | None
    model: Model
    received: ReceivedOut
    given: Annotated[IntroductionsOut, Field(description="What we brought to the partner.")]
    status: Annotated[str, Field(description="`active` | `dormant` | `never_active`.")]
    dormant_since: Annotated[
        date | None,
        Field(
            description="The day of the last introduction either way, or on which the partner was"
            " entered; null while the partnership is active."
        ),
    ]
    dormant_days: int
    currency: str
    as_of: datetime
    formula: str


class AcquisitionOut(Out):
    """What it costs to win an order of one type of business."""

    business_type: Annotated[
        str | None, Field(description="`new` | `existing`; null: leads of which nobody knows yet.")
    ]
    leads: int
    orders: int
    credited_orders: Annotated[Exact, Field(description="Owed to sources.")]
    cost: MoneyOut | None
    cost_per_order: MoneyOut | None
    cost_status: Annotated[
        str, Field(description="`ok` | `partial` | `none_recorded` | `rate_missing` | `no_orders`.")
    ]
    effort_minutes: Annotated[int | None, Field(description="Of all its leads, won or not.")]
    effort_minutes_per_order: Annotated[str | None, Field(examples=["95.0"])]
    effort_status: Annotated[
        str, Field(description="`ok` | `partial` | `none_recorded` | `no_orders`.")
    ]
    touches_without_effort: int


class AcquisitionsOut(LeadsAskedOut):
    business_types: list[AcquisitionOut]
    sources_without_cost: Annotated[
        list[str], Field(description="Keys of sources with leads and without a recorded cost.")
    ]
