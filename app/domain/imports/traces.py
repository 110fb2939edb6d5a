"""What an import made of things, kept so that it can be undone: how each was before."""

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import sql
from app.domain.imports.mapping import Plan
from app.domain.outbox import posting

# What a file can change, and undoing it gives back.
RESTORED = {
    "accounts": (
        "name, segment, country, domain, vat_id, postcode, parent_id, owner_id, external_id,"
        " attributes"
    ),
    "opportunities": (
        "name, account_id, attributes, external_close_date, external_probability, business_type,"
        " business_chosen"
    ),
    "people": "name, email, active, external_id",
    "products": "name, list_price, currency, active, attributes",
}

_LOOK = """
CREATE TEMPORARY TABLE staged_before ON COMMIT DROP AS
SELECT o.* FROM {table} o WHERE o.workspace_id = '{ws}' AND o.id IN ({ids})"""

# What two chunks made of one row is undone as one, unless somebody else was at it in between.
_KEEP = """
INSERT INTO import_changes (workspace_id, import_id, table_name, row_id, before, version)
SELECT :ws, :import, '{table}', o.id, to_jsonb(b), o.version
FROM staged_before b JOIN {table} o ON o.workspace_id = :ws AND o.id = b.id
WHERE o.version <> b.version
ON CONFLICT (workspace_id, import_id, table_name, row_id)
  DO UPDATE SET version = excluded.version
  WHERE import_changes.version = (excluded.before ->> 'version')::int"""
# Deals of which something was told that leaves them where they are, such as an earlier arrival.
_MOVE = """
WITH changed AS (
  UPDATE opportunities o SET version = o.version + 1, updated_at = :now FROM staged_before b
  WHERE o.workspace_id = :ws AND o.id = b.id AND o.version = b.version
    AND o.id IN (SELECT opportunity_id FROM staged_touched)
  RETURNING o.id, o.version) {told}""".replace("{told}", posting.UPDATED)
# Deals that are other than before without an event, such as under another name: nobody else tells
# of them as they are now. What others told meanwhile is of an earlier version.
_TELL = """
WITH changed AS (
  SELECT o.id, o.version FROM staged_before b
  JOIN opportunities o ON o.workspace_id = :ws AND o.id = b.id AND o.version > b.version
  WHERE NOT EXISTS (
    SELECT FROM outbox_drafts d
    WHERE d.workspace_id = :ws AND d.object_id = o.id AND d.object_version = o.version)
) {told}""".replace("{told}", posting.UPDATED)

_MADE = """
INSERT INTO import_changes (workspace_id, import_id, table_name, row_id, before, version)
SELECT DISTINCT ON (m.id) :ws, :import, '{table}', m.id, NULL, o.version
FROM ({ids}) m JOIN {table} o ON o.workspace_id = :ws AND o.id = m.id
ON CONFLICT (workspace_id, import_id, table_name, row_id) DO NOTHING"""


async def look(work: Work, table: str, ids: str) -> None:
    """Remember how the rows that `ids` selects are before they are changed."""
    said = _LOOK.format(table=table, ws=work.workspace_id, ids=ids)
    await work.db.execute(text(said))


async def keep(work: Work, plan: Plan, table: str) -> None:
    """Keep how those were that differ now."""
    await sql.change(work, _KEEP.replace("{table}", table), **{"import": plan.import_id})


async def keep_deals(work: Work, plan: Plan) -> None:
    """The same of deals, those included whose history alone is another; others are told."""
    await sql.change(work, _MOVE)
    await sql.change(work, _TELL)
    await keep(work, plan, "opportunities")


async def made(work: Work, plan: Plan, table: str, ids: str) -> None:
    """Note the rows of `ids` (a query of ids) as made by this import."""
    said = _MADE.replace("{table}", table).replace("{ids}", ids)
    await sql.change(work, said, **{"import": plan.import_id})


async def placeholders(work: Work, plan: Plan, *tables: str) -> None:
    """Note who was made because a row spoke of them."""
    for table in tables:
        await made(work, plan, table, f"SELECT id FROM staged_{table} WHERE made")  # noqa: S608 - our own table
