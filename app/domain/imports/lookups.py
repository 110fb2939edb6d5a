"""Whom a text in a row means: an account or a person, by id or name; made when nobody is known.

Order: the external id of this source, then (people) the e-mail address, then the name in either
case, where this source's own and the longest known come first. What is not found becomes a
placeholder: an account of that name, a person who is not active. Both are listed in the import,
and a later import of accounts or people fills them in. An account that was merged into another
is still known by its id and name: that other one is meant.
"""

from collections.abc import Sequence

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import sql

SHOWN = 100
NEXT = "-- next --"

_ACCOUNTS = """
INSERT INTO staged_accounts (said, id, made)
SELECT t.said, coalesce(a.merged_into, a.id, b.id), a.id IS NULL AND b.id IS NULL
FROM (SELECT DISTINCT said FROM ({texts}) x WHERE said IS NOT NULL) t
LEFT JOIN accounts a ON a.workspace_id = :ws AND a.source = :source AND a.external_id = t.said
  AND (a.deleted_at IS NULL OR a.merged_into IS NOT NULL)
LEFT JOIN (
  SELECT DISTINCT ON (lower(name)) lower(name) AS name, coalesce(merged_into, id) AS id
  FROM accounts
  WHERE workspace_id = :ws AND (deleted_at IS NULL OR merged_into IS NOT NULL)
  ORDER BY lower(name), merged_into IS NOT NULL, source <> :source, created_at, id) b
    ON b.name = lower(t.said)
-- next --
UPDATE staged_accounts s SET id = n.id
FROM (SELECT said, {uuid7} AS id FROM (
  SELECT DISTINCT lower(said) AS said FROM staged_accounts WHERE made) d) n
WHERE s.made AND lower(s.said) = n.said
-- next --
INSERT INTO accounts (workspace_id, id, name, source, attributes, version, created_at, updated_at)
SELECT DISTINCT ON (id) :ws, id, said, :source, CAST('{"placeholder": true}' AS jsonb), 1, :now,
  :now
FROM staged_accounts WHERE made ORDER BY id, said"""

_PEOPLE = """
INSERT INTO staged_people (said, id, made)
SELECT t.said, coalesce(a.id, e.id, b.id), a.id IS NULL AND e.id IS NULL AND b.id IS NULL
FROM (SELECT DISTINCT said FROM ({texts}) x WHERE said IS NOT NULL) t
LEFT JOIN people a ON a.workspace_id = :ws AND a.source = :source AND a.external_id = t.said
  AND a.deleted_at IS NULL
LEFT JOIN people e ON e.workspace_id = :ws AND lower(e.email) = lower(t.said)
  AND e.deleted_at IS NULL
LEFT JOIN (
  SELECT DISTINCT ON (lower(name)) lower(name) AS name, id FROM people
  WHERE workspace_id = :ws AND deleted_at IS NULL
  ORDER BY lower(name), source <> :source, NOT active, created_at, id) b ON b.name = lower(t.said)
-- next --
UPDATE staged_people s SET id = n.id
FROM (SELECT said, {uuid7} AS id FROM (
  SELECT DISTINCT lower(said) AS said FROM staged_people WHERE made) d) n
WHERE s.made AND lower(s.said) = n.said
-- next --
INSERT INTO people (workspace_id, id, name, email, active, source, version, created_at,
  updated_at)
SELECT DISTINCT ON (id) :ws, id, said, CASE WHEN said LIKE '%_@_%' THEN said END, false, :source, 1,
  :now, :now
FROM staged_people WHERE made ORDER BY id, said"""


_PRODUCTS = """
INSERT INTO staged_products (said, id)
SELECT DISTINCT ON (said) said, id FROM (
  SELECT lower(key) AS said, id, 1 AS rank, created_at FROM products
  WHERE workspace_id = :ws AND deleted_at IS NULL
  UNION ALL
  SELECT lower(name), id, 2, created_at FROM products
  WHERE workspace_id = :ws AND deleted_at IS NULL) p
ORDER BY said, rank, created_at, id"""


async def products(work: Work) -> None:
    """Make `staged_products` (said, id): whom a key or name means, in small letters."""
    await work.db.execute(
        text("CREATE TEMPORARY TABLE staged_products (said text, id uuid) ON COMMIT DROP")
    )
    await sql.change(work, _PRODUCTS)


async def accounts(work: Work, source: str, texts: str) -> None:
    """Make `staged_accounts` (said, id, made) for the column `said` of the query `texts`."""
    await _look_up(work, "staged_accounts", _ACCOUNTS, source, texts)


async def people(work: Work, source: str, texts: str) -> None:
    """Make `staged_people` (said, id, made) for the column `said` of the query `texts`."""
    await _look_up(work, "staged_people", _PEOPLE, source, texts)


async def made(work: Work, table: str) -> list[str]:
    """The first placeholders that were made, by name."""
    query = f"SELECT min(said) AS name FROM {table} WHERE made GROUP BY id ORDER BY 1 LIMIT {SHOWN}"  # noqa: S608 - our own table
    found: Sequence[str] = [row.name for row in await sql.rows(work, query)]
    return list(found)


async def _look_up(work: Work, table: str, steps: str, source: str, texts: str) -> None:
    await work.db.execute(
        text(f"CREATE TEMPORARY TABLE {table} (said text, id uuid, made boolean) ON COMMIT DROP")
    )
    for step in steps.replace("{texts}", texts).split(NEXT):
        await sql.change(work, step, source=source)
    await work.db.execute(text(f"ANALYZE {table}"))
