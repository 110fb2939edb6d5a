"""What is said of the cells of customers and products: every change of a cell goes through here.

What a person says is confirmed. What follows from deals and files is derived: it fills what nobody
confirmed and never overwrites what somebody did; where the two differ the claim is kept as a
conflict until a person confirms the facet again. Every change is kept, with what was before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.errors import Invalid, NotFound, Problem
from app.core.event_types import EventObject, EventType
from app.core.work import Work, stale
from app.domain import cell_rows
from app.domain.cell_rows import Key
from app.domain.outbox.telling import Told, tell
from app.domain.references import Wanted, there
from app.engine.matrix.facets import Facet, Said, Value, Verdict, beside, judge, objection, overlaid
from app.tables import Product

MOST = 1_000  # cells in one call


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: a person (confirmed), or a deal or a file, from which something follows."""

    source: str
    confirmed: bool
    import_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of one cell; see `app.engine.matrix.facets.BLANKS` for the facets' members.

    What a facet leaves out stays, as long as its answer does. `seen` are competitors besides those
    known. `at`: since when a derived claim is known to be true; what is older does not overwrite
    what is newer, unless it is `retold` by what said the newer one. Without it the claim is of now,
    and the same said again is no news.
    """

    account_id: UUID
    product_id: UUID
    said: Mapping[str, Value]
    seen: Sequence[Value] = ()
    version: int | None = None
    opportunity_id: UUID | None = None
    at: datetime | None = None
    retold: bool = False

    @property
    def key(self) -> Key:
        return self.account_id, self.product_id


@dataclass(slots=True)
class Written:
    """What became of a change: which facets are other than before, and which stand against it."""

    version: int
    fresh: bool
    changed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    """A cell while it is being written."""

    facets: dict[str, Facet]
    version: int
    created_at: datetime
    touched: bool = False


@dataclass(slots=True)
class _Ledger:
    """What is to be written, for all cells together."""

    cells: dict[Key, _Cell] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    conflicts: dict[tuple[UUID, UUID, str], dict[str, Any]] = field(default_factory=dict)
    settled: list[tuple[UUID, UUID, str]] = field(default_factory=list)

    def hear(
        self, change: Change, name: str, value: Value, said: Said, import_id: UUID | None
    ) -> Verdict:
        """Note what follows for one facet from what is said of it."""
        facets, place = self.cells[change.key].facets, (*change.key, name)
        now = facets[name]
        dated = change.at is not None
        verdict = judge(now, value, said, dated=dated, retold=change.retold)
        spoken = {
            "account_id": change.account_id,
            "product_id": change.product_id,
            "facet": name,
            "at": said.at,
            "by": said.by,
            "source": said.source,
            "opportunity_id": change.opportunity_id,
            "import_id": import_id,
        }
        if said.confirmed:
            self.conflicts.pop(place, None)
            self.settled.append(place)
        if verdict is Verdict.CHANGED:
            facets[name] = Facet(value, said)
            before = now.value if now.said else None
            told = {"confirmed": said.confirmed, "before": before, "after": value}
            self.history.append(spoken | told)
        elif verdict is Verdict.CONFLICT:
            self.conflicts[place] = spoken | {"said": value}
        return verdict


# In one order, so that two writers of the same accounts cannot wait for each other. Writers of
# other rows that only refer to an account do not wait at all.
_HOLD = text("""
SELECT id FROM accounts
WHERE workspace_id = :workspace AND deleted_at IS NULL AND id = ANY(CAST(:ids AS uuid[]))
ORDER BY id FOR NO KEY UPDATE""")


async def write(
    work: Work, changes: Sequence[Change], voice: Voice, *, together: bool = False
) -> list[Written | Problem]:
    """Write what is said of up to 1,000 cells, and say of each change what became of it, in order.

    A change that cannot be is answered with its problem, pointers starting at the change; with
    `together` nothing is written then. The number of statements does not depend on how many changes
    there are. Who else writes cells of these accounts waits.
    """
    assert len(changes) <= MOST
    accounts, products = await _present(work, changes)
    keys = list(dict.fromkeys(change.key for change in changes))
    ledger = _ledger(work, await cell_rows.stored(work, keys), keys)
    outcomes: list[Written | Problem] = [
        _absent(change, accounts, products) or _applied(work, ledger, change, voice)
        for change in changes
    ]
    if not (together and any(isinstance(each, Problem) for each in outcomes)):
        await _store(work, ledger)
    return outcomes


async def _present(work: Work, changes: Sequence[Change]) -> tuple[set[UUID], set[UUID]]:
    """The accounts, held until the transaction ends, and the products that are there."""
    ids = list({change.account_id for change in changes})
    held = await work.db.scalars(_HOLD, {"workspace": work.workspace_id, "ids": ids})
    wanted: Wanted = {Product: list({change.product_id for change in changes})}
    return set(held), await there(work, wanted)


def _ledger(work: Work, rows: Mapping[Key, Any], keys: Sequence[Key]) -> _Ledger:
    cells = {}
    for key in keys:
        row = rows.get(key)
        facets = cell_rows.facets_of(row)
        known = (row.version, row.created_at) if row else (0, work.now)
        cells[key] = _Cell(facets, *known)
    return _Ledger(cells)


def _absent(change: Change, accounts: set[UUID], products: set[UUID]) -> Problem | None:
    if change.account_id not in accounts:
        return _missing("account", change.account_id)
    if change.product_id not in products:
        return _missing("product", change.product_id)
    return None


def _missing(noun: str, id: UUID) -> Problem:
    detail = f"There is no {noun} {id}."
    return NotFound(
        detail, faults=[{"pointer": f"/{noun}_id", "code": "not-found", "detail": detail}]
    )


def _applied(work: Work, ledger: _Ledger, change: Change, voice: Voice) -> Written | Problem:
    cell = ledger.cells[change.key]
    if change.version is not None and cell.version == 0:
        return NotFound("Nobody spoke of this cell yet; leave the version out.")
    if change.version not in (None, cell.version):
        return stale("cell", cell.version)
    values = dict(_values(cell, change))
    for name, value in values.items():
        if member := objection(name, value):
            detail = f"{member} does not go with {name}: {value['value']}"
            return Invalid.at(f"/{member}", "answer_without_member", detail)
    outcome = Written(cell.version, fresh=cell.version == 0)
    said = Said(voice.source, voice.confirmed, work.actor, change.at or work.now)
    for name, value in values.items():
        verdict = ledger.hear(change, name, value, said, voice.import_id)
        if verdict is Verdict.CHANGED:
            outcome.changed.append(name)
        elif verdict is Verdict.CONFLICT:
            outcome.conflicts.append(name)
    if outcome.changed and not cell.touched:
        cell.touched = True
        cell.version += 1
    outcome.version = cell.version
    return outcome


def _values(cell: _Cell, change: Change) -> Iterator[tuple[str, Value]]:
    """Every facet that is spoken of, as it would be then."""
    said = dict(change.said)
    if change.seen:
        known = said.get("competitors", cell.facets["competitors"].value)["value"]
        said["competitors"] = {"value": beside(known, change.seen)}
    for name, members in said.items():
        yield name, overlaid(name, cell.facets[name].value, members)


async def _store(work: Work, ledger: _Ledger) -> None:
    rows = [
        {
            "account_id": account_id,
            "product_id": product_id,
            "version": cell.version,
            "created_at": cell.created_at,
            "updated_at": work.now,
            **cell_rows.flat(cell.facets),
        }
        for (account_id, product_id), cell in ledger.cells.items()
        if cell.touched
    ]
    await cell_rows.put(work, rows)
    await cell_rows.note(work, ledger.history)
    if ledger.settled:
        await cell_rows.settle(work, ledger.settled)
    await cell_rows.dispute(work, list(ledger.conflicts.values()))
    await tell(work, *_told(ledger), bulk=work.actor.startswith("import:"))


def _told(ledger: _Ledger) -> Iterator[Told]:
    """One event for each cell that is other than before."""
    facets: dict[Key, list[str]] = {}
    for each in ledger.history:
        facets.setdefault((each["account_id"], each["product_id"]), []).append(each["facet"])
    for (account_id, product_id), changed in facets.items():
        data = {"account_id": str(account_id), "product_id": str(product_id), "facets": changed}
        version = ledger.cells[account_id, product_id].version
        yield Told(EventType.MATRIX_CELL_CHANGED, EventObject.CELL, version=version, data=data)
