"""What the world sees of an opportunity's next step."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Out
from app.schemas.metrics import AgeDays, LeadTimeOut
from app.schemas.milestones import PlaybookOut
from app.schemas.prospects import UnmetOut
from app.schemas.scopes import Moment
from app.schemas.stale import HorseReasonOut, HorseState


class NextQuery(Moment):
    """As of when."""


class NextMilestoneOut(Out):
    id: UUID
    position: int
    key: str
    name: str
    customer_act: str
    is_order: bool


class DecayOut(Out):
    """Whether the opportunity still moves."""

    state: HorseState
    because: HorseReasonOut


class NextOut(Out):
    """How to get this customer forward from here; nothing is next for what is won or over."""

    opportunity_id: UUID
    process_id: UUID
    process_version: int
    status: Annotated[str, Field(description="open, on_hold, won, exited or moved")]
    milestone: Annotated[str | None, Field(description="Null before the first milestone.")]
    milestone_position: int
    next_milestone: NextMilestoneOut | None
    unmet_criteria: list[UnmetOut]
    chance_next: Annotated[
        str | None, Field(description="To get to the next milestone at all; null: not known.")
    ]
    chance_within: Annotated[
        str | None, Field(description="To get to the next milestone within `days`.")
    ]
    days: int
    age_days: AgeDays | None
    lead_time_days: Annotated[
        LeadTimeOut | None, Field(description="How long it takes those that go on from here.")
    ]
    median_days: str | None
    playbook: PlaybookOut | None
    ball: Annotated[str | None, Field(description="Who owes the next step: us, customer or none.")]
    waiting_since: datetime | None
    decay: DecayOut | None
    review_count: int
    carried_over_periods: Annotated[
        int | None,
        Field(
            description="Months it was carried over into without having moved; null when closed."
        ),
    ]
    revived_count: int
    as_of: datetime
    effective_at: datetime | None
    formula: str
