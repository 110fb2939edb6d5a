"""Fills a workspace with a sales history of 36 months: as many deals as wanted, always the same.

uv run python -m benchmarks.world [--deals 1_000_000] [--folder DIR]

Five milestones, of whose sections 80, 80, 75 and 75 of a hundred advance; deals begin a little more
often every month; most of those that do not advance end, some are forgotten; values change, deals
rest, come back a step, change hands. Deals and events are made by the database, in portions; what
follows from them is derived by the product, as for an import.
"""

import argparse
import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database, workspace_transaction
from app.core.work import Work
from app.domain import newcomers, people, processes, targets, teams
from app.domain.access import home
from app.domain.imports import sql
from app.domain.milestones import milestones_of
from app.schemas.people import PersonIn
from app.schemas.processes import ProcessIn
from app.schemas.scopes import EVERYBODY, Business, Subject, Whose
from app.schemas.targets import TargetIn
from app.schemas.teams import TeamIn
from benchmarks.bench import record, table
from benchmarks.house import House, house, workspace

MONTHS = 36
PORTION = 100_000
TEAMS, PEOPLE_OF_A_TEAM = ("North", "South", "East", "West"), 6
DEALS_OF_AN_ACCOUNT = 8
SEED = 7


@dataclass(frozen=True, slots=True)
class World:
    workspace_id: UUID
    key: str
    process_id: UUID
    deals: int
    until: datetime


_ACCOUNTS = """
INSERT INTO accounts (workspace_id, id, name, segment, country, source, external_id, attributes,
  version, created_at, updated_at)
SELECT :ws, gen_random_uuid(), 'Customer ' || n, (ARRAY['machinery', 'food', 'energy'])[n % 3 + 1],
  (ARRAY['DE', 'AT', 'FR', 'NL'])[n % 4 + 1], 'world', 'customer-' || n, '{}', 1, :since, :since
FROM generate_series(1, :accounts) n"""

# Ids in the order of time, as they would have been given.
_DEALS = """
CREATE TEMPORARY TABLE world_deals ON COMMIT DROP AS
SELECT n, uuidv7(began - clock_timestamp()) AS opportunity_id, began, account, owner, next_owner,
  round((exp(9.2 + 0.8 * sqrt(-2 * ln(1 - r1)) * cos(2 * pi() * r2)))::numeric / 100) * 100 + 100
    AS value,
  CASE WHEN r3 < 0.7 THEN 'new' ELSE 'existing' END AS business_type, r1, r2, r3, r4, r5
FROM (
  SELECT n, :since + (:until - :since) * power((n - 0.5) / :deals, 0.85) AS began,
    1 + floor(random() * :accounts)::int AS account,
    1 + floor(power(random(), 1.3) * :people)::int AS owner,
    1 + floor(random() * :people)::int AS next_owner,
    random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
  FROM generate_series(CAST(:first AS bigint), :last) n) drawn"""

_STEPS = """
CREATE TEMPORARY TABLE world_steps ON COMMIT DROP AS
SELECT n, position, at, stays
FROM (
  SELECT d.n, k.position,
    d.began + sum(k.days * -ln(1 - random())) OVER deal * interval '1 day' AS at,
    min(CASE WHEN random() < k.rate THEN 1 ELSE 0 END) OVER deal AS advanced,
    k.days * -ln(1 - random()) * 1.5 AS stays
  FROM world_deals d CROSS JOIN (VALUES (1, 1.0, 6), (2, 0.8, 18), (3, 0.8, 25), (4, 0.75, 35),
    (5, 0.75, 25)) AS k(position, rate, days)
  WINDOW deal AS (PARTITION BY d.n ORDER BY k.position ROWS UNBOUNDED PRECEDING)) walked
WHERE advanced = 1 AND at <= :until"""

_ENTER = """
INSERT INTO newcomers (workspace_id, id, name, account_id, source, external_id, attributes,
  business_type, business_chosen, created_at, updated_at)
SELECT :ws, d.opportunity_id, 'Deal ' || d.n, a.id, 'world', 'deal-' || d.n, '{}', d.business_type,
  true, d.began, d.began
FROM world_deals d
LEFT JOIN accounts a ON a.workspace_id = :ws AND a.source = 'world'
  AND a.external_id = 'customer-' || d.account AND a.deleted_at IS NULL
ORDER BY d.n"""

