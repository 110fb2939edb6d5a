"""What the world sees of a mark: an occasion at a customer that asks somebody for something."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Day, In, Instant, Key, Note, Out
from app.schemas.patch import ABSENT
from app.schemas.shapes import Counting

KIND = "The occasion, by a word of your own: `visit`, `contract_end`, `price_talk` …"


class MarkSort(StrEnum):
    """`-` reverses; the id breaks ties."""

    DUE_FIRST = "due_on"
    DUE_LAST = "-due_on"
    OLDEST = "created_at"
    NEWEST = "-created_at"


class MarkIn(In):
    account_id: UUID
    product_id: Annotated[
        UUID | None, Field(description="Default: it is about the customer as a whole.")
    ] = None
    kind: Annotated[Key, Field(description=KIND)]
    due_on: Day
    owner_id: Annotated[UUID | None, Field(description="Who shall see to it.")] = None
    note: Note | None = None


class MarkPatch(In):
    """JSON Merge Patch: what is left out stays, null empties. What it is about stays."""

    kind: Annotated[Key, Field(description=KIND)] = ABSENT
    due_on: Day = ABSENT
    owner_id: Annotated[UUID | None, Field(description="Who shall see to it.")] = ABSENT
    note: Note | None = ABSENT
    done_at: Annotated[Instant | None, Field(description="Null: to be done again.")] = ABSENT


class MarkOut(Out):
    id: UUID
    account_id: UUID
    product_id: UUID | None
    kind: str
    due_on: date
    overdue: Annotated[bool, Field(description="Its day is over, and it is not done.")]
    owner_id: UUID | None
    note: str | None
    done_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class MarkQuery(Counting):
    account: UUID | None = None
    product: UUID | None = None
    owner: UUID | None = None
    kind: Annotated[str | None, Field(description="Only of this occasion.")] = None
    done: Annotated[bool | None, Field(description="Only those done, or only those to do.")] = None
    due_until: Annotated[Day | None, Field(description="Due on this day or before.")] = None
    sort: MarkSort = MarkSort.DUE_FIRST
