"""What the world sees of a source of business."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import In, Key, Name, Out
from app.schemas.patch import ABSENT
from app.schemas.shapes import ONLY, Counting, OneOf
from app.schemas.sorting import Sort


class SourceKind(StrEnum):
    FAIR = "fair"
    EVENT = "event"
    CAMPAIGN = "campaign"
    CONTENT = "content"
    WEB = "web"
    REFERRAL = "referral"
    PARTNER = "partner"
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    OTHER = "other"


class SourceIn(In):
    key: Annotated[
        Key | None,
        Field(
            description="Default: made of the name. Opportunities with this text as their `source`"
            " came from here.",
            examples=["fair-2026"],
        ),
    ] = None
    name: Name
    kind: SourceKind
    account_id: Annotated[
        UUID | None, Field(description="The company behind a source of the kind `partner`.")
    ] = None
    active: Annotated[bool, Field(strict=True)] = True

    @model_validator(mode="after")
    def partners_have_accounts(self) -> Self:
        if self.account_id is not None and self.kind is not SourceKind.PARTNER:
            raise PydanticCustomError("not_a_partner", "only a partner has an account behind it")
        return self


class SourcePatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    key: Key = ABSENT
    name: Name = ABSENT
    kind: SourceKind = ABSENT
    account_id: UUID | None = ABSENT
    active: Annotated[bool, Field(strict=True)] = ABSENT


class SourceOut(Out):
    id: UUID
    key: str
    name: str
    kind: SourceKind
    account_id: UUID | None
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


class SourceShape(In):
    fields: Annotated[
        list[str], OneOf.fields(SourceOut), Field(default_factory=list, description=ONLY)
    ]


class SourceQuery(Counting, SourceShape):
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    key: str | None = None
    kind: SourceKind | None = None
    account: UUID | None = None
    active: bool | None = None
    sort: Sort = Sort.OLDEST
