"""What the world asks and sees of the places where to act."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out
from app.schemas.lights import PeopleLightsQuery
from app.schemas.scopes import EVERYBODY, ScopeIn


class AttentionQuery(PeopleLightsQuery, Listing):
    scope: Annotated[
        ScopeIn, Field(description="This scope, and the teams and people that belong to it.")
    ] = EVERYBODY


class AttentionItemOut(Out):
    """A milestone at which somebody is behind."""

    scope: str
    name: Annotated[
        str | None, Field(description="Of the team or person; null in an answer about the past.")
    ]
    target_id: UUID | None
    position: int
    key: str
    light: str
    shortfall_value: Annotated[MoneyOut | None, Field(description="Due by now and not there.")]
    shortfall_count: str | None
    order_worth_value: Annotated[
        MoneyOut | None, Field(description="What the shortfall is worth at the order.")
    ]
    order_worth_count: str | None
    expected_value: Annotated[
        MoneyOut | None, Field(description="To arrive within the rest of the period.")
    ]
    expected_count: str | None
    recoverability: Annotated[
        str, Field(description="The part of the shortfall, 0 to 1, that this makes up for.")
    ]
    candidate_count: Annotated[
        int,
        Field(description="Open opportunities that stand one milestone before, not dead."),
    ]
    dead_count: Annotated[
        int, Field(description="Dead ones that stand there and are left out; 0 under policy `off`.")
    ]
    candidates: Annotated[list[UUID], Field(description="The best five of them.")]
    too_late: Annotated[
        bool,
        Field(
            description="Half of what arrives today would order after the period. `recoverability`"
            " is about arrivals at this milestone: they may all come within the period, and their"
            " orders still after it."
        ),
    ]
    text: str


class AttentionOut(Out):
    data: list[AttentionItemOut]
    next_cursor: str | None
    period: str
    closed: bool
    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    currency: str
    as_of: datetime
    effective_at: datetime | None
    source: str
    formula: str
