"""The ledger against what it sums up: where they differ, and how it is written anew.

It cannot come to differ while the house is in order; whoever restored half a backup or changed
rows by hand finds out here.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain.ledger.filing import MISFILED
from app.domain.ledger.kinds import ARRIVALS, KINDS, MATRIX, STOCK, Kind
from app.domain.ledger.posting import ZONE

_ARRIVED = f"""(
  SELECT p.process_id, p.lineage_id, g.grain, g.since AS day, p.owner_id AS person_id,
    o.business_type, p.verified, 1 AS n, (p.reporting_value IS NOT NULL)::int AS known,
    (p.value IS NULL)::int AS missing, coalesce(p.reporting_value, 0) AS value
  FROM passages p
  JOIN opportunities o ON o.workspace_id = p.workspace_id AND o.id = p.opportunity_id
  CROSS JOIN LATERAL (SELECT (p.arrived_at AT TIME ZONE {ZONE})::date AS day) d
  CROSS JOIN LATERAL (VALUES ('day', d.day), ('month', d.day - extract(day FROM d.day)::int + 1))
    AS g(grain, since)
  WHERE p.workspace_id = :workspace AND NOT p.ragged) arrived"""

_STOCKED = """(status = 'open' AND held_since IS NULL AND milestone_id IS NOT NULL
  AND deleted_at IS NULL)"""
_STANDING = f"""(
  SELECT process_id, milestone_id, currency, 1 AS n, (value IS NOT NULL)::int AS known,
    coalesce(value, 0) AS value
  FROM opportunities WHERE workspace_id = :workspace AND {_STOCKED}) standing"""
_FILED = """(
  SELECT c.product_id, k.filed AS segment, c.status, c.stated_in AS currency, 1 AS n,
    coalesce(c.stated, 0) AS value
  FROM cells c
  JOIN cell_counts k ON k.workspace_id = c.workspace_id AND k.account_id = c.account_id
  WHERE c.workspace_id = :workspace AND k.filed IS NOT NULL AND c.status <> 'unknown') filed"""
_COUNTED = {ARRIVALS.table: _ARRIVED, STOCK.table: _STANDING, MATRIX.table: _FILED}

# An arrival that shares its place or its credit with others must not be in any cell.
_MISFITS = """(
  SELECT * FROM (
    SELECT p.opportunity_id, p.milestone_id, p.ordinal, p.ragged,
      p.ordinal > 1 OR NOT coalesce(c.own, p.owner_id IS NULL)
        OR count(*) OVER (PARTITION BY p.opportunity_id, p.process_id, p.lineage_id) > 1 AS apart
    FROM passages p LEFT JOIN (
      SELECT opportunity_id, milestone_id, ordinal, bool_and(counts AND percent = 100) AS own
      FROM credits WHERE workspace_id = :workspace GROUP BY 1, 2, 3) c
      USING (opportunity_id, milestone_id, ordinal)
    WHERE p.workspace_id = :workspace) judged
  WHERE apart AND NOT ragged)"""

_HOLD = "SELECT FROM workspaces WHERE id = :workspace FOR UPDATE"
_MARKS = (
    f"""UPDATE passages p SET ragged = true FROM {_MISFITS} m
WHERE p.workspace_id = :workspace AND p.opportunity_id = m.opportunity_id
  AND p.milestone_id = m.milestone_id AND p.ordinal = m.ordinal""",
    f"""UPDATE opportunities SET counted_as = business_type, stocked = {_STOCKED}
WHERE workspace_id = :workspace
  AND (counted_as IS DISTINCT FROM business_type OR stocked <> {_STOCKED})""",
    f"""UPDATE cell_counts c SET filed = m.after FROM ({MISFILED}) m
WHERE c.workspace_id = :workspace AND c.account_id = m.account_id""",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that does not hold what it should."""

    table: str
    cell: dict[str, Any]
    held: dict[str, Any]
    counted: dict[str, Any]

    def __str__(self) -> str:
        return (
            f"{self.table} {_listed(self.cell)}: holds {_listed(self.held)},"
            f" should hold {_listed(self.counted)}"
        )


async def differences(work: Work, table: str) -> list[Difference]:
    """Every cell of a table that differs from what was counted anew, in one look at both."""
    kind = KINDS[table]
    found = await work.db.execute(text(_differing(kind)), {"workspace": work.workspace_id})
    return [_difference(kind, row._mapping) for row in found]  # noqa: SLF001 - the documented way


async def misfits(work: Work) -> int:
    """How many arrivals are in cells that could only be told apart one by one."""
    query = text(f"SELECT count(*) FROM {_MISFITS} m")
    return int(await work.db.scalar(query, {"workspace": work.workspace_id}) or 0)


async def rebuild(work: Work) -> None:
    """Write the whole ledger of the workspace anew; every change in it waits meanwhile."""
    for statement in (_HOLD, *_MARKS):
        await work.db.execute(text(statement), {"workspace": work.workspace_id})
    for kind in KINDS.values():
        await _rewrite(work, kind)


async def recount_days(work: Work) -> None:
    """Count the arrivals into the days and months of another time zone.

    The workspace has to be held against whatever could arrive meanwhile.
    """
    await _rewrite(work, ARRIVALS)


async def _rewrite(work: Work, kind: Kind) -> None:
    gone = f"DELETE FROM {kind.table} WHERE workspace_id = :workspace"
    for statement in (gone, kind.written(_COUNTED[kind.table], folded=True)):
        await work.db.execute(text(statement), {"workspace": work.workspace_id})


def _differing(kind: Kind) -> str:
    """Both sides as rows, one against the other: what does not cancel out is wrong."""
    key, names = ", ".join(kind.key), ", ".join(kind.sums)
    sides = ", ".join(
        f"coalesce(sum({name}) FILTER (WHERE {side}held), 0) AS {word}_{name}"
        for name in kind.sums
        for side, word in (("", "held"), ("NOT ", "counted"))
    )
    apart = " OR ".join(f"sum(CASE WHEN held THEN {n} ELSE -{n} END) <> 0" for n in kind.sums)
    return f"""
SELECT {key}, {sides} FROM (
  SELECT {key}, {names}, true AS held FROM {kind.table} WHERE workspace_id = :workspace
  UNION ALL
  SELECT {key}, {names}, false FROM {_COUNTED[kind.table]}) both_sides
GROUP BY {key} HAVING {apart} ORDER BY {key}"""


def _difference(kind: Kind, row: Any) -> Difference:
    held, counted = (
        {name: row[f"{word}_{name}"] for name in kind.sums} for word in ("held", "counted")
    )
    return Difference(kind.table, {name: row[name] for name in kind.key}, held, counted)


def _listed(named: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in named.items())
