"""What the world sees of touchpoints: where a source met a customer."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import ExternalId, In, Instant, Key, Listing, Out, Short
from app.schemas.batches import BatchMode, ItemProblemOut, each_alone

MOST_ITEMS = 1_000
MOST_MINUTES = 100_000

Lead = Annotated[
    ExternalId,
    Field(
        description="Who it was, as another system knows him, while nobody knows his account.",
        examples=["visitor-7f3a"],
    ),
]
Minutes = Annotated[
    int,
    Field(ge=0, le=MOST_MINUTES, strict=True, description="How long our people worked on it."),
]


class Direction(StrEnum):
    """Whether the source brought us a customer, or we brought one to the partner."""

    RECEIVED = "received"
    GIVEN = "given"


class TouchpointIn(In):
    occurred_at: Instant
    source: Annotated[Key, Field(description="The key of the source.", examples=["fair-2026"])]
    external_id: Annotated[
        ExternalId | None,
        Field(description="Sent again with the same `source`, it is there already and stays."),
    ] = None
    direction: Direction = Direction.RECEIVED
    medium: Annotated[Short | None, Field(examples=["email"])] = None
    campaign: Annotated[Short | None, Field(examples=["spring"])] = None
    content: Annotated[Short | None, Field(examples=["white paper"])] = None
    lead: Lead | None = None
    account_id: UUID | None = None
    opportunity_id: UUID | None = None
    effort_minutes: Minutes | None = None

    @model_validator(mode="after")
    def meets_somebody(self) -> Self:
        if self.lead is None and self.account_id is None and self.opportunity_id is None:
            raise PydanticCustomError(
                "nobody_met", "say whom it met: lead, account_id or opportunity_id"
            )
        return self


class TouchpointBatchIn(In):
    mode: Annotated[
        BatchMode,
        Field(
            description="`all_or_nothing`: one that fails takes back all. `per_item`: each alone."
        ),
    ]
    items: Annotated[
        list[Annotated[TouchpointIn, WrapValidator(each_alone)]],
        Field(min_length=1, max_length=MOST_ITEMS),
    ]


class TouchpointResultOut(Out):
    index: Annotated[int, Field(description="Of the item, as it was sent; the first is 0.")]
    status: Annotated[
        int, Field(description="201 created, 200 there already, else that of the problem.")
    ]
    id: Annotated[UUID | None, Field(description="Null when it failed.")]
    problem: ItemProblemOut | None


class TouchpointBatchOut(Out):
    created: int
    unchanged: int
    failed: int
    results: list[TouchpointResultOut]


class ResolvedOut(Out):
    account_id: UUID | None
    opportunity_id: UUID | None


class TouchpointOut(Out):
    """A touchpoint as it came in; `resolved` says whom it met, as known today."""

    id: UUID
    occurred_at: datetime
    source_id: UUID
    source: Annotated[str, Field(description="The key of the source.")]
    external_id: str | None
    direction: Direction
    medium: str | None
    campaign: str | None
    content: str | None
    lead: str | None
    account_id: UUID | None
    opportunity_id: UUID | None
    resolved: ResolvedOut
    effort_minutes: int | None
    recorded_at: datetime


class TouchpointQuery(Listing):
    source: Annotated[str | None, Field(max_length=64, description="Id or key of the source.")] = (
        None
    )
    lead: str | None = None
    account: Annotated[
        UUID | None, Field(description="Told of it, or of a lead that turned out to be it.")
    ] = None
    opportunity: Annotated[
        UUID | None, Field(description="Told of it, or of a lead that turned out to be it.")
    ] = None
    direction: Direction | None = None
    occurred_since: Annotated[Instant | None, Field(description="At this moment or later.")] = None
    occurred_before: Annotated[Instant | None, Field(description="Before this moment.")] = None


class StitchIn(In):
    """Who a lead turned out to be. Said again, the last word holds."""

    lead: Lead
    account_id: UUID | None = None
    opportunity_id: UUID | None = None

    @model_validator(mode="after")
    def leads_somewhere(self) -> Self:
        if self.account_id is None and self.opportunity_id is None:
            raise PydanticCustomError(
                "nobody_known", "say who it is: account_id, opportunity_id or both"
            )
        return self


class StitchOut(Out):
    lead: str
    account_id: UUID | None
    opportunity_id: UUID | None
    recorded_at: datetime
    touchpoints: Annotated[int, Field(description="How many there are of this lead by now.")]
