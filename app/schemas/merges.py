"""What the world sees of accounts that become one, and of what it took."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.accounts import AccountOut
from app.schemas.base import In, Listing, Note, Out

# What can be taken over. The external id stays with each: other systems go on using it.
Member = Literal[
    "name", "segment", "country", "domain", "vat_id", "postcode", "parent_id", "attributes"
]
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
From = Annotated[
    str,
    StringConstraints(pattern=f"^from:{_UUID}$"),
    Field(examples=["from:01a1ffaf-6734-715b-bfde-354458a67054"]),
]
MOST = 20


class MergeIn(In):
    """Accounts that are one."""

    keep: Annotated[UUID, Field(description="The account that goes on.")]
    merge: Annotated[
        list[UUID],
        Field(min_length=1, max_length=MOST, description="Those that become part of it."),
    ]
    fields: Annotated[
        dict[Member, From],
        Field(
            default_factory=dict,
            description="From which of them a member is taken, null and all. Without a word the"
            " kept account's own stays, and what it does not know comes from the first that does.",
        ),
    ]
    note: Note | None = None
    dry_run: Annotated[bool, Field(description="Only say what would happen.")] = False

    @model_validator(mode="after")
    def each_once(self) -> Self:
        if len({self.keep, *self.merge}) < len(self.merge) + 1:
            raise PydanticCustomError("repeated", "an account can be named once")
        return self

    @model_validator(mode="after")
    def taken_from_them(self) -> Self:
        if not set(self.sources.values()) <= {self.keep, *self.merge}:
            raise PydanticCustomError("not_among_them", "a member comes from one of the accounts")
        return self

    @property
    def sources(self) -> dict[str, UUID]:
        return {name: UUID(said.removeprefix("from:")) for name, said in self.fields.items()}


class MergeChangeOut(Out):
    """What was changed about the rows of one kind."""

    table: Annotated[str, Field(examples=["opportunities"])]
    members: Annotated[list[str], Field(examples=[["account_id"]])]
    count: int
    ids: Annotated[list[UUID], Field(description="The first hundred, where they have ids.")]


class MergeOut(Out):
    """A merge: what became one, and whether it was undone."""

    id: UUID
    kept_id: UUID
    merged_ids: list[UUID]
    note: str | None
    merged_at: datetime
    merged_by: Annotated[str, Field(description="The key that said so.")]
    undone_at: datetime | None
    undone_by: str | None
    changes: list[MergeChangeOut]


class MergedOut(MergeOut):
    """What a merge made of the accounts, or would make of them."""

    dry_run: bool
    account: Annotated[AccountOut, Field(description="The account that goes on, as it is then.")]


class MergeQuery(Listing):
    account: Annotated[
        UUID | None, Field(description="Only those it was kept in, or merged in.")
    ] = None
