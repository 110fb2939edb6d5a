"""Puts a told story into the database: a few large inserts, then what follows from the events."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, inspect, text

from app.core.work import Work
from app.domain import replay
from app.domain.demo.cast import SOURCE
from app.domain.demo.story import Row, Stage, Told
from app.tables import Event, Opportunity, OpportunityProduct, Owned

LOADED = "demo_loaded"


async def load(work: Work, stage: Stage, story: Iterable[Told]) -> int:
    """Store the story as if it had been recorded while it happened; how many deals it has."""
    told = list(story)
    born = {
        "process_id": stage.process_id,
        "version_id": stage.version_id,
        "version": 0,  # `derive` counts it up to 1
        "attributes": {},
    }
    await _insert(
        work,
        Opportunity,
        [
            born | {"updated_at": at, "clock_from": at} | one.opportunity
            for one in told
            for at in (one.opportunity["created_at"],)
        ],
    )
    recorded = {"actor": work.actor, "source": SOURCE}
    events = [recorded | {"recorded_at": e["occurred_at"]} | e for one in told for e in one.events]
    await _insert(work, Event, events)
    await _insert(work, OpportunityProduct, [one.product for one in told])
    await _follow_up(work, told)
    return len(told)


async def _insert(work: Work, table: type[Owned], rows: list[Row]) -> None:
    """All rows with the same columns; what one does not mention is its default, or NULL."""
    columns = inspect(table).columns
    mentioned = {name for row in rows for name in row}
    blank = {name: _default(columns[name]) for name in mentioned}
    whole = [{"workspace_id": work.workspace_id} | blank | row for row in rows]
    await work.db.execute(insert(table), whole)


def _default(column: Any) -> Any:
    return column.default.arg if column.default is not None else None


async def _follow_up(work: Work, told: list[Told]) -> None:
    await work.db.execute(
        text(f"CREATE TEMP TABLE {LOADED} (opportunity_id uuid PRIMARY KEY) ON COMMIT DROP")
    )
    await work.db.execute(
        text(f"INSERT INTO {LOADED} SELECT unnest(CAST(:ids AS uuid[]))"),
        {"ids": [one.id for one in told]},
    )
    await work.db.execute(text(f"ANALYZE {LOADED}"))
    await replay.derive(work, table=LOADED)
