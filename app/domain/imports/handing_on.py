"""What later imports changed of the rows of one that is undone: the state is to be as if only the
others had run, in whatever order imports are undone.

What an import changed of a row is a link in a chain: from the version before to the version after,
with the row as it was before. A link is taken out of its chain by giving its "before" to those
after it, field by field, as far as nobody changed the field again; what nobody changed again, the
row itself gets back. Versions are handed over so that the chain stays whole: where it is broken,
somebody else was at the row.

A row that was brought in belongs to the next import that lists it; that one would have brought it.
A history lists nothing: its rows are about what is here.
"""

from collections import Counter
from uuid import UUID

from app.core.work import Work
from app.domain.imports import sql
from app.domain.imports.traces import RESTORED

TABLES = (
    # What the import did: `made`, or changed from the version `since` to `version`. `stands`: the
    # version of the row now.
    "staged_undo (table_name text, id uuid, made boolean, before jsonb, since int, version int,"
    " stands int)",
    # What others made of the same rows after that, in their order.
    "staged_later (table_name text, id uuid, place int, import_id uuid, lists boolean,"
    " before jsonb, version int)",
    # How links (by place) and rows (at the last place) are to be once the import is left out.
    "staged_back (table_name text, id uuid, place int, said jsonb)",
    "staged_heirs (table_name text, id uuid, place int, import_id uuid, version int)",
)
_ROW = 2147483647

_CHANGED = """
INSERT INTO staged_undo
SELECT c.table_name, c.row_id, c.before IS NULL, c.before, (c.before ->> 'version')::int,
  c.version, o.version
FROM import_changes c JOIN {table} o ON o.workspace_id = :ws AND o.id = c.row_id
WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = '{table}'
  AND o.deleted_at IS NULL"""
# Deals that came in new say by themselves which import brought them.
_BROUGHT = """
INSERT INTO staged_undo
SELECT 'opportunities', o.id, true, NULL, NULL, 1, o.version FROM opportunities o
WHERE o.workspace_id = :ws AND o.import_id = :import AND o.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT FROM staged_undo u WHERE u.table_name = 'opportunities' AND u.id = o.id)"""
# What rows that were held and released said more about a deal that the same import had brought in
# is a part of that, unless somebody else was at the deal in between.
_BROUGHT_IN_PARTS = """
UPDATE staged_undo u SET made = true, before = NULL, since = NULL,
  version = CASE u.since WHEN 1 THEN u.version ELSE 1 END
FROM opportunities o
WHERE u.table_name = 'opportunities' AND NOT u.made AND o.workspace_id = :ws AND o.id = u.id
  AND o.import_id = :import"""
_LATER = """
WITH RECURSIVE links AS MATERIALIZED (
  SELECT c.table_name, c.row_id, c.import_id, c.before, (c.before ->> 'version')::int AS since,
    c.version, i.object = c.table_name AS lists
  FROM import_changes c
  JOIN staged_undo u ON u.table_name = c.table_name AND u.id = c.row_id AND u.stands > u.version
  JOIN imports i ON i.workspace_id = :ws AND i.id = c.import_id
  WHERE c.workspace_id = :ws AND c.import_id <> :import AND c.before IS NOT NULL
), chain AS (
  SELECT table_name, id, 0 AS place, NULL::uuid AS import_id, false AS lists,
    NULL::jsonb AS before, version
  FROM staged_undo WHERE stands > version
  UNION ALL
  SELECT k.table_name, k.id, k.place + 1, n.import_id, n.lists, n.before, n.version
  FROM chain k
  JOIN links n ON n.table_name = k.table_name AND n.row_id = k.id AND n.since = k.version
)
INSERT INTO staged_later SELECT * FROM chain WHERE place > 0"""
# The chain does not reach to how the row stands.
_SINCE = """
INSERT INTO staged_left
SELECT u.table_name, u.id, 'changed_since' FROM staged_undo u
LEFT JOIN (
  SELECT table_name, id, max(version) AS version FROM staged_later GROUP BY table_name, id) l
  ON l.table_name = u.table_name AND l.id = u.id
WHERE u.stands <> coalesce(l.version, u.version)"""

