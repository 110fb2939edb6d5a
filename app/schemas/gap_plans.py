"""What the world asks and sees of the plan to close the gap to a target."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Instant, MoneyOut, Out
from app.schemas.prospects import ProspectOut
from app.schemas.scopes import PeriodKey

MOST_CANDIDATES = 50


class GapPlanQuery(In):
    period: PeriodKey | None = None
    rates: Annotated[
        str,
        Field(
            max_length=20,
            examples=["observed_shrunk", "target", "observed", "blend:0.5"],
            description="Whose rates the requirements are computed with.",
        ),
    ] = "observed_shrunk"
    candidates: Annotated[
        int, Field(ge=0, le=MOST_CANDIDATES, description="At most so many for each milestone.")
    ] = 10
    as_of: Instant | None = None


class RecoveryOut(Out):
    """What may be expected to arrive within the rest of the period without more being done."""

    expected_value: MoneyOut | None
    expected_count: str | None
    recoverability: Annotated[
        str, Field(description="The part of the lack, 0 to 1, that this makes up for.")
    ]
    candidate_count: Annotated[
        int,
        Field(description="Open opportunities that stand one milestone before, not dead."),
    ]
    dead_count: Annotated[
        int, Field(description="Dead ones that stand there and are left out; 0 under policy `off`.")
    ]
    candidates: list[ProspectOut]


class GapItemOut(RecoveryOut):
    """What one milestone still needs within the period."""

    rank: int
    position: int
    key: str
    name: Annotated[str | None, Field(description="Of the milestone.")]
    required_value: MoneyOut | None
    required_count: int | None
    arrived_value: MoneyOut | None
    arrived_count: int
    missing_value: MoneyOut | None
    missing_count: int | None
    derived: Annotated[
        str | None,
        Field(
            description="`value` or `count` where that side of the lack is only as good as the"
            " average value of what stands or arrived there."
        ),
    ]
    order_worth_value: Annotated[
        MoneyOut | None, Field(description="What the lack is worth at the order.")
    ]
    order_worth_count: str | None
    too_late: Annotated[
        bool,
        Field(
            description="Half of what arrives today would order only after the period has ended."
            " `recoverability` is about arrivals at this milestone: they may all come within the"
            " period, and their orders still after it."
        ),
    ]
    text: str


class GapPlanOut(Out):
    target_id: UUID
    period: str
    scope: str
    business_type: str
    rates: str
    process_id: UUID
    process_version: int
    remaining_days: str
    currency: str
    items: list[GapItemOut]
    unknown: Annotated[list[str], Field(description="Milestones whose requirement is not known.")]
    as_of: datetime
    source: str
    formula: str
