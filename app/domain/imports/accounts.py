"""Accounts from a file: entered, changed where they differ, hung below their groups."""

from sqlalchemy import text

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.imports import faults, lookups, sql, traces
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome, matches, outcome
from app.domain.trees import hold
from app.tables import Account

OPTIONAL = ("segment", "country", "domain", "vat_id", "postcode", "parent")
_OWN_PARENT = """
SELECT line, parent AS value, NULL AS detail FROM staged_rows
WHERE parent = external_id OR lower(parent) = lower(name)"""

# The account a row means: by id, or, where no account of the source has that id, the one of this
# name that has no id yet (a placeholder, or entered by hand). Without ids, names decide. One that
# was merged into another is still meant by its id or name, and stays as it was.
_MATCH = """
INSERT INTO staged_matches (line, id, fresh, identity)
SELECT m.line, coalesce(m.found, {uuid7}), m.found IS NULL,
  coalesce(m.found::text, m.external_id, lower(m.name))
FROM (
  SELECT r.line, r.external_id, r.name, coalesce(a.id, CASE WHEN r.external_id IS NULL
      OR r.external_id = min(r.external_id) OVER (PARTITION BY a.id, b.id) THEN b.id END) AS found
  FROM staged_rows r
  LEFT JOIN accounts a ON a.workspace_id = :ws AND a.source = :source
    AND a.external_id = r.external_id AND (a.deleted_at IS NULL OR a.merged_into IS NOT NULL)
  LEFT JOIN (
    SELECT DISTINCT ON (lower(name)) lower(name) AS name, id, external_id FROM accounts
    WHERE workspace_id = :ws AND source = :source
      AND (deleted_at IS NULL OR merged_into IS NOT NULL)
    ORDER BY lower(name), merged_into IS NOT NULL, external_id IS NOT NULL, created_at, id) b
    ON a.id IS NULL AND b.name = lower(r.name)
      AND (r.external_id IS NULL OR b.external_id IS NULL)) m"""

_ENTER = """
INSERT INTO accounts (workspace_id, id, name, segment, country, domain, vat_id, postcode, owner_id,
  source, external_id, attributes, version, created_at, updated_at)
SELECT :ws, m.id, r.name, r.segment, r.country, r.domain, r.vat_id, r.postcode, w.id, :source,
  r.external_id, jsonb_strip_nulls(r.attributes), 1, :now, :now
FROM staged_rows r JOIN staged_matches m ON m.line = r.line
LEFT JOIN staged_people w ON w.said = r.owner WHERE m.fresh"""

_HANG = """
UPDATE accounts a SET parent_id = nullif(p.id, a.id)
FROM staged_rows r JOIN staged_matches m ON m.line = r.line
JOIN staged_accounts p ON p.said = r.parent
WHERE m.fresh AND a.workspace_id = :ws AND a.id = m.id"""

_CHANGE = """
UPDATE accounts a SET name = n.name, segment = n.segment, country = n.country, domain = n.domain,
  vat_id = n.vat_id, postcode = n.postcode, parent_id = n.parent_id,
  owner_id = n.owner_id, external_id = n.external_id, attributes = n.attributes,
  version = a.version + 1, updated_at = :now
FROM (
  SELECT o.id, r.name,
    CASE WHEN :has_segment THEN r.segment ELSE o.segment END AS segment,
    CASE WHEN :has_country THEN r.country ELSE o.country END AS country,
    CASE WHEN :has_domain THEN r.domain ELSE o.domain END AS domain,
    CASE WHEN :has_vat_id THEN r.vat_id ELSE o.vat_id END AS vat_id,
    CASE WHEN :has_postcode THEN r.postcode ELSE o.postcode END AS postcode,
    CASE WHEN :has_parent THEN nullif(p.id, o.id) ELSE o.parent_id END AS parent_id,
    -- An empty cell does not take an owner away.
    coalesce(w.id, o.owner_id) AS owner_id,
    coalesce(r.external_id, o.external_id) AS external_id,
    jsonb_strip_nulls((o.attributes - 'placeholder') || r.attributes) AS attributes
  FROM staged_rows r JOIN staged_matches m ON m.line = r.line
  JOIN accounts o ON o.workspace_id = :ws AND o.id = m.id AND o.merged_into IS NULL
  LEFT JOIN staged_accounts p ON p.said = r.parent
  LEFT JOIN staged_people w ON w.said = r.owner
  WHERE NOT m.fresh) n
WHERE a.workspace_id = :ws AND a.id = n.id
  AND (a.name, a.segment, a.country, a.domain, a.vat_id, a.postcode, a.parent_id, a.owner_id,
      a.external_id, a.attributes)
    IS DISTINCT FROM
    (n.name, n.segment, n.country, n.domain, n.vat_id, n.postcode, n.parent_id, n.owner_id,
      n.external_id, n.attributes)"""

