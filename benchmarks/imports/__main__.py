"""Imports a list of deals end to end, beside COPY of the rows that come of it.

uv run python -m benchmarks.imports [--deals 50000] [--rounds 5]

From the file on disk to passages and credits: stored, checked, references found, history told,
everything derived, reconciled. CPU is that of the worker's process and of PostgreSQL together.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import processes
from app.domain.access import home
from app.domain.imports.run import import_file
from app.schemas.imports import ImportIn, ImportOut
from app.schemas.processes import ProcessIn
from benchmarks.bench import Spread, by_turns, ratio, record, table
from benchmarks.house import House, house, workspace
from benchmarks.imports.file import write
from benchmarks.imports.limit import TABLES, Limit


class Case:
    """A workspace with a process, into which files are imported."""

    def __init__(self, place: House, engine: AsyncEngine, id: UUID, process_id: UUID) -> None:
        self.place = place
        self.engine = engine
        self.id = id
        self.process_id = process_id
        self.limit = Limit(place)

    async def bring(self, path: Path) -> ImportOut:
        spec = ImportIn.model_validate(
            {"object": "opportunities", "process_id": str(self.process_id), "source": "crm"}
        )
        done = await import_file(
            self.engine, self.id, path=path, spec=spec, clock=lambda: datetime.now(UTC)
        )
        assert done.problem is None, done
        return done

    async def cost(self, act: Callable[[], Awaitable[object]], *, fresh: bool = True) -> float:
        if fresh:
            await self.limit.clear()
        before = self.place.meter.spent()
        await act()
        return self.place.meter.spent() - before


async def settle(place: House) -> Case:
    engine = place.database.patient_engine(place.settings)
    id, _ = await workspace(engine)
    async with workspace_transaction(engine, id) as db:
        work = Work(db, id, await home(db, id), datetime.now(UTC), "benchmark")
        wanted = ProcessIn(key="sales", name="Sales", template="milestone-selling-5")
        process = await processes.create(work, wanted)
    return Case(place, engine, id, process.id)


async def measure(place: House, folder: Path, deals: int, rounds: int) -> str:
    clean, bad = folder / "deals.csv", folder / "bad.csv"
    reached = write(clean, deals)
    write(bad, deals, bad=0.01)
    case = await settle(place)
    first = await case.bring(clean)
    assert first.reconciliation is not None
    assert first.reconciliation["matches"], first
    await case.limit.keep()
    rows = await case.limit.counts()

    async def again() -> float:
        """Unchanged, right after the round that brought it."""
        await case.limit.clear()
        await case.bring(clean)
        return await case.cost(lambda: case.bring(clean), fresh=False)

    costs = await by_turns(
        {
            "import": lambda: case.cost(lambda: case.bring(clean)),
            "bad rows": lambda: case.cost(lambda: case.bring(bad)),
            "again": again,
            "limit": lambda: case.cost(case.limit.copy),
        },
        rounds,
    )
    await case.engine.dispose()
    return told(costs, deals, reached, rows)


def told(costs: dict[str, list[float]], deals: int, reached: int, rows: dict[str, int]) -> str:
    ours, limit = costs["import"], costs["limit"]
    rate = Spread.of(deals / each for each in ours)
    lines = [
        ("COPY's CPU as a share of the import's", "≥ 0.5", ratio(limit, ours).text()),
        ("deals per second of CPU", "≥ 20,000", rate.text(",.0f")),
        (
            "COPY alone, deals per second of CPU",
            "-",
            Spread.of(deals / c for c in limit).text(",.0f"),
        ),
        ("unchanged again, of the first", "≤ 1", ratio(costs["again"], ours).text()),
        ("1 % bad rows, of none", "< 1.05", ratio(costs["bad rows"], ours).text()),
    ]
    made = ", ".join(f"{rows[name]:,} {name}" for name in TABLES)
    said = f"{deals:,} deals with {reached:,} milestones reached: {made}."
    return f"{said}\n\n{table(('case', 'goal', 'found'), lines)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--deals", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with house() as place, TemporaryDirectory() as folder:
        body = asyncio.run(measure(place, Path(folder), asked.deals, asked.rounds))
    record("imports", body)


if __name__ == "__main__":
    main()
