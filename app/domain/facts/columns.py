"""Turns the rows of a process's story into the engine's columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import nan
from types import SimpleNamespace
from typing import Any, overload
from uuid import UUID

from sqlalchemy import Row

from app.domain.facts.deals import AMOUNT, FLAGS, MOMENTS, NAMES, DealRow, Deals, tick
from app.domain.facts.sql import REAL, TIMES, WHOLE
from app.engine.flow import gathering, packed
from app.engine.flow.facts import ORIGIN, Facts, Flags, Places
from app.engine.flow.gathering import NEVER, NOWHERE, Arrivals, gather

# Left without the customer having decided anything.
_UNDECIDED = "duplicate"
# Of the row of arrivals, in the order in which the engine takes them.
_ARRIVALS = ("position", "milestone", "ordinal", "arrived", "left_", "held", "implied", "value")


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


def unpacked_deals(told: Row[Any]) -> Deals:
    """The deals of one row of columns."""
    columns: dict[str, Any] = {AMOUNT: packed.numbers(told.amount)}
    for name in NAMES:
        found = getattr(told, name)
        if name in MOMENTS:
            columns[name] = packed.places(found)
        else:
            columns[name] = (packed.flags if name in FLAGS else packed.words)(found or ())
    return Deals(columns)


def unpacked_arrivals(told: Row[Any]) -> SimpleNamespace:
    """The arrivals of one row of columns."""
    lists = {name: getattr(told, name) for name in ("deals", "milestones", "owners")}
    whole = {name: packed.places(getattr(told, name)) for name in (*WHOLE, *TIMES)}
    return SimpleNamespace(
        **lists, **whole, **{name: packed.numbers(getattr(told, name)) for name in REAL}
    )


def columns(deals: Sequence[DealRow], told: Any, milestones: int, at: datetime) -> Columns:
    """What the arrivals, as columns, say of the deals."""
    table = Deals.of(deals)
    index = {id: number for number, id in enumerate(table.columns["opportunity_id"].tolist())}
    places = packed.whole([index.get(id, NOWHERE) for id in told.deals or ()])
    codes: dict[UUID | None, int] = {id: n for n, id in enumerate(told.milestones or ())}
    deal, owner = (packed.whole(_column(told, name)) for name in ("deal", "owner"))
    arrivals = Arrivals.of(places[deal], *(_column(told, name) for name in _ARRIVALS))
    found = gather(_deals(table, codes), arrivals, milestones - 1, tick(at))
    owners = [*(told.owners or ()), None]
    return Columns(
        found.facts,
        arrived_at=Moments(arrivals.arrived[found.stays]),
        arrived_owner=People(owner[found.stays], owners),
        ordered_at=Moments(arrivals.arrived[found.orders]),
        order_owner=People(owner[found.orders], owners),
    )


def _column(told: Any, name: str) -> Sequence[Any]:
    found: Sequence[Any] | None = getattr(told, name)
    return () if found is None else found


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