_UP = """
SELECT id, parent_id AS above FROM {table} WHERE workspace_id = '{ws}' AND deleted_at IS NULL"""
# Everybody's parent, then everybody's parent's parent, and so on by twice as many steps each time:
# who still has somebody above after as many steps as there are nodes is below a circle, and who is
# above is on it.
_STEP = """
CREATE TEMPORARY TABLE staged_up ON COMMIT DROP AS
SELECT id, above FROM ({up}) up WHERE above IS NOT NULL"""
_FURTHER = """
CREATE TEMPORARY TABLE staged_further ON COMMIT DROP AS
SELECT u.id, w.above FROM staged_up u JOIN staged_up w ON w.id = u.above"""
_LEFT = "SELECT count(*) FROM staged_up"
_NAMED = """
SELECT min(a.name) FROM staged_up u JOIN {table} a ON a.workspace_id = :ws AND a.id = u.above"""


async def prepare(work: Work, plan: Plan) -> None:
    """Note what only the rows together, or the stored ones, tell to be wrong."""
    await faults.note(work, _OWN_PARENT, code="own_parent", column=plan.name("parent"))
    await matches(work, _MATCH, plan.name("external_id", "name"), source=plan.source)


async def write(work: Work, plan: Plan) -> Outcome:
    """Write `staged_rows`. Groups that are not known become placeholders."""
    await hold(work, Account)
    await traces.look(work, "accounts", "SELECT id FROM staged_matches WHERE NOT fresh")
    await lookups.people(work, plan.source, "SELECT owner AS said FROM staged_rows")
    created = await sql.change(work, _ENTER, source=plan.source)
    await lookups.accounts(work, plan.source, "SELECT parent AS said FROM staged_rows")
    await sql.change(work, _HANG)
    flags = {f"has_{name}": plan.has(name) for name in OPTIONAL}
    updated = await sql.change(work, _CHANGE, **flags)
    if plan.has("parent"):
        await no_cycle(work, "accounts")
    await traces.keep(work, plan, "accounts")
    await traces.made(work, plan, "accounts", "SELECT id FROM staged_matches WHERE fresh")
    await traces.placeholders(work, plan, "accounts", "people")
    placeholders = await lookups.made(work, "staged_accounts")
    people = await lookups.made(work, "staged_people")
    return await outcome(work, created, updated, accounts=placeholders, people=people)


async def no_cycle(work: Work, table: str) -> None:
    """Refuse the whole file when something would lie below itself."""
    left = await climb(work, _UP.format(table=table, ws=work.workspace_id))
    name = await sql.value(work, _NAMED.replace("{table}", table)) if left else None
    await work.db.execute(text("DROP TABLE staged_up"))
    if name is not None:
        raise Invalid.at("", "cycle", f"The file would put {name!r} below itself.")


async def climb(work: Work, up: str) -> int:
    """Make `staged_up` (id, above) of the query `up`, and leave in it who is below a circle or on
    one, each with somebody who is on it; how many these are."""
    await work.db.execute(text(_STEP.replace("{up}", up)))
    nodes = left = int(await sql.value(work, _LEFT))
    steps = 1
    while left and steps <= nodes:
        for statement in (
            "ANALYZE staged_up",
            _FURTHER,
            "DROP TABLE staged_up",
            "ALTER TABLE staged_further RENAME TO staged_up",
        ):
            await work.db.execute(text(statement))
        left = int(await sql.value(work, _LEFT))
        steps *= 2
    return left
