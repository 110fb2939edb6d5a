"""The statements behind a story: for all deals of a process, those that stand, or named ones."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.database import unhurried
from app.core.work import Work
from app.domain.facts.deals import tick
from app.domain.facts.records import Record
from app.domain.facts.sql import Of, deals_sql, stays_sql
from app.domain.replay import values_of

# As in `replay`; and sorting a whole history on disk would take longer than the rest. In sets
# always: of deals that have just been imported the planner knows nothing yet. A few that are named
# are looked up.
_SETS = "SELECT set_config('enable_nestloop', '{}', true), set_config('work_mem', '64MB', true)"
_AS_BEFORE = "SELECT set_config('enable_nestloop', NULL, true), set_config('work_mem', NULL, true)"
# All that stands is read once in a process, and then only what was touched: of a hundred thousand
# open deals that once takes longer than any other question may. So many times as long.
PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A process, the lineages of its milestones in their order, and the moment; `as_of`,
    `effective_at` and `standing` as in `story`."""

    process_id: UUID
    lineages: tuple[UUID, ...]
    at: datetime
    as_of: datetime | None = None
    effective_at: datetime | None = None
    standing: datetime | None = None

    @property
    def past(self) -> bool:
        return self.as_of is not None or self.effective_at is not None


async def read(work: Work, asked: Asked, deals: Sequence[UUID] | None = None) -> Record:
    """Everything of all deals that are asked about, or of those of them that are named.

    Of a past moment the ones that stood are known when all events have been looked through.
    """
    past, of = asked.past, _of(asked, deals)
    await work.db.execute(text(_SETS.format("on" if of is Of.NAMED else "off")))
    values = values_of(work) | {"process": asked.process_id, "at": asked.at}
    values |= {"as_of": asked.as_of, "effective_at": asked.effective_at}
    values |= {"lineages": list(asked.lineages), "deals": None if deals is None else list(deals)}
    values["since"] = asked.standing
    values["hold_limit"] = await _hold_limit(work) if past else 0
    async with unhurried(work.db, PATIENCE) if of is Of.STANDING else nullcontext():
        told = await _row(work, deals_sql(past=past, of=of), values)
        arrivals = await _row(work, stays_sql(past=past, of=of), values)
    await work.db.execute(text(_AS_BEFORE))
    record = Record.of(told, arrivals)
    return record.standing(tick(asked.standing)) if past and asked.standing else record


def _of(asked: Asked, deals: Sequence[UUID] | None) -> Of:
    if asked.standing is None or asked.past:
        return Of.ALL if deals is None else Of.NAMED
    return Of.STANDING if deals is None else Of.NAMED_STANDING


async def _hold_limit(work: Work) -> int:
    query = text("SELECT hold_limit_days FROM workspaces WHERE id = :workspace")
    found: int = (await work.db.execute(query, {"workspace": work.workspace_id})).scalar_one()
    return found


async def _row(work: Work, sql: str, values: dict[str, Any]) -> Row[Any]:
    given = {name: value for name, value in values.items() if f":{name}" in sql}
    return (await work.db.execute(text(sql), given)).one()
