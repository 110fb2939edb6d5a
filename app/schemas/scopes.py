"""Whose numbers, which business, what time: what every computed number can be asked for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from app.schemas.base import In, Instant


class Whose(StrEnum):
    ALL = "all"
    TEAM = "team"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Subject:
    """Everybody, a team with the teams below it, or one person."""

    whose: Whose = Whose.ALL
    id: UUID | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """From `all`, `team:<id>` or `owner:<id>`; `ValueError` for anything else.

        >>> Subject.of("all")
        Subject(whose=<Whose.ALL: 'all'>, id=None)
        """
        word, colon, id = text.partition(":")
        whose = Whose(word)
        if (whose is Whose.ALL) == bool(colon):
            raise ValueError(text)
        return cls(whose, UUID(id) if colon else None)

    @property
    def team_id(self) -> UUID | None:
        return self.id if self.whose is Whose.TEAM else None

    @property
    def person_id(self) -> UUID | None:
        return self.id if self.whose is Whose.OWNER else None

    def __str__(self) -> str:
        return self.whose if self.id is None else f"{self.whose}:{self.id}"


EVERYBODY = Subject()


def _subject(value: Any) -> Subject:
    try:
        return value if isinstance(value, Subject) else Subject.of(str(value))
    except ValueError as error:
        raise PydanticCustomError(
            "scope_malformed", "a scope is all, team:<id> or owner:<id>"
        ) from error


ScopeIn = Annotated[
    Subject,
    PlainValidator(_subject, json_schema_input_type=str),
    PlainSerializer(str, return_type=str),
    Field(
        examples=["all"], description="`all`, `team:<id>` (with the teams below) or `owner:<id>`."
    ),
]
PeriodKey = Annotated[
    str, Field(max_length=20, examples=["2026-07"], description="`2026-07`, `2026-Q3`, `FY2026` …")
]


class Business(StrEnum):
    NEW = "new"
    EXISTING = "existing"
    ALL = "all"


class Moment(In):
    """Which past is asked for; without either: now, as known now."""

    as_of: Annotated[
        Instant | None, Field(description="What was known then: nothing recorded later counts.")
    ] = None
    effective_at: Annotated[
        Instant | None, Field(description="What had happened by then, as far as it is known today.")
    ] = None
