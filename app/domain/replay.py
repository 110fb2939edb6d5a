"""Replays events: stores what follows from them now, and answers what followed from them then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, TextClause, select, text

from app.core.work import Work
from app.domain import loop
from app.domain.derivation import derive_sql
from app.domain.history import credits_sql, passages_sql
from app.engine.money import exponent
from app.tables import Credit, Owned, Passage

BY_PROCESS = """e.opportunity_id IN (
  SELECT d.opportunity_id FROM events d WHERE d.workspace_id = :workspace AND d.milestone_id IN (
    SELECT k.id FROM milestones k JOIN process_versions v
      ON v.workspace_id = k.workspace_id AND v.id = k.version_id
    WHERE k.workspace_id = :workspace AND v.process_id = :process))"""

BY_ORDER = """e.opportunity_id IN (
  SELECT d.opportunity_id FROM events d WHERE d.workspace_id = :workspace AND d.kind = 'ordered')"""

# The planner cannot guess how many rows come out of the named sets and would look them up one by
# one: 24 s instead of 0.4 s for the 12,000 events of a small sales team. Nor may it merge by one
# column of a key and compare the others pair by pair, as it likes to where it expects a single row:
# hashes take the whole key.
SETS = (
    "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true)"
)
AS_BEFORE = (
    "SELECT set_config('enable_nestloop', NULL, true), set_config('enable_mergejoin', NULL, true)"
)

# Whoever derives waits for whoever is deriving the same deal, and then sees what that one was told.
# Ordered, so that no two wait for each other; weak enough for events to be written meanwhile. The
# workspace is held as by any reference to it: another time zone waits, or is waited for.
_LOCK = """
WITH here AS MATERIALIZED (
  SELECT hold_limit_days FROM workspaces WHERE id = :workspace FOR KEY SHARE
), locked AS MATERIALIZED (
  SELECT o.id FROM opportunities o WHERE o.workspace_id = :workspace AND o.id {chosen}
  ORDER BY o.id FOR NO KEY UPDATE
)
SELECT hold_limit_days, set_config('plan_cache_mode', :planned, true) FROM here
WHERE (SELECT count(*) FROM locked) >= 0"""

# What follows takes longer to plan than to do, so for a few deals one plan serves all; for many
# it is made for how many they are.
_FEW = 20
_ONCE, _EACH_TIME = "force_generic_plan", "auto"


async def derive(
    work: Work, *, table: str | None = None, ids: Sequence[UUID] = (), stated: bool = False
) -> None:
    """Bring passages, credits and opportunities in line with the events, for some opportunities.

    `table` names a temporary table with a column `opportunity_id`; otherwise `ids` are meant.
    `stated`: something was written that follows from no event, and others are to be told.
    Call it after every insert into events, in the same transaction. What it changes counts up
    the version; insert a new opportunity with version 0, then it comes out with 1.
    """
    chosen = f"IN (SELECT opportunity_id FROM {table})" if table else "= ANY(CAST(:ids AS uuid[]))"
    planned = _EACH_TIME if table or len(ids) > _FEW else _ONCE
    values = values_of(work) | {"ids": list(ids), "planned": planned, "stated": stated}
    if table:
        await work.db.execute(text(SETS))
    lock, derivation = _statements(chosen, bulk=table is not None)
    values["hold_limit"] = await work.db.scalar(lock, values)
    await work.db.execute(derivation, values)
    await loop.settle(work, chosen, values)
    if table:
        await work.db.execute(text(AS_BEFORE))


@cache
def _statements(chosen: str, *, bulk: bool) -> tuple[TextClause, TextClause]:
    """The lock and what is to be written: long enough to be put together only once."""
    return text(_LOCK.replace("{chosen}", chosen)), text(derive_sql(chosen, bulk=bulk))


async def as_sets(work: Work, statement: TextClause, values: Mapping[str, Any]) -> None:
    """Execute a statement about many opportunities: sets are joined, no row is looked up alone."""
    await work.db.execute(text(SETS))
    await work.db.execute(statement, values)
    await work.db.execute(text(AS_BEFORE))


async def look_back(work: Work, as_of: datetime | None, effective_at: datetime | None) -> None:
    """To be awaited before `passages` or `credits` of a past moment are read."""
    if as_of is not None or effective_at is not None:
        await work.db.execute(text(SETS))


def passages(
    work: Work,
    *,
    process_id: UUID,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> FromClause:
    """The passages of a process as columns of `Passage`: today's, or those of a past moment.

    `as_of`: what we knew then. `effective_at`: what was true then, as far as we know today.
    """
    return _seen(work, Passage, process_id, as_of, effective_at)


def passages_of(
    work: Work,
    opportunity_id: UUID,
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> FromClause:
    """The passages of one opportunity, as `passages` has them for a process."""
    if as_of is None and effective_at is None:
        mine = (Passage.workspace_id == work.workspace_id, Passage.opportunity_id == opportunity_id)
        return select(Passage).where(*mine).subquery()
    asked = {"opportunity": opportunity_id, "as_of": as_of, "effective_at": effective_at}
    return _told(work, Passage, passages_sql("e.opportunity_id = :opportunity"), asked)


def of_orders(
    work: Work,
    table: type[Owned],
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> FromClause:
    """`Passage` or `Credit` of every process: today's, or of a past moment those of deals that
    were ordered at some time."""
    if as_of is None and effective_at is None:
        return select(table).where(table.workspace_id == work.workspace_id).subquery()
    sql = passages_sql(BY_ORDER) if table is Passage else credits_sql(BY_ORDER)
    return _told(work, table, sql, {"as_of": as_of, "effective_at": effective_at})


def credits(
    work: Work,
    *,
    process_id: UUID,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> FromClause:
    """The credits that belong to `passages` of the same moment, as columns of `Credit`."""
    return _seen(work, Credit, process_id, as_of, effective_at)


async def refresh_unconverted(work: Work, currency: str) -> None:
    """Convert what arrived in `currency` before any rate was known; what is converted stays."""
    waiting = (
        select(Passage.opportunity_id)
        .where(Passage.workspace_id == work.workspace_id, Passage.currency == currency)
        .where(Passage.reporting_value.is_(None), Passage.value.is_not(None))
        .distinct()
    )
    ids = (await work.db.scalars(waiting)).all()
    if ids:
        await derive(work, ids=ids)


def _seen(
    work: Work,
    table: type[Owned],
    process_id: UUID,
    as_of: datetime | None,
    effective_at: datetime | None,
) -> FromClause:
    if as_of is None and effective_at is None:
        return _today(work, table, process_id)
    sql = passages_sql(BY_PROCESS) if table is Passage else credits_sql(BY_PROCESS)
    asked = {"process": process_id, "as_of": as_of, "effective_at": effective_at}
    return _told(work, table, sql, asked)


def _told(work: Work, table: type[Owned], sql: str, asked: dict[str, Any]) -> FromClause:
    """What the events of a past moment say, as columns of the table that stores it today."""
    values = values_of(work) | asked
    given = {name: value for name, value in values.items() if f":{name}" in sql}
    return text(sql).bindparams(**given).columns(*table.__table__.columns).subquery()


def _today(work: Work, table: type[Owned], process_id: UUID) -> FromClause:
    stored = select(table).where(table.workspace_id == work.workspace_id)
    if table is Passage:
        stored = stored.where(Passage.process_id == process_id)
    return stored.subquery()


def values_of(work: Work) -> dict[str, Any]:
    """What the SQL of history asks for wherever it is used."""
    return {
        "workspace": work.workspace_id,
        "currency": work.home.currency,
        "exponent": exponent(work.home.currency),
        "zone": work.home.time_zone,
        "now": work.now,
        "as_of": None,
        "effective_at": None,
    }
