"""Whose deals a caller sees: everybody's, or those of some people."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal

from app.tables import Opportunity, Owned


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    REP = "rep"


class Peers(StrEnum):
    """What people are shown of others: nothing, only sums, or each by name."""

    NONE = "none"
    AGGREGATE = "aggregate"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Sight:
    """Who asks, if that is a person, and how far this person sees."""

    role: Role = Role.ADMIN
    person_id: UUID | None = None
    # Whose deals; None: everybody's, and nobody's.
    people: frozenset[UUID] | None = None
    teams: frozenset[UUID] = frozenset()
    peers: Peers = Peers.NAMED

    def sees(self, person_id: UUID | None) -> bool:
        """Whether the deals of this person are shown."""
        return self.people is None or person_id in self.people

    def counts(self, person_id: UUID | None) -> bool:
        """Whether the numbers of this person are shown under the person's name."""
        return self.peers is Peers.NAMED or self.sees(person_id)


EVERYTHING = Sight()


def within(table: type[Owned], sight: Sight) -> tuple[ColumnElement[bool], ...]:
    """What has to hold of a row for being seen: nothing more, or that it is of these people."""
    if sight.people is None or table is not Opportunity:
        return ()
    people = literal(sorted(sight.people), ARRAY(Uuid()))
    return (Opportunity.owner_id == any_(people),)
