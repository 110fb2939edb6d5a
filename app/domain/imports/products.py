"""Products from a file."""

from app.core.work import Work
from app.domain.imports import faults, sql, traces
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome, matches, outcome

# A product without a key gets one from its name: "GTX Plus Pro" is gtx-plus-pro.
_KEY = r"""coalesce(r.key, nullif(left(trim(BOTH '-' FROM
  regexp_replace(lower(r.name), '[^a-z0-9]+', '-', 'g')), 64), ''), md5(r.name))"""

_MATCH = """
INSERT INTO staged_matches (line, id, fresh, identity)
SELECT r.line, coalesce(p.id, {uuid7}), p.id IS NULL, {key}
FROM staged_rows r
LEFT JOIN products p ON p.workspace_id = :ws AND p.key = {key} AND p.deleted_at IS NULL""".replace(
    "{key}", _KEY
)

_NAMELESS = """
SELECT line, NULL AS value, NULL AS detail FROM staged_rows WHERE coalesce(key, name) IS NULL"""

_ENTER = """
INSERT INTO products (workspace_id, id, key, name, list_price, currency, active, attributes,
  version, created_at, updated_at)
SELECT :ws, m.id, m.identity, coalesce(r.name, m.identity), r.list_price,
  CASE WHEN r.list_price IS NOT NULL THEN coalesce(r.currency, :currency) END,
  coalesce(r.active, true), jsonb_strip_nulls(r.attributes), 1, :now, :now
FROM staged_rows r JOIN staged_matches m ON m.line = r.line WHERE m.fresh"""

_CHANGE = """
UPDATE products p SET name = n.name, list_price = n.list_price, currency = n.currency,
  active = n.active, attributes = n.attributes, version = p.version + 1, updated_at = :now
FROM (
  SELECT o.id, coalesce(r.name, o.name) AS name,
    CASE WHEN :has_list_price THEN r.list_price ELSE o.list_price END AS list_price,
    CASE WHEN NOT :has_list_price THEN o.currency
      WHEN r.list_price IS NOT NULL THEN coalesce(r.currency, :currency) END AS currency,
    coalesce(r.active, o.active) AS active,
    jsonb_strip_nulls(o.attributes || r.attributes) AS attributes
  FROM staged_rows r JOIN staged_matches m ON m.line = r.line
  JOIN products o ON o.workspace_id = :ws AND o.id = m.id
  WHERE NOT m.fresh) n
WHERE p.workspace_id = :ws AND p.id = n.id
  AND (p.name, p.list_price, p.currency, p.active, p.attributes)
    IS DISTINCT FROM (n.name, n.list_price, n.currency, n.active, n.attributes)"""


async def prepare(work: Work, plan: Plan) -> None:
    """Note rows without a key and a name, and rows about the same product."""
    column = plan.name("key", "name")
    await faults.note(work, _NAMELESS, code="missing", column=column)
    await matches(work, _MATCH, column)


async def write(work: Work, plan: Plan) -> Outcome:
    """Write `staged_rows`. A product is known by its key; the source plays no part."""
    await traces.look(work, "products", "SELECT id FROM staged_matches WHERE NOT fresh")
    created = await sql.change(work, _ENTER, currency=plan.currency)
    flags = {"has_list_price": plan.has("list_price"), "currency": plan.currency}
    updated = await sql.change(work, _CHANGE, **flags)
    await traces.keep(work, plan, "products")
    await traces.made(work, plan, "products", "SELECT id FROM staged_matches WHERE fresh")
    return await outcome(work, created, updated)
