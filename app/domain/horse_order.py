"""In which order open deals are shown that no longer move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.sliced import Rank
from app.core.work import Work
from app.domain.facts import Story
from app.domain.facts.deals import AMOUNT, tick
from app.domain.horses import Horses
from app.domain.notices import UNMARKED, Mark
from app.engine.flow import packed
from app.engine.flow.facts import Flags, Numbers, Places
from app.engine.flow.shares import units
from app.engine.money import exponent
from app.schemas.stale import HorseSort

YEARS = 100  # longer than any deal stood


@dataclass(frozen=True, slots=True)
class Order:
    """By what was asked for, then by value; what is not known comes last. Horses go by their
    places; `months` have begun since each last moved, counted without days on hold."""

    told: Story
    horses: Horses
    marks: Mapping[UUID, Mark]
    sort: HorseSort
    places_of_money: int
    months: Places

    @classmethod
    def of(
        cls,
        work: Work,
        told: Story,
        horses: Horses,
        marks: Mapping[UUID, Mark],
        sort: HorseSort,
    ) -> "Order":
        months = carried_over(work, told, horses.herd.age)
        return cls(told, horses, marks, sort, exponent(work.home.currency), months)

    def places(self, groups: Sequence[Flags]) -> list[int]:
        """Those of any of these groups, in their order."""
        chosen = packed.chosen(packed.any_of(groups))
        deals = self.horses.herd.deal[chosen]
        whole = units(self.told.table.columns[AMOUNT][deals], self.places_of_money)
        if whole is None:
            return sorted(chosen.tolist(), key=self.rank)
        known = packed.known(self.told.table.columns[AMOUNT][deals])
        value = packed.where(known, -whole, 10**self.places_of_money)
        first = self._first(chosen, value, known)
        found: list[int] = chosen[packed.in_order(first, value, deals)].tolist()
        return found

    def _first(self, chosen: Places, value: Places, known: Flags) -> Any:
        if self.sort is HorseSort.VALUE:
            return value
        if self.sort is HorseSort.AGE:
            return -self.horses.herd.age[chosen]
        if self.sort is HorseSort.CARRIED_OVER:
            return -self.months[chosen]
        if self.sort is HorseSort.REVIEWED:
            return -packed.whole([self._mark(place).reviewed for place in chosen.tolist()])
        return packed.where(known, value * self.months[chosen], value)

    def rank(self, place: int) -> Rank:
        """The same of one of them, as a cursor has it."""
        columns, deal = self.told.table.columns, int(self.horses.herd.deal[place])
        value = columns["reporting_value"][deal]
        key = self._key(place, value)
        first = Decimal(1) if key is None else -key
        return first, Decimal(1) if value is None else -value, str(columns["opportunity_id"][deal])

    def _key(self, place: int, value: Decimal | None) -> Decimal | None:
        if self.sort is HorseSort.VALUE:
            return value
        if self.sort is HorseSort.REVIEWED:
            return Decimal(self._mark(place).reviewed)
        if self.sort is HorseSort.AGE:
            return Decimal(float(self.horses.herd.age[place]))
        if self.sort is HorseSort.CARRIED_OVER:
            return Decimal(self.carried(place))
        return None if value is None else value * self.carried(place)

    def carried(self, place: int) -> int:
        return int(self.months[place])

    def _mark(self, place: int) -> Mark:
        deal = int(self.horses.herd.deal[place])
        return self.marks.get(self.told.table.columns["opportunity_id"][deal], UNMARKED)


def carried_over(work: Work, told: Story, ages: Numbers) -> Places:
    """How many months have begun since deals of these ages last moved, without days on hold."""
    begins = [tick(each) for each in _months(work, told.at)]
    moved = packed.ticks_of(told.facts.at - ages)
    return len(begins) - 1 - packed.latest(moved, begins)


def _months(work: Work, at: datetime) -> list[datetime]:
    """When the months began up to then, the latest last: where the workspace is."""
    now, zone = at.astimezone(work.home.zone), work.home.zone
    numbers = range(now.year * 12 + now.month - 12 * YEARS, now.year * 12 + now.month)
    local = (datetime(number // 12, number % 12 + 1, 1, tzinfo=zone) for number in numbers)
    return [each.astimezone(UTC) for each in local]
