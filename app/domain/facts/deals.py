"""The deals of a story: everything an estimate or its explanation wants to know about one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, overload
from uuid import UUID

from app.engine.flow import packed
from app.engine.flow.facts import ORIGIN, Places
from app.engine.flow.gathering import NEVER
from app.engine.flow.shares import Shares, units
from app.engine.leaks.amounts import divided_total

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as it was known at the moment, in the place its index has in the facts.

    `status` is open, won, exited or moved (to another process). `reporting_value` is the value
    converted at the moment's rate; `estimated`: no value was said, or only in hindsight, and the
    list price of the products stands in for it.
    """

    opportunity_id: UUID
    name: str
    account_id: UUID | None
    owner_id: UUID | None
    credits: list[dict[str, Any]] | None
    status: str
    position: int
    milestone_id: UUID | None
    business_type: str | None
    source: str
    value: Decimal | None
    currency: str | None
    reporting_value: Decimal | None
    estimated: bool
    held_since: datetime | None
    held_until: datetime | None
    clock_from: datetime
    fell_at: datetime | None
    won_at: datetime | None
    exited_at: datetime | None
    exit_kind: str | None
    exit_reason: str | None
    competitor: str | None
    clean_up: bool
    ball: str | None
    waiting_since: datetime | None
    external_probability: Decimal | None
    external_close_date: date | None
    created_at: datetime
    hindsight: bool


NAMES = tuple(field.name for field in fields(DealRow))
MOMENTS = (
    "held_since",
    "held_until",
    "clock_from",
    "fell_at",
    "won_at",
    "exited_at",
    "waiting_since",
    "created_at",
)
FLAGS = ("estimated", "clean_up", "hindsight")
# Columns that no row tells: the customer's last act, and who owed the next step since.
ACTED, PASSED = "acted_at", "last_ball"
KEY = "key"  # the id, as sixteen bytes
AMOUNT = "amount"  # the reporting value as a float, NaN where nobody knows


class Deals(Sequence[DealRow]):
    """The deals as columns, which are fetched and asked about at once. A row is made when somebody
    looks at one. Moments are ticks, `NEVER` where there is none."""

    __slots__ = ("columns",)

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = columns

    @classmethod
    def of(cls, rows: Sequence[DealRow]) -> "Deals":
        if isinstance(rows, Deals):
            return rows
        told: dict[str, Any] = {
            name: packed.words(getattr(row, name) for row in rows) for name in NAMES
        }
        for name in MOMENTS:
            told[name] = packed.whole([tick(moment) for moment in told[name]])
        for name in FLAGS:
            told[name] = packed.flags(told[name].tolist())
        told[ACTED] = packed.whole([NEVER] * len(rows))
        told[PASSED] = packed.words([None] * len(rows))
        told[KEY] = packed.keys(b"".join(row.opportunity_id.bytes for row in rows))
        worth = told["reporting_value"].tolist()
        told[AMOUNT] = packed.real([None if each is None else float(each) for each in worth])
        return cls(told)

    def __len__(self) -> int:
        return len(self.columns[AMOUNT])

    @overload
    def __getitem__(self, place: int) -> DealRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[DealRow]: ...
    def __getitem__(self, place: int | slice) -> DealRow | list[DealRow]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        return DealRow(*(self._cell(name, place) for name in NAMES))

    def rows(self, places: Sequence[int]) -> list[DealRow]:
        """Several of them at once, column by column."""
        return [DealRow(*row) for row in zip(*self.cells(NAMES, places), strict=True)]

    def cells(self, names: Sequence[str], places: Sequence[int]) -> list[list[Any]]:
        """Of these columns what stands at these places."""
        return [self._cells(name, places) for name in names]

    def total(self, shares: Shares, places: Places, exponent: int) -> tuple[Fraction | None, int]:
        """What is known of the value of these parts (None where there are some, and of none it
        is), and of how many nothing is known; amounts have `exponent` decimals."""
        known = places[packed.known(self.columns[AMOUNT][places])]
        missing = len(places) - len(known)
        if missing and not len(known):
            return None, missing
        mine, whole = shares.at(known), units(self.columns[AMOUNT][known], exponent)
        if whole is not None:
            return mine.total(whole) / 10**exponent, missing
        values = self.columns["reporting_value"][known].tolist()
        return divided_total(zip(values, mine, strict=True)), missing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it is what it holds

    def _cell(self, name: str, place: int) -> Any:
        found = self.columns[name][place]
        if name in MOMENTS:
            return moment(int(found))
        return bool(found) if name in FLAGS else found

    def _cells(self, name: str, places: Sequence[int]) -> list[Any]:
        found: list[Any] = self.columns[name][list(places)].tolist()
        return [moment(each) for each in found] if name in MOMENTS else found


def tick(moment: datetime | None) -> int:
    """Whole microseconds since the engine's origin."""
    return NEVER if moment is None else (moment - ORIGIN) // _TICK


def moment(tick: int) -> datetime | None:
    return None if tick == NEVER else ORIGIN + timedelta(microseconds=tick)
