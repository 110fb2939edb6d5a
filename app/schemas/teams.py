"""What the world sees of a team."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import ExternalId, In, Name, Out, Source
from app.schemas.patch import ABSENT
from app.schemas.shapes import ONLY, Counting, OneOf
from app.schemas.sorting import Sort


class TeamKind(StrEnum):
    TEAM = "team"
    TERRITORY = "territory"


class TeamIn(In):
    name: Name
    kind: TeamKind = TeamKind.TEAM
    parent_id: Annotated[UUID | None, Field(description="The team it is a part of.")] = None
    source: Annotated[Source, Field(description="The system that gave the external id.")] = "api"
    external_id: ExternalId | None = None


class TeamPatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    name: Name = ABSENT
    kind: TeamKind = ABSENT
    parent_id: UUID | None = ABSENT
    source: Source = ABSENT
    external_id: ExternalId | None = ABSENT


class TeamOut(Out):
    id: UUID
    name: str
    kind: str
    parent_id: UUID | None
    source: str
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TeamShape(In):
    fields: Annotated[
        list[str], OneOf.fields(TeamOut), Field(default_factory=list, description=ONLY)
    ]


class TeamQuery(Counting, TeamShape):
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    kind: TeamKind | None = None
    parent: Annotated[UUID | None, Field(description="The team they are direct parts of.")] = None
    below: Annotated[
        UUID | None, Field(description="The team they are parts of over any levels.")
    ] = None
    source: str | None = None
    external_id: str | None = None
    sort: Sort = Sort.OLDEST
