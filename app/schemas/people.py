"""What the world sees of a person and of the teams the person belonged to."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, ExternalId, In, Name, Out, Source
from app.schemas.patch import ABSENT
from app.schemas.shapes import ALONG, ONLY, Counting, OneOf
from app.schemas.sorting import Sort
from app.schemas.teams import TeamOut


def _address(email: str) -> str:
    """Enough to catch a name in the wrong column; only sending tells whether an address works."""
    name, at, host = email.rpartition("@")
    if not (name and at and host) or any(letter.isspace() for letter in email) or "\x00" in email:
        raise PydanticCustomError("not_an_email", "this is not an e-mail address")
    return email


Email = Annotated[str, Field(max_length=320), AfterValidator(_address)]
TeamSince = Annotated[
    Day | None,
    Field(description="First day in the team. Default: always for a new person, else today."),
]


class _Placed(In):
    @model_validator(mode="after")
    def since_needs_a_team(self) -> Self:
        if "team_since" in self.model_fields_set and "team_id" not in self.model_fields_set:
            raise PydanticCustomError("team_missing", "team_since dates a team_id; send both")
        return self


class PersonIn(_Placed):
    name: Name
    email: Email | None = None
    team_id: UUID | None = None
    team_since: TeamSince = None
    active: Annotated[bool, Field(strict=True)] = True
    source: Annotated[Source, Field(description="The system that gave the external id.")] = "api"
    external_id: ExternalId | None = None


class PersonPatch(_Placed):
    """JSON Merge Patch: what is left out stays, null empties. A new team is a dated change."""

    name: Name = ABSENT
    email: Email | None = ABSENT
    team_id: UUID | None = ABSENT
    team_since: TeamSince = ABSENT
    active: Annotated[bool, Field(strict=True)] = ABSENT
    source: Source = ABSENT
    external_id: ExternalId | None = ABSENT


class MembershipIn(In):
    team_id: Annotated[UUID | None, Field(description="null: out of all teams.")]
    since: Annotated[Day | None, Field(description="First day. Default: today.")] = None


class MembershipOut(Out):
    person_id: UUID
    team_id: UUID | None
    since: date


class PersonOut(Out):
    id: UUID
    name: str
    email: str | None
    team_id: Annotated[UUID | None, Field(description="The team of today.")]
    team_since: date | None
    active: bool
    source: str
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class PersonView(PersonOut):
    """A person with what was asked to come along."""

    team: Annotated[
        TeamOut | None, Field(description="With `include=team`: the team of today.")
    ] = None


class PersonShape(In):
    fields: Annotated[
        list[str], OneOf.fields(PersonOut), Field(default_factory=list, description=ONLY)
    ]
    include: Annotated[list[str], OneOf(("team",)), Field(default_factory=list, description=ALONG)]


class PersonQuery(Counting, PersonShape):
    include: Annotated[
        list[str], OneOf(("team", "total_count")), Field(default_factory=list, description=ALONG)
    ]
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    team: Annotated[
        UUID | None, Field(description="Who is today in this team or one below it.")
    ] = None
    active: bool | None = None
    source: str | None = None
    external_id: str | None = None
    sort: Sort = Sort.OLDEST
