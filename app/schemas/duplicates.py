"""What the world sees of pairs that may be one, and of pairs that are not."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.base import In, Listing, Note, Out


class DuplicateObject(StrEnum):
    ACCOUNTS = "accounts"
    OPPORTUNITIES = "opportunities"


class _OfObject(Listing):
    object: Annotated[DuplicateObject, Field(description="What is compared.")] = (
        DuplicateObject.ACCOUNTS
    )


class DuplicateQuery(_OfObject):
    account: Annotated[
        UUID | None,
        Field(description="Only what this account, or an opportunity of it, may be the same as."),
    ] = None
    min_score: Annotated[
        Decimal, Field(ge=0, le=1, max_digits=5, description="Only pairs that score as much.")
    ] = Decimal("0.5")


class DismissalQuery(_OfObject):
    """Pairs of what."""


class PartyOut(Out):
    """One of the two."""

    id: UUID
    name: str


class DuplicateReasonOut(Out):
    code: Annotated[str, Field(examples=["same_name"])]
    text: str


class DuplicateOut(Out):
    """Two that may be one; the first is the older one."""

    first: PartyOut
    second: PartyOut
    score: Annotated[str, Field(examples=["0.8800"])]
    reasons: Annotated[
        list[DuplicateReasonOut], Field(description="What speaks for it, then what against it.")
    ]


class DuplicatesOut(Out):
    """The most alike come first."""

    object: DuplicateObject
    formula: str
    data: list[DuplicateOut]
    next_cursor: str | None


def _two(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("repeated", "two different ones make a pair")
    return sorted(ids)


class DismissalIn(In):
    object: DuplicateObject = DuplicateObject.ACCOUNTS
    ids: Annotated[list[UUID], Field(min_length=2, max_length=2), AfterValidator(_two)]
    note: Note | None = None


class DismissalOut(Out):
    id: UUID
    object: DuplicateObject
    first_id: UUID
    second_id: UUID
    note: str | None
    said_at: datetime
    said_by: Annotated[str, Field(description="The key that said so.")]