_BACK = """
WITH steps AS MATERIALIZED (
  SELECT l.id, l.place, l.before AS said
  FROM staged_later l JOIN staged_undo u ON u.table_name = l.table_name AND u.id = l.id
  WHERE l.table_name = '{table}' AND NOT u.made
  UNION ALL
  SELECT u.id, x.place, CASE x.place WHEN 0 THEN u.before ELSE to_jsonb(o) END
  FROM staged_undo u
  JOIN {table} o ON o.workspace_id = :ws AND o.id = u.id
  CROSS JOIN (VALUES (0), ({row})) AS x(place)
  WHERE u.table_name = '{table}' AND NOT u.made AND u.id IN (
    SELECT id FROM staged_later WHERE table_name = '{table}')
), paths AS (
  -- Attributes are fields of their own.
  SELECT DISTINCT s.id, ARRAY['attributes', k.key] AS path
  FROM steps s
  CROSS JOIN LATERAL jsonb_object_keys(coalesce(s.said -> 'attributes', '{}')) AS k(key)
  UNION ALL
  SELECT DISTINCT s.id, ARRAY[f.name]
  FROM steps s CROSS JOIN unnest(CAST(:fields AS text[])) AS f(name)
), told AS (
  SELECT s.id, s.place, p.path, s.said #> p.path AS value,
    first_value(s.said #> p.path) OVER (PARTITION BY s.id, p.path ORDER BY s.place) AS was,
    nth_value(s.said #> p.path, 2) OVER (PARTITION BY s.id, p.path ORDER BY s.place
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS became
  FROM steps s JOIN paths p ON p.id = s.id
), gives AS (
  SELECT id, place, path, was FROM (
    SELECT t.*, bool_and(place = 0 OR value IS NOT DISTINCT FROM became)
      OVER (PARTITION BY id, path ORDER BY place) AS same
    FROM told t WHERE was IS DISTINCT FROM became) since
  WHERE same AND place > 0
), given AS (
  SELECT id, place,
    coalesce(jsonb_object_agg(path[1], was) FILTER (WHERE path[2] IS NULL), '{}') AS plain,
    coalesce(jsonb_object_agg(path[2], was)
      FILTER (WHERE path[2] IS NOT NULL AND was IS NOT NULL), '{}') AS named,
    coalesce(array_agg(path[2])
      FILTER (WHERE path[2] IS NOT NULL AND was IS NULL), '{}') AS unnamed
  FROM gives GROUP BY id, place
)
INSERT INTO staged_back
SELECT '{table}', s.id, s.place, s.said || g.plain || CASE WHEN s.said ? 'attributes'
  THEN jsonb_build_object('attributes', ((s.said -> 'attributes') || g.named) - g.unnamed)
  ELSE '{}' END
FROM given g JOIN steps s ON s.id = g.id AND s.place = g.place"""
# The row itself is as the last of them left it, but for what it gets back.
_ROWS = """
UPDATE staged_undo u SET before = b.said
FROM (SELECT DISTINCT l.table_name, l.id, k.said FROM staged_later l
  LEFT JOIN staged_back k ON k.table_name = l.table_name AND k.id = l.id AND k.place = :row) b
WHERE NOT u.made AND u.table_name = b.table_name AND u.id = b.id"""

_HEIRS = """
INSERT INTO staged_heirs
SELECT DISTINCT ON (u.table_name, u.id) u.table_name, u.id, l.place, l.import_id, l.version
FROM staged_undo u JOIN staged_later l ON l.table_name = u.table_name AND l.id = u.id AND l.lists
WHERE u.made
ORDER BY u.table_name, u.id, l.place"""
# The heir brought it in; what was told in between comes after that.
_INHERITED = """
UPDATE import_changes c SET before = NULL,
  version = CASE h.place WHEN 1 THEN h.version ELSE u.version END
FROM staged_heirs h JOIN staged_undo u ON u.table_name = h.table_name AND u.id = h.id
WHERE c.workspace_id = :ws AND c.import_id = h.import_id AND c.table_name = h.table_name
  AND c.row_id = h.id"""
_BETWEEN = """
UPDATE import_changes c SET version = h.version
FROM staged_heirs h JOIN staged_later l ON l.table_name = h.table_name AND l.id = h.id
  AND l.place = h.place - 1
WHERE c.workspace_id = :ws AND c.import_id = l.import_id AND c.table_name = l.table_name
  AND c.row_id = l.id"""
_BROUGHT_BY = """
UPDATE opportunities o SET import_id = h.import_id FROM staged_heirs h
WHERE h.table_name = 'opportunities' AND o.workspace_id = :ws AND o.id = h.id"""
_DISINHERITED = """
DELETE FROM import_changes c USING staged_heirs h
WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = h.table_name
  AND c.row_id = h.id"""
_SETTLED = """
DELETE FROM staged_undo u USING staged_heirs h WHERE h.table_name = u.table_name AND h.id = u.id"""
_HANDED = "SELECT table_name, count(*) AS n FROM staged_heirs GROUP BY table_name"

