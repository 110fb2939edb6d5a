"""The chunks of an import: which row is in which, which are written, what came of all of them.

Lists of deals and of events are cut by the deal's id, so that all rows of a deal lie in one chunk:
what a row means does not depend on where a file is cut. A chunk has a line in the ledger, written
in the transaction that writes its rows. Who takes an import up again finds the same chunks and
passes over those that have one, also where nobody heard whether a commit got through.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import md5
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from app.core.work import Work
from app.domain.imports import sql
from app.domain.imports.lookups import SHOWN
from app.domain.imports.mapping import Plan
from app.engine.money import Money
from app.schemas.imports import ImportObject
from app.tables import ImportChunk

ROWS = 10_000
BLANKS = " \t\u00a0"
CUT = (ImportObject.OPPORTUNITIES, ImportObject.EVENTS)
NOTHING = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "held": 0, "rejected": 0}
LISTED = ("accounts", "people")
Figures = Mapping[str, Any]


def many(row: Row[Any], plan: Plan, rows: int) -> int:
    """Into how many chunks of about so many `rows` an import is cut; what was decided stays.

    A dry run is one: it goes back to where it began. So is everything whose rows hang together.
    """
    if "chunks" in row.report:
        return int(row.report["chunks"])
    if row.dry_run or plan.object not in CUT or key(plan) is None:
        return 1
    return max(1, -(-int(row.report["lines"]) // rows))


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is cut by: the deal's id as it will be read, `fix` of the mapping included. Two
    ways to write one id are one deal, and must not be torn apart.

    `places`: where in a row it stands, and what is meant by what stands there; the first that says
    something counts.
    """

    places: tuple[tuple[int, Mapping[str, str]], ...]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Self:
        """As it was noted when the import began."""
        noted = report.get("key", [[report.get("place", 0), {}]])
        return cls(tuple((place, fix) for place, fix in noted))

    @property
    def noted(self) -> list[list[Any]]:
        return [[place, dict(fix)] for place, fix in self.places]

    def number_sql(self, chunks: int) -> str:
        cells = ", ".join(_meant_sql(place, fix) for place, fix in self.places)
        digits = f"left(md5(coalesce({cells}, '')), 8)"
        return f"(('x' || {digits})::bit(32)::bigint % {chunks})::int"

    def number_of(self, cells: Sequence[str], chunks: int) -> int:
        """The same of a row that is read by Python.

        >>> key = Key(((0, {"one": "D-1"}),))
        >>> key.number_of([" one "], 7) == key.number_of(["D-1"], 7) < 7
        True
        """
        said = (_meant(cells[place], fix) for place, fix in self.places if place < len(cells))
        text = next(filter(None, said), "").encode()
        return int(md5(text, usedforsecurity=False).hexdigest()[:8], 16) % chunks


def key(plan: Plan) -> Key | None:
    """By what the rows are cut; None where there is nothing they could be cut by."""
    column = plan.column("external_id")
    if column is None or column.place is None:
        return None
    read = ((each.place, each.fix) for each in (column, *column.more))
    return Key(tuple((place, fix) for place, fix in read if place is not None))


def _meant_sql(place: int, fix: Mapping[str, str]) -> str:
    cell = f"btrim(c{place}, {sql.BLANKS})"
    if fix:
        # In digits: what somebody wrote must not be read as SQL, nor as the name of a value.
        digits = json.dumps(dict(fix)).encode().hex()
        meant = f"CAST(convert_from(decode('{digits}', 'hex'), 'UTF8') AS jsonb)"
        cell = f"coalesce({meant} ->> {cell}, {cell})"
    return f"nullif({cell}, '')"


def _meant(cell: str, fix: Mapping[str, str]) -> str:
    said = cell.replace("\0", "\ufffd").strip(BLANKS)
    return fix.get(said, said)


async def begin(work: Work, import_id: UUID, number: int) -> bool:
    """Take a chunk's line in the ledger; False where it is written."""
    line = insert(ImportChunk).values(
        workspace_id=work.workspace_id,
        import_id=import_id,
        number=number,
        counts=NOTHING,
        report={},
        written_at=work.now,
    )
    taken = line.on_conflict_do_nothing().returning(ImportChunk.number)
    return (await work.db.execute(taken)).one_or_none() is not None


async def written(work: Work, import_id: UUID) -> list[Row[Any]]:
    chunk = work.rows(ImportChunk).where(ImportChunk.import_id == import_id)
    return list(await work.all(chunk.order_by(ImportChunk.number)))


async def numbers(work: Work, import_id: UUID) -> set[int]:
    query = select(ImportChunk.number).where(
        ImportChunk.workspace_id == work.workspace_id, ImportChunk.import_id == import_id
    )
    return set(await work.db.scalars(query))


def added(lines: Sequence[Row[Any]]) -> dict[str, Any]:
    """Counts, report and reconciliation of the whole."""
    counts: Counter[str] = Counter(NOTHING)
    notes: Counter[str] = Counter()
    listed: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        counts.update(line.counts)
        notes.update(line.report.get("notes", {}))
        for name in LISTED:
            listed[name].update(line.report.get(name, ()))
    report = {name: sorted(listed[name])[:SHOWN] for name in LISTED}
    compared = [line.reconciliation for line in lines if line.reconciliation is not None]
    return {
        "counts": {name: counts[name] for name in NOTHING},
        "report": report | {"notes": dict(notes)},
        "reconciliation": reconciled(compared) if compared else None,
    }


def reconciled(parts: Sequence[Figures]) -> dict[str, Any]:
    """The figures of all chunks together, side by side."""
    if len(parts) == 1:
        return dict(parts[0])
    sides = {side: _side([part[side] for part in parts]) for side in ("source", "ours")}
    return sides | {"matches": sides["source"] == sides["ours"]}


def _side(parts: Sequence[Figures]) -> dict[str, Any]:
    rows = {"rows": sum(part["rows"] for part in parts)}
    if not all("open" in part for part in parts):
        return rows
    won: dict[str, list[Figures]] = defaultdict(list)
    for part in parts:
        for month in part["won"]:
            won[month["month"]].append(month)
    months = [
        {"month": month, "count": _count(won[month]), "value": _sums(won[month])}
        for month in sorted(won)
    ]
    opened, exited = ([part[name] for part in parts] for name in ("open", "exited"))
    return {
        **rows,
        "open": {"count": _count(opened), "value": _sums(opened)},
        "exited": {"count": _count(exited)},
        "won": months,
    }


def _count(parts: Sequence[Figures]) -> int:
    return sum(part["count"] for part in parts)


def _sums(parts: Sequence[Figures]) -> list[dict[str, str]]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for value in part["value"]:
            sums[value["currency"]] += Decimal(value["amount"])
    return [
        {"amount": Money(amount, currency).text, "currency": currency}
        for currency, amount in sorted(sums.items())
    ]
