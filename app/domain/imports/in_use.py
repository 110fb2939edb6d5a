"""Whether something that stays speaks of what an import had made, as foreign keys tell.

Whatever refers to it holds it, and so does a table that is new; only what was derived, or goes with
it, does not. Where it is another import's rows that speak of it, that import would have made it had
this one never run: it is the other's from now on.
"""

from collections import Counter
from uuid import UUID

from app.core.work import Work
from app.domain.history import TAKEN_BACK
from app.domain.imports import sql
from app.tables import Table
from app.tables.matrix import FACETS

# Derived from deals, kept as a record, or of the row alone.
FOLLOWING = frozenset(
    {"cell_changes", "cell_conflicts", "cell_counts", "cell_deals", "events", "memberships"}
)
_STANDING = {
    # A cell that says nothing any more is a white spot.
    "cells": "(t.status <> 'unknown' OR "
    + " OR ".join(f"t.{facet}_confirmed" for facet in FACETS)
    + ")",
    "opportunity_products": "EXISTS (SELECT FROM opportunities o WHERE o.workspace_id = :ws"
    " AND o.id = t.opportunity_id AND o.deleted_at IS NULL)",
}
# What undoing another import would give back to a row.
_BEFORE = """
SELECT (c.before ->> '{column}')::uuid FROM import_changes c
JOIN {table} o ON o.workspace_id = :ws AND o.id = c.row_id AND o.deleted_at IS NULL
WHERE c.workspace_id = :ws AND c.import_id <> :import AND c.table_name = '{table}'"""


def _before(table: str, column: str) -> str:
    return _BEFORE.replace("{table}", table).replace("{column}", column)


# Besides foreign keys: shares of credit, whose a deal was, and what comes back, or may.
_BESIDES = {
    "accounts": (
        "SELECT (u.before ->> 'parent_id')::uuid FROM staged_undo u"
        " WHERE u.table_name = 'accounts' AND NOT u.made",
        _before("opportunities", "account_id"),
        _before("accounts", "parent_id"),
    ),
    "people": (
        "SELECT person_id FROM credits WHERE workspace_id = :ws",
        "SELECT (c.share ->> 'person_id')::uuid FROM opportunities o"
        " CROSS JOIN LATERAL jsonb_array_elements(o.credits) AS c(share)"
        " WHERE o.workspace_id = :ws AND o.deleted_at IS NULL AND o.credits IS NOT NULL",
        "SELECT e.owner_id FROM events e JOIN opportunities o ON o.workspace_id = :ws"
        " AND o.id = e.opportunity_id AND o.deleted_at IS NULL WHERE e.workspace_id = :ws"
        " AND e.owner_id IS NOT NULL AND NOT {taken_back}".replace("{taken_back}", TAKEN_BACK),
        _before("accounts", "owner_id"),
    ),
}

_USED = """
INSERT INTO staged_left
SELECT u.table_name, u.id, 'in_use' FROM staged_undo u
WHERE u.table_name = '{table}' AND u.made AND u.id IN ({used})"""

# What is left holds all above it. Each is looked up by its key, however deep a tree is.
_ABOVE = """
WITH RECURSIVE up AS (
  SELECT id FROM staged_left WHERE table_name = 'accounts' AND reason = 'in_use'
  UNION
  SELECT c.row_id FROM up u
  CROSS JOIN LATERAL (
    SELECT parent_id FROM accounts WHERE workspace_id = :ws AND id = u.id OFFSET 0) a
  CROSS JOIN LATERAL (
    SELECT row_id FROM import_changes
    WHERE workspace_id = :ws AND import_id = :import AND table_name = 'accounts'
      AND row_id = a.parent_id AND before IS NULL OFFSET 0) c)
INSERT INTO staged_left
SELECT u.table_name, u.id, 'in_use' FROM staged_undo u
WHERE u.table_name = 'accounts' AND u.made AND u.id IN (SELECT id FROM up)"""

# Which imports said of a row that it belongs to what is in use: each from its "before" to that of
# the next, or to how the row stands.
_SAID = """
SELECT CAST(after AS uuid) AS id, import_id FROM (
  SELECT l.import_id, l.was,
    lead(l.was, 1, o.{column}::text) OVER (PARTITION BY l.row_id ORDER BY l.version) AS after
  FROM (
    SELECT c.row_id, c.import_id, c.before ->> '{column}' AS was, c.version FROM import_changes c
    WHERE c.workspace_id = :ws AND c.table_name = '{table}'
    UNION ALL {brought}) l
  JOIN {table} o ON o.workspace_id = :ws AND o.id = l.row_id AND o.deleted_at IS NULL) said
WHERE after IS DISTINCT FROM was AND CAST(after AS uuid) IN (SELECT id FROM held)"""
_BROUGHT = """
    SELECT d.id, d.import_id, NULL, 0 FROM opportunities d
    WHERE d.workspace_id = :ws AND d.import_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM import_changes x WHERE x.workspace_id = :ws AND x.import_id = d.import_id
        AND x.table_name = 'opportunities' AND x.row_id = d.id)"""


