"""What it costs to undo an import, beside what it cost to bring it in.

uv run python -m benchmarks.imports.undo [--deals 20000] [--rounds 5]

By turns: a list of deals that are new, and what undoing it costs; a list that gives each of them
another name and value, and what undoing that costs, with and without a third list in between that
has changed them once more. CPU is that of the worker's process and of PostgreSQL together.
"""

import argparse
import asyncio
import csv
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import jobs
from app.domain.access import home
from app.domain.imports import register, reverting
from app.schemas.imports import ImportOut
from app.schemas.jobs import JobKind
from benchmarks.bench import by_turns, ratio, record, table
from benchmarks.house import House, house
from benchmarks.imports.__main__ import Case, settle
from benchmarks.imports.file import HEADER, write


def now() -> datetime:
    return datetime.now(UTC)


def changed(clean: Path, path: Path, more: int) -> None:
    """The same deals under other names, each worth so much `more`."""
    with clean.open(newline="") as before, path.open("w", newline="") as after:
        rows, changes = csv.DictReader(before), csv.DictWriter(after, HEADER, lineterminator="\n")
        changes.writeheader()
        for row in rows:
            name, value = f"{row['name']} ({more})", f"{float(row['value']) + more:.2f}"
            changes.writerow(row | {"name": name, "value": value})


async def undo(case: Case, id: UUID) -> None:
    """By the steps of the worker; all of it has to be undone."""
    async with workspace_transaction(case.engine, case.id) as db:
        work = Work(db, case.id, await home(db, case.id), now(), "benchmark")
        await reverting.ask(work, id, dry_run=False)
        held = await jobs.take(db, case.id, JobKind.IMPORT_REVERT, id)
    assert held is not None
    await reverting.run(case.engine, now, held)
    async with workspace_transaction(case.engine, case.id) as db:
        told = (
            await register.read(Work(db, case.id, await home(db, case.id), now(), ""), id)
        ).revert
    assert told is not None
    assert (told.state, told.left) == ("completed", 0), told


async def measure(place: House, folder: Path, deals: int, rounds: int) -> str:
    clean, second, third = (folder / f"{name}.csv" for name in ("clean", "second", "third"))
    write(clean, deals)
    changed(clean, second, 1)
    changed(clean, third, 2)
    case = await settle(place)

    async def stood(*before: Path) -> list[ImportOut]:
        await case.limit.clear()
        return [await case.bring(path) for path in before]

    async def bringing(path: Path, *before: Path) -> float:
        await stood(*before)
        return await case.cost(lambda: case.bring(path), fresh=False)

    async def undoing(which: int, *before: Path) -> float:
        found = await stood(*before)
        return await case.cost(lambda: undo(case, found[which].id), fresh=False)

    costs = await by_turns(
        {
            "new": lambda: bringing(clean),
            "new undone": lambda: undoing(0, clean),
            "changed": lambda: bringing(second, clean),
            "changed undone": lambda: undoing(1, clean, second),
            "in between": lambda: undoing(1, clean, second, third),
        },
        rounds,
    )
    await case.engine.dispose()
    return told(costs, deals)


def told(costs: dict[str, list[float]], deals: int) -> str:
    new, other = costs["new"], costs["changed"]
    lines = [
        ("deals that came in new, of their import", ratio(costs["new undone"], new).text()),
        ("deals that were changed, of their import", ratio(costs["changed undone"], other).text()),
        ("the same, changed once more since", ratio(costs["in between"], other).text()),
    ]
    body = table(("CPU of undoing", "found"), lines)
    return f"{deals:,} deals.\n\n{body}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports.undo", description=__doc__)
    parser.add_argument("--deals", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with house() as place, TemporaryDirectory() as folder:
        body = asyncio.run(measure(place, Path(folder), asked.deals, asked.rounds))
    record("undoing imports", body)


if __name__ == "__main__":
    main()