_TELL = """
INSERT INTO newcomer_events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at,
  actor, source, reconstructed, correction, milestone_id, version_id, owner_id, value, currency,
  exit_kind, reason, until)
SELECT :ws, uuidv7(at - clock_timestamp()), opportunity_id, kind, at, at, 'world', 'world', false,
  false, (CAST(:milestones AS uuid[]))[position], version_id, (CAST(:owners AS uuid[]))[owner],
  value, CASE WHEN value IS NOT NULL THEN 'EUR' END, exit_kind, reason, until
FROM (
  SELECT opportunity_id, 'created' AS kind, began AS at, NULL::int AS position,
    CAST(:version AS uuid) AS version_id, owner, CASE WHEN r4 > 0.05 THEN value END AS value,
    NULL AS exit_kind, NULL AS reason, NULL::timestamptz AS until
  FROM world_deals
  UNION ALL
  SELECT d.opportunity_id, CASE WHEN s.position = 5 THEN 'ordered' ELSE 'reached' END, s.at,
    s.position, NULL, NULL,
    CASE WHEN s.position = 5 THEN round(d.value * (0.85 + 0.2 * r1)::numeric, 2) END,
    NULL, NULL, NULL
  FROM world_deals d JOIN world_steps s ON s.n = d.n
  UNION ALL
  SELECT d.opportunity_id, 'exited', s.at + s.stays * interval '1 day', s.position, NULL, NULL,
    NULL, (ARRAY['lost', 'no_decision', 'declined'])[1 + floor(r1 * 3)::int],
    (ARRAY['price', 'silent', 'other'])[1 + floor(r2 * 3)::int], NULL
  FROM world_deals d JOIN (
    SELECT DISTINCT ON (n) * FROM world_steps ORDER BY n, position DESC) s ON s.n = d.n
  WHERE s.position < 5 AND r5 < 0.85
  UNION ALL
  SELECT opportunity_id, 'value_changed', began + interval '12 days', NULL, NULL, NULL,
    value + 1000, NULL, NULL, NULL
  FROM world_deals WHERE r4 < 0.15
  UNION ALL
  SELECT opportunity_id, 'owner_changed', began + interval '30 days', NULL, NULL, next_owner,
    NULL, NULL, NULL, NULL
  FROM world_deals WHERE r2 < 0.04
  UNION ALL
  SELECT d.opportunity_id, kind, s.at + days * interval '1 day', CASE kind WHEN 'regressed' THEN 1
    END, NULL, NULL, NULL, NULL, NULL, CASE kind WHEN 'hold_started' THEN s.at + interval '90 days'
    END
  FROM world_deals d JOIN world_steps s ON s.n = d.n AND s.position = 2
  JOIN (VALUES ('hold_started', 1, 0.02, 0.06), ('hold_ended', 25, 0.02, 0.06),
    ('regressed', 4, 0.00, 0.02)) AS k(kind, days, above, below) ON r3 >= above AND r3 < below
) told
WHERE at <= :until ORDER BY at"""

_TIDY = "VACUUM (ANALYZE) accounts, opportunities, events, passages, credits"


async def fill(
    place: House, deals: int, *, seed: int = SEED, say: Callable[[int], None] = lambda _: None
) -> World:
    """A new workspace with so many deals, up to this moment."""
    engine = place.database.patient_engine(place.settings)
    try:
        world = await _found(engine, deals, seed)
        for first in range(1, deals + 1, PORTION):
            await _portion(engine, world, seed, first, min(first + PORTION - 1, deals))
            say(min(first + PORTION - 1, deals))
        await tidy(place.database)
        return world
    finally:
        await engine.dispose()


async def tidy(database: Database) -> None:
    """What autovacuum would have done by and by."""
    owner = database.owner_engine()
    async with owner.connect() as db:
        free = await db.execution_options(isolation_level="AUTOCOMMIT")
        await free.execute(text(_TIDY))
    await owner.dispose()