_FIELDS = """
UPDATE import_changes c SET before = b.said
FROM staged_back b
JOIN staged_undo u ON u.table_name = b.table_name AND u.id = b.id
JOIN staged_later l ON l.table_name = b.table_name AND l.id = b.id AND l.place = b.place
WHERE c.workspace_id = :ws AND c.import_id = l.import_id AND c.table_name = l.table_name
  AND c.row_id = l.id"""
_VERSIONS = """
UPDATE import_changes c SET before = c.before || jsonb_build_object('version', u.since)
FROM staged_later l JOIN staged_undo u ON u.table_name = l.table_name AND u.id = l.id
WHERE l.place = 1 AND NOT u.made AND c.workspace_id = :ws AND c.import_id = l.import_id
  AND c.table_name = l.table_name AND c.row_id = l.id"""

# Once all is written: the last link of each chain leads to how the row stands now.
_LAST = """
UPDATE import_changes c SET version = o.version
FROM (
  SELECT DISTINCT ON (l.id) l.id, l.import_id FROM staged_later l
  JOIN staged_undo u ON u.table_name = l.table_name AND u.id = l.id AND NOT u.made
  WHERE l.table_name = '{table}' ORDER BY l.id, l.place DESC) l
JOIN {table} o ON o.workspace_id = :ws AND o.id = l.id
WHERE c.workspace_id = :ws AND c.import_id = l.import_id AND c.table_name = '{table}'
  AND c.row_id = l.id"""
_ALONE = """
FROM staged_undo u JOIN {table} o ON o.workspace_id = :ws AND o.id = u.id
WHERE u.table_name = '{table}' AND NOT u.made AND NOT EXISTS (
    SELECT FROM staged_later l WHERE l.table_name = u.table_name AND l.id = u.id)"""
_EARLIER = """
UPDATE import_changes c SET version = o.version {alone}
  AND c.workspace_id = :ws AND c.import_id <> :import AND c.table_name = '{table}'
  AND c.row_id = u.id AND c.version = u.since""".replace("{alone}", _ALONE)
_BROUGHT_EARLIER = """
INSERT INTO import_changes (workspace_id, import_id, table_name, row_id, before, version)
SELECT :ws, o.import_id, u.table_name, u.id, NULL, o.version {alone}
  AND u.since = 1 AND o.import_id IS NOT NULL
ON CONFLICT (workspace_id, import_id, table_name, row_id) DO NOTHING""".replace(
    "{alone}", _ALONE.replace("{table}", "opportunities")
)
_FORGOTTEN = """
DELETE FROM import_changes c USING staged_undo u
WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = u.table_name
  AND c.row_id = u.id"""


async def gather(work: Work, id: UUID) -> None:
    """What the import did, what others made of that, and whether somebody else was at it."""
    for table in RESTORED:
        await sql.change(work, _CHANGED.replace("{table}", table), **{"import": id})
    for statement in (_BROUGHT, _BROUGHT_IN_PARTS, _LATER):
        await sql.change(work, statement, **{"import": id})
    await sql.change(work, _SINCE)


async def look_back(work: Work) -> None:
    """How rows and later links are to be, as far as fields are concerned."""
    for table, columns in RESTORED.items():
        said = _BACK.replace("{table}", table).replace("{row}", str(_ROW))
        fields = [name.strip() for name in columns.split(",")]
        await sql.change(work, said, fields=[name for name in fields if name != "attributes"])
    await sql.change(work, _ROWS, row=_ROW)


async def hand_on(work: Work, id: UUID) -> Counter[str]:
    """Give what it brought in to its heirs, and its "before" to those after it; how many rows are
    another import's now."""
    here = {"import": id}
    await sql.change(work, _HEIRS)
    for statement in (_INHERITED, _BETWEEN, _BROUGHT_BY, _DISINHERITED):
        await sql.change(work, statement, **here)
    handed = Counter({row.table_name: row.n for row in await sql.rows(work, _HANDED)})
    await sql.change(work, _SETTLED)
    await sql.change(work, _FIELDS)
    await sql.change(work, _VERSIONS)
    return handed


async def close(work: Work, id: UUID) -> None:
    """Let every chain lead to how its row stands now, and forget the import's own links."""
    here = {"import": id}
    for table in RESTORED:
        for statement in (_LAST, _EARLIER):
            await sql.change(work, statement.replace("{table}", table), **here)
    await sql.change(work, _BROUGHT_EARLIER)
    await sql.change(work, _FORGOTTEN, **here)