def _said(table: str, column: str) -> str:
    brought = _BROUGHT if table == "opportunities" else "SELECT NULL, NULL, NULL, NULL WHERE false"
    said = _SAID.replace("{table}", table).replace("{column}", column)
    return said.replace("{brought}", brought)


# What was told of a deal that was handed on is its heir's.
_OWNED = """
SELECT e.owner_id AS id, CASE WHEN c.row_id IS NULL THEN o.import_id ELSE c.import_id END
  AS import_id
FROM events e JOIN held h ON h.id = e.owner_id
JOIN opportunities o ON o.workspace_id = :ws AND o.id = e.opportunity_id AND o.deleted_at IS NULL
LEFT JOIN import_changes c ON c.workspace_id = :ws AND c.import_id = e.import_id
  AND c.table_name = 'opportunities' AND c.row_id = o.id
WHERE e.workspace_id = :ws AND e.import_id IS NOT NULL AND NOT {taken_back}""".replace(
    "{taken_back}", TAKEN_BACK
)
_SPEAKERS = {
    "accounts": (_said("opportunities", "account_id"), _said("accounts", "parent_id")),
    "people": (_OWNED, _said("accounts", "owner_id")),
}
_INHERIT = """
WITH held AS (
  SELECT id FROM staged_left WHERE table_name = '{table}' AND reason = 'in_use'
), heirs AS (
  SELECT DISTINCT ON (s.id) s.id, s.import_id
  FROM ({speakers}) s JOIN imports i ON i.workspace_id = :ws AND i.id = s.import_id
  WHERE i.id <> :import
  ORDER BY s.id, i.created_at, i.id
), handed AS (
  UPDATE import_changes c SET import_id = h.import_id FROM heirs h
  WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = '{table}'
    AND c.row_id = h.id AND NOT EXISTS (
      SELECT FROM import_changes x WHERE x.workspace_id = :ws AND x.import_id = h.import_id
        AND x.table_name = '{table}' AND x.row_id = h.id)
  RETURNING c.row_id)
DELETE FROM staged_left l USING handed n WHERE l.table_name = '{table}' AND l.id = n.row_id"""

_SET_ASIDE = """
DELETE FROM staged_undo u USING staged_left l
WHERE u.table_name = '{table}' AND l.table_name = u.table_name AND l.id = u.id"""


def users(table: str) -> list[str]:
    """Queries of the ids that something standing refers to.

    >>> [query for query in users("accounts") if "FROM marks" in query]
    ['SELECT t.account_id FROM marks t WHERE t.workspace_id = :ws AND t.deleted_at IS NULL']
    """
    found = []
    for each in Table.metadata.sorted_tables:
        for key in each.foreign_key_constraints:
            if key.referred_table.name == table and each.name not in FOLLOWING:
                [column] = [name for name in key.column_keys if name != "workspace_id"]
                found.append(_standing(each.name, column, versioned="deleted_at" in each.columns))
    return found + list(_BESIDES.get(table, ()))


def _standing(table: str, column: str, *, versioned: bool) -> str:
    conditions = ["t.workspace_id = :ws"]
    if versioned:
        conditions.append("t.deleted_at IS NULL")
    if table in _STANDING:
        conditions.append(_STANDING[table])
    if (table, column) == ("accounts", "parent_id"):
        # What goes as well holds nothing, nor does what is put back where it was.
        conditions.append(
            "NOT EXISTS (SELECT FROM staged_undo x WHERE x.table_name = 'accounts'"
            " AND (x.made OR x.before IS NOT NULL) AND x.id = t.id)"
        )
    return f"SELECT t.{column} FROM {table} t WHERE {' AND '.join(conditions)}"  # noqa: S608 - our own tables


async def set_aside(work: Work, table: str, import_id: UUID) -> bool:
    """List what is in use as left; whether anything is."""
    used = " UNION ALL ".join(users(table))
    said = _USED.replace("{table}", table).replace("{used}", used)
    if not await sql.change(work, said, **{"import": import_id}):
        return False
    await sql.change(work, _SET_ASIDE.replace("{table}", table))
    if table == "accounts" and await sql.change(work, _ABOVE, **{"import": import_id}):
        await sql.change(work, _SET_ASIDE.replace("{table}", table))
    return True


async def inherit(work: Work, table: str, import_id: UUID, handed: Counter[str]) -> None:
    """Give what is in use to the earliest other import that speaks of it, if one does."""
    if table in _SPEAKERS:
        speakers = " UNION ALL ".join(_SPEAKERS[table])
        said = _INHERIT.replace("{speakers}", speakers).replace("{table}", table)
        handed[table] += await sql.change(work, said, **{"import": import_id})
