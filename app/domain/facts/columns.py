"""Turns the rows of a process's story into the engine's columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import nan
from typing import Any, overload
from uuid import UUID

from app.domain.facts.deals import AMOUNT, Deals, tick
from app.domain.facts.records import Arrived
from app.engine.flow import gathering, packed
from app.engine.flow.facts import ORIGIN, Facts, Flags, Places
from app.engine.flow.gathering import NEVER, NOWHERE, Arrivals, Gathered, gather

# Left without the customer having decided anything.
_UNDECIDED = "duplicate"
# Of the row of arrivals, in the order in which the engine takes them.
_ARRIVALS = (
    "deal",
    "position",
    "milestone",
    "ordinal",
    "arrived",
    "left_",
    "held",
    "implied",
    "value",
)


class Moments(Sequence[datetime]):
    """Ticks as moments, made when they are asked for."""

    def __init__(self, ticks: Any) -> None:
        self.ticks = ticks

    def __len__(self) -> int:
        return len(self.ticks)

    @overload
    def __getitem__(self, place: int) -> datetime: ...
    @overload
    def __getitem__(self, place: slice) -> "Moments": ...
    def __getitem__(self, place: int | slice) -> "datetime | Moments":
        if isinstance(place, slice):
            return Moments(self.ticks[place])
        return ORIGIN + timedelta(microseconds=int(self.ticks[place]))


class People(Sequence[UUID | None]):
    """Whose something was, as places in a list of people; the last of these is nobody."""

    def __init__(self, codes: Places, people: Sequence[UUID | None]) -> None:
        self.codes, self.people = codes, people

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, place: int) -> UUID | None: ...
    @overload
    def __getitem__(self, place: slice) -> "People": ...
    def __getitem__(self, place: int | slice) -> "UUID | People | None":
        if isinstance(place, slice):
            return People(self.codes[place], self.people)
        return self.people[int(self.codes[place])]

    def are(self, person_id: UUID | None) -> Flags:
        """Which of them are this person's; None: nobody's."""
        if person_id is None:
            return packed.one_of(self.codes, [NOWHERE])
        return packed.one_of(
            self.codes, [n for n, one in enumerate(self.people) if one == person_id]
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts, and beside each stay and order when it was and whose."""

    facts: Facts
    arrived_at: Moments
    arrived_owner: People
    ordered_at: Moments
    order_owner: People


def columns(deals: Deals, told: Arrived, milestones: int, at: datetime) -> Columns:
    """What the arrivals, as columns, say of the deals."""
    return placed(told, gathered(deals, told, milestones, at))


def gathered(deals: Deals, told: Arrived, milestones: int, at: datetime) -> Gathered:
    codes: dict[UUID | None, int] = {id: n for n, id in enumerate(told.milestones)}
    arrivals = Arrivals.of(*(told.columns[name] for name in _ARRIVALS))
    return gather(_deals(deals, codes), arrivals, milestones - 1, tick(at))


def placed(told: Arrived, found: Gathered) -> Columns:
    """The facts with when each arrival was and whose."""
    arrived, owner = told.columns["arrived"], told.columns["owner"]
    owners = [*told.owners, None]
    return Columns(
        found.facts,
        arrived_at=Moments(arrived[found.stays]),
        arrived_owner=People(owner[found.stays], owners),
        ordered_at=Moments(arrived[found.orders]),
        order_owner=People(owner[found.orders], owners),
    )


def _deals(table: Deals, codes: Mapping[UUID | None, int]) -> gathering.Deals:
    told = table.columns
    status, kind = told["status"], told["exit_kind"]
    return gathering.Deals.of(
        status == "open",
        (kind != _UNDECIDED) & ~told["clean_up"],
        packed.where(status == "exited", told["exited_at"], NEVER),
        told["held_since"],
        told["fell_at"],
        told["clock_from"],
        [NOWHERE if at is None else codes.get(at, NOWHERE) for at in told["milestone_id"].tolist()],
        ~told["hindsight"],
        # The list price where nobody had said.
        packed.where(told["estimated"], told[AMOUNT], nan),
        told[AMOUNT],
    )
