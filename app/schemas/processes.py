"""What the world says and sees of a process and its published versions."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import Currency, In, Key, Name, Out, Short
from app.schemas.milestones import DefinitionOut, MilestoneIn, MilestoneOut
from app.schemas.patch import ABSENT

FEWEST_MILESTONES, MOST_MILESTONES = 2, 12

Language = Literal["en", "de"]


class StalePolicy(StrEnum):
    """What becomes of dead opportunities: nothing, a proposal, or an exit after days of grace."""

    OFF = "off"
    PROPOSE = "propose"
    AUTO = "auto"


MOST_GRACE_DAYS = 365
GraceDays = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_GRACE_DAYS,
        strict=True,
        description="Days between the notice of a dead opportunity and its exit.",
    ),
]
CriteriaReset = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether a criterion that was met with evidence counts as movement.",
    ),
]


class ProcessIn(In):
    """Either `milestones`, or a `template` that brings them."""

    key: Annotated[Key, Field(examples=["new-business"])]
    name: Annotated[Name, Field(examples=["New business"])]
    market: Short | None = None
    currency: Annotated[
        Currency | None, Field(description="Default: the workspace's reporting currency.")
    ] = None
    milestones: Annotated[
        list[MilestoneIn] | None,
        Field(min_length=FEWEST_MILESTONES, max_length=MOST_MILESTONES),
    ] = None
    template: Annotated[
        str | None, Field(max_length=64, examples=["milestone-selling-5", "funnel-5"])
    ] = None
    language: Annotated[
        Language | None,
        Field(description="Of the template's texts. Default: the language of the request."),
    ] = None
    stale_policy: StalePolicy = StalePolicy.PROPOSE
    grace_days: GraceDays = 14
    criteria_reset: CriteriaReset = False


class ProcessChange(In):
    """What may change without a new version."""

    name: Name = ABSENT
    market: Short | None = ABSENT
    stale_policy: StalePolicy = ABSENT
    grace_days: GraceDays = ABSENT
    criteria_reset: CriteriaReset = ABSENT


class VersionMilestoneIn(MilestoneIn):
    equivalent_to: Annotated[
        Key | None,
        Field(
            description="The milestone of the version before that this one continues, by key."
            " Default: the one with the same key. null: none, its figures begin anew."
        ),
    ] = None


class VersionIn(In):
    milestones: Annotated[
        list[VersionMilestoneIn], Field(min_length=FEWEST_MILESTONES, max_length=MOST_MILESTONES)
    ]


class WarningOut(Out):
    """What will be missing later; nothing is refused for it."""

    code: Annotated[str, Field(examples=["exit_reasons_missing"])]
    milestone: Annotated[str, Field(description="Key of the milestone it is about.")]
    text: str


class ProcessOut(Out):
    """The whole definition as one document."""

    id: UUID
    key: str
    name: str
    market: str | None
    currency: str
    current_version: Annotated[int, Field(description="Number of the newest published version.")]
    process_version: Annotated[int, Field(description="Number of the version shown here.")]
    published_at: Annotated[datetime, Field(description="When the version shown was published.")]
    milestones: list[MilestoneOut]
    warnings: list[WarningOut]
    stale_policy: StalePolicy
    grace_days: int
    criteria_reset: bool
    version: Annotated[int, Field(description="Counts the changes; also the ETag.")]
    created_at: datetime
    updated_at: datetime


class VersionOut(Out):
    id: UUID
    number: int
    published_at: datetime
    milestones: Annotated[list[str], Field(description="Keys, first to last.")]
    warnings: list[WarningOut]


class VersionQuery(In):
    version: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="A published version. Default: the newest."),
    ] = None


class TemplateQuery(In):
    language: Annotated[
        Language | None, Field(description="Default: the language of the request.")
    ] = None


class TemplateOut(Out):
    key: str
    name: str
    description: str
    language: str
    milestones: list[DefinitionOut]
