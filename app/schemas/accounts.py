"""What the world sees of an account."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.attributes import Attributes
from app.schemas.base import ExternalId, In, Name, Out, Short, Source
from app.schemas.patch import ABSENT
from app.schemas.shapes import ONLY, Counting, OneOf
from app.schemas.sorting import Sort


class AccountIn(In):
    name: Name
    segment: Short | None = None
    country: Short | None = None
    domain: Short | None = None
    vat_id: Annotated[Short | None, Field(examples=["DE129273398"])] = None
    postcode: Short | None = None
    parent_id: Annotated[UUID | None, Field(description="The group it belongs to.")] = None
    owner_id: Annotated[UUID | None, Field(description="Who looks after it now.")] = None
    source: Annotated[Source, Field(description="The system that gave the external id.")] = "api"
    external_id: ExternalId | None = None
    attributes: Attributes = Field(default_factory=dict)


class AccountPatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    name: Name = ABSENT
    segment: Short | None = ABSENT
    country: Short | None = ABSENT
    domain: Short | None = ABSENT
    vat_id: Short | None = ABSENT
    postcode: Short | None = ABSENT
    parent_id: UUID | None = ABSENT
    owner_id: UUID | None = ABSENT
    source: Source = ABSENT
    external_id: ExternalId | None = ABSENT
    attributes: Attributes = ABSENT


class AccountOut(Out):
    id: UUID
    name: str
    segment: str | None
    country: str | None
    domain: str | None
    vat_id: str | None
    postcode: str | None
    parent_id: UUID | None
    owner_id: Annotated[UUID | None, Field(description="Who looks after it now.")]
    source: str
    external_id: str | None
    attributes: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class AccountShape(In):
    fields: Annotated[
        list[str], OneOf.fields(AccountOut), Field(default_factory=list, description=ONLY)
    ]


class AccountQuery(Counting, AccountShape):
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    segment: str | None = None
    country: str | None = None
    parent: Annotated[UUID | None, Field(description="The group they belong to.")] = None
    owner: UUID | None = None
    source: str | None = None
    external_id: str | None = None
    sort: Sort = Sort.OLDEST
