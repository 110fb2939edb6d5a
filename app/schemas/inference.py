"""A proposed process: what another system's stage history says, and what is doubtful in it."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import ExternalId, In, Instant, Key, Name, Out
from app.schemas.metrics import MetricOut
from app.schemas.milestones import DefinitionOut

MOST_ROWS = 20_000


class Outcome(StrEnum):
    WON = "won"
    LOST = "lost"
    OPEN = "open"


class StageRowIn(In):
    """A deal in a stage. A deal has as many rows as it was in stages."""

    deal: Annotated[ExternalId, Field(examples=["4711"])]
    stage: Annotated[Name, Field(examples=["Proposal sent"])]
    entered_at: Instant | None
    left_at: Annotated[Instant | None, Field(description="null: not known, or still there.")] = None
    outcome: Annotated[
        Outcome | None,
        Field(description="How the deal ended, on any of its rows. null: the source is silent."),
    ] = None

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.entered_at and self.left_at and self.left_at < self.entered_at:
            raise PydanticCustomError("left_before_entered", "left_at lies before entered_at")
        return self


class InferenceIn(In):
    rows: Annotated[
        list[StageRowIn],
        Field(min_length=1, max_length=MOST_ROWS, description="In any order."),
    ]
    key: Annotated[Key, Field(description="Of the process to propose.")] = "inferred"
    name: Annotated[Name | None, Field(description="Of the process to propose.")] = None


class ProcessDraftOut(Out):
    """Sent to `POST /v1/processes` as it is, it creates the process."""

    key: str
    name: str
    milestones: list[DefinitionOut]


class ActSuggestionOut(Out):
    name: str
    customer_act: str


class InferredMilestoneOut(Out):
    """What the rows say of a milestone and of the section that begins there."""

    position: int
    key: str
    stages: Annotated[list[str], Field(description="Entering one of these is reaching it.")]
    entered: int
    reached: Annotated[int, Field(description="Entered it or a later one.")]
    share: Annotated[str, Field(description="Of all deals.")]
    reentered: int
    advanced: int
    lost: int
    open: int
    rate: Annotated[
        MetricOut | None, Field(description="advanced / (advanced + lost); null for the order.")
    ]
    median_days: str | None
    timed: Annotated[int, Field(description="Deals of which both dates are known.")]


class NotAnActOut(Out):
    """A stage that tells what we do, where a milestone is what the customer does."""

    stage: str
    milestone: Annotated[str, Field(description="Key of the milestone proposed for it.")]
    seller_act: str
    suggestion: ActSuggestionOut


class EndingOut(Out):
    stage: str
    end: str
    source: Annotated[str, Field(description="`outcomes`, or `name` where none were given.")]
    deals: int


class DoubtOut(Out):
    code: str
    stage: str | None
    other: str | None
    n: Annotated[int, Field(description="Deals that give rise to it.")]
    text: str


class InferenceOut(Out):
    """Nothing of it is stored."""

    process: Annotated[
        ProcessDraftOut | None,
        Field(description="null where there are not 2 to 12 milestones."),
    ]
    milestones: list[InferredMilestoneOut]
    not_customer_acts: list[NotAnActOut]
    endings: list[EndingOut]
    pauses: Annotated[list[str], Field(description="Stages of waiting: on hold, no milestones.")]
    stages: Annotated[
        dict[str, dict[str, Any]],
        Field(description="Every stage as an import's `mapping.stages` wants it."),
    ]
    warnings: list[DoubtOut]
    deals: int
    won: int
    lost: int
    open: int
    formula: str
