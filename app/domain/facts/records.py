"""What the database told of a process: its deals, where they arrived and how they left, as columns.

Nothing in it depends on the moment at which it is asked about. A record is never changed; of one
and of what is told anew of some deals another one is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row

from app.domain.facts.deals import ACTED, AMOUNT, FLAGS, KEY, MOMENTS, PASSED, Deals, tick
from app.domain.facts.sql import REAL, TIMES, TOLD, WHOLE
from app.engine.flow import packed, splicing
from app.engine.flow.facts import Flags
from app.engine.flow.gathering import NEVER, NOWHERE
from app.engine.flow.masses import in_mass

Columns = dict[str, Any]
_EXITS = ("hand", "at", "counts")
Word = TypeVar("Word")


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """Arrivals by deal (its place among the deals) and time; milestones and owners as places in
    lists, nobody as `NOWHERE`."""

    columns: Columns
    milestones: Sequence[UUID]
    owners: Sequence[UUID]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """`exits` go by the key of their deal and name whose hand it was as a place in a list. `made`
    is what was found out of it; who first asks for it puts it there."""

    deals: Columns
    arrived: Arrived
    exits: Columns
    hands: Sequence[str]
    made: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.deals[AMOUNT])

    @classmethod
    def of(cls, told: Row[Any], arrivals: Row[Any]) -> "Record":
        deals = _deals(told)
        exits: Columns = {name: packed.places(getattr(told, f"exit_{name}")) for name in _EXITS}
        exits[KEY] = packed.keys(told.exit_key)
        return cls(deals, arrived(deals, arrivals), exits, tuple(told.hands or ()))

    def renewed(self, touched: Sequence[UUID], fresh: "Record") -> "Record":
        """With what is told anew of the touched deals; of those among them that are not in it
        there is nothing to tell any more."""
        keys = packed.keys(b"".join(id.bytes for id in sorted(touched)))
        splice = splicing.by_key(self.deals[KEY], keys, fresh.deals[KEY])
        milestones, moved = _together(self.arrived.milestones, fresh.arrived.milestones)
        owners, owned = _together(self.arrived.owners, fresh.arrived.owners)
        hands, handed = _together(self.hands, fresh.hands)
        known, coming = self.arrived.columns, fresh.arrived.columns
        rows, whose = splicing.by_owner(known["deal"], splice.gone, coming["deal"], splice)
        coming = coming | {
            "milestone": packed.translated(coming["milestone"], moved),
            "owner": packed.translated(coming["owner"], owned),
        }
        left = splicing.by_key(self.exits[KEY], keys, fresh.exits[KEY])
        exits = fresh.exits | {"hand": packed.translated(fresh.exits["hand"], handed)}
        return Record(
            splicing.spliced(self.deals, fresh.deals, splice),
            Arrived(splicing.spliced(known, coming, rows) | {"deal": whose}, milestones, owners),
            splicing.spliced(self.exits, exits, left),
            hands,
        )

    def at(self, at: datetime) -> Deals:
        """The deals as they stand then: a hold ends by itself."""
        now, told = tick(at), self.deals
        held = told["held_until"] > now
        return Deals(
            told
            | {name: packed.where(held, told[name], NEVER) for name in ("held_since", "held_until")}
            | {"clean_up": self._cleaned_up()}
        )

    def hold_ends(self, now: int) -> int:
        """The first moment (in ticks) after this one at which a hold ends by itself."""
        return packed.least_above(self.deals["held_until"], now)

    def only(self, chosen: Flags) -> "Record":
        """As if there were no other deals; but a clean-up stays one."""
        number = packed.numbered(chosen)
        arrived = self.arrived.columns
        mine = chosen[arrived["deal"]]
        columns = splicing.kept_of(arrived, mine)
        columns["deal"] = number[columns["deal"]]
        return Record(
            splicing.kept_of(self.deals, chosen),
            Arrived(columns, self.arrived.milestones, self.arrived.owners),
            self.exits,
            self.hands,
        )

    def standing(self, since: int) -> "Record":
        """Only what stands open in the process, on hold or not, and what customers declined since
        that tick; without exits, as clean-ups are found among those of all deals and say something
        of those that left alone. Kept for all who ask the same."""
        name = f"standing {since}"
        if name not in self.made:
            told = self.deals
            declined = (told["status"] == "exited") & (told["exit_kind"] == "declined")
            declined &= told["exited_at"] >= since
            found = self.only((told["status"] == "open") | declined)
            none = {name: column[:0] for name, column in self.exits.items()}
            self.made[name] = replace(found, exits=none, hands=(), made={})
        standing: Record = self.made[name]
        return standing

    def _cleaned_up(self) -> Flags:
        if "clean_up" not in self.made:
            exits = self.exits
            massed = in_mass(exits["hand"], exits["at"], exits["counts"] != 0)
            there = splicing.placed(self.deals[KEY], exits[KEY][massed])
            self.made["clean_up"] = packed.marked(len(self), there[there != NOWHERE])
        found: Flags = self.made["clean_up"]
        return found


def _deals(told: Row[Any]) -> Columns:
    columns: Columns = {AMOUNT: packed.numbers(told.amount), KEY: packed.keys(told.key)}
    columns |= {ACTED: packed.places(told.acted_at), PASSED: packed.words(told.last_ball or ())}
    for name in TOLD:
        found = getattr(told, name)
        if name in MOMENTS:
            columns[name] = packed.places(found)
        else:
            columns[name] = (packed.flags if name in FLAGS else packed.words)(found or ())
    return columns


def arrived(deals: Columns, told: Row[Any]) -> Arrived:
    """Of those deals; what was deleted has arrived nowhere."""
    columns: Columns = {name: packed.places(getattr(told, name)) for name in (*WHOLE, *TIMES)}
    columns |= {name: packed.numbers(getattr(told, name)) for name in REAL}
    place = splicing.placed(deals[KEY], packed.keys(told.deals))[columns["deal"]]
    there = place != NOWHERE
    columns = splicing.kept_of(columns, there) | {"deal": place[there]}
    return Arrived(columns, tuple(told.milestones or ()), tuple(told.owners or ()))


def _together(known: Sequence[Word], coming: Sequence[Word]) -> tuple[Sequence[Word], list[int]]:
    """All words, known ones in their places; and where those that come are among them."""
    places = {word: place for place, word in enumerate(known)}
    found = [places.setdefault(word, len(places)) for word in coming]
    return tuple(places), found