async def _found(engine: AsyncEngine, deals: int, seed: int) -> World:
    """The workspace, its process, people, accounts and targets."""
    id, key = await workspace(engine, f"World {seed} of {deals:,}")
    until = datetime.now(UTC)
    since = until - timedelta(days=MONTHS * 365.25 / 12)
    async with workspace_transaction(engine, id) as db:
        work = Work(db, id, await home(db, id), since, "world")
        wanted = ProcessIn(key="sales", name="Sales", template="milestone-selling-5")
        process = await processes.create(work, wanted)
        await sql.change(work, _ACCOUNTS, since=since, accounts=_accounts(deals))
        await _staff(work, process.id)
    return World(id, key, process.id, deals, until)


async def _staff(work: Work, process_id: UUID) -> None:
    """Teams with their people; a monthly target for everybody, each team and each person."""
    await _ask(work, process_id, EVERYBODY, 2_400_000)
    for name in TEAMS:
        team = (await teams.create(work, TeamIn(name=name))).id
        await _ask(work, process_id, Subject(Whose.TEAM, team), 600_000)
        for number in range(1, PEOPLE_OF_A_TEAM + 1):
            wanted = PersonIn(
                name=f"{name} {number}", email=f"{name}.{number}@world.example", team_id=team
            )
            person = (await people.create(work, wanted)).id
            await _ask(work, process_id, Subject(Whose.OWNER, person), 100_000)


async def _ask(work: Work, process_id: UUID, subject: Subject, amount: int) -> None:
    wanted = {
        "process_id": str(process_id),
        "scope": subject,
        "business_type": Business.NEW,
        "amount": {"amount": f"{amount}.00", "currency": work.home.currency},
        "from": f"{work.now:%Y-%m}",
    }
    await targets.create(work, TargetIn.model_validate(wanted))


async def _portion(engine: AsyncEngine, world: World, seed: int, first: int, last: int) -> None:
    async with workspace_transaction(engine, world.workspace_id) as db:
        own = await home(db, world.workspace_id)
        work = Work(db, world.workspace_id, own, datetime.now(UTC), "world")
        values = await _values(work, world) | {"first": first, "last": last}
        await db.execute(text("SET LOCAL work_mem = '64MB'"))
        await db.execute(text("SET LOCAL jit = off"))
        await db.execute(text(f"SELECT setseed({1 / (seed + first)})"))
        await sql.change(work, _DEALS, **values)
        await sql.change(work, _STEPS, **values)
        await db.execute(text("ANALYZE world_deals, world_steps"))
        await newcomers.begin(work)
        await sql.change(work, _ENTER, **values)
        await sql.change(work, _TELL, **values)
        await newcomers.enter(work)


async def _values(work: Work, world: World) -> dict[str, Any]:
    version = await processes.current_version(work, world.process_id)
    owners = await sql.rows(work, "SELECT id FROM people WHERE workspace_id = :ws ORDER BY name")
    milestones = await milestones_of(work, version.id)
    return {
        "version": version.id,
        "milestones": [str(row.id) for row in milestones],
        "owners": [str(row.id) for row in owners],
        "people": len(owners),
        "accounts": _accounts(world.deals),
        "deals": world.deals,
        "since": world.until - timedelta(days=MONTHS * 365.25 / 12),
        "until": world.until,
    }


def _accounts(deals: int) -> int:
    return max(10, deals // DEALS_OF_AN_ACCOUNT)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.world", description=__doc__)
    parser.add_argument("--deals", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep it here; default: thrown away")
    asked = parser.parse_args()
    with house(asked.folder) as place:
        before = place.meter.spent()
        world = asyncio.run(fill(place, asked.deals))
        spent = place.meter.spent() - before
        rows = [(f"{world.deals:,}", f"{spent:.0f} s", f"{world.deals / spent:,.0f}")]
    record("world", table(("deals", "CPU", "deals per second of CPU"), rows))


if __name__ == "__main__":
    main()
