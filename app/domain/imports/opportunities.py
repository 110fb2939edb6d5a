"""Opportunities from a file: entered, changed where they differ, with the history they imply."""

from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain import business, newcomers
from app.domain.imports import deals, lookups, sql, stages, synthesis, telling, traces
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome
from app.domain.imports.reconcile import reconcile

_ENTER = """
INSERT INTO newcomers (workspace_id, id, name, account_id, source, external_id, attributes,
  external_close_date, external_probability, import_id, business_type, business_chosen, created_at,
  updated_at)
SELECT :ws, d.id,
  left(coalesce(r.name, CASE WHEN r.account IS NOT NULL
    THEN concat_ws(' - ', r.account, r.product) END, r.external_id), 200),
  d.account_id, :source, r.external_id, jsonb_strip_nulls(r.attributes), r.external_close_date,
  r.external_probability, :import, r.business_type, r.business_type IS NOT NULL, d.began, :now
FROM staged_deals d JOIN staged_rows r ON r.line = d.line WHERE d.fresh"""

_CHANGE = """
WITH changed AS (
  UPDATE opportunities o SET name = n.name, account_id = n.account_id, attributes = n.attributes,
    external_close_date = n.external_close_date, external_probability = n.external_probability,
    business_type = n.business_type, business_chosen = n.business_chosen,
    version = o.version + 1, updated_at = :now
  FROM (
    SELECT s.id, coalesce(r.name, s.name) AS name,
      coalesce(d.account_id, s.account_id) AS account_id,
      jsonb_strip_nulls(s.attributes || r.attributes) AS attributes,
      CASE WHEN :has_close_date THEN r.external_close_date ELSE s.external_close_date END
        AS external_close_date,
      CASE WHEN :has_probability THEN r.external_probability ELSE s.external_probability END
        AS external_probability,
      coalesce(r.business_type, s.business_type) AS business_type,
      s.business_chosen OR r.business_type IS NOT NULL AS business_chosen
    FROM staged_deals d JOIN staged_rows r ON r.line = d.line
    JOIN opportunities s ON s.workspace_id = :ws AND s.id = d.id
    WHERE NOT d.fresh) n
  WHERE o.workspace_id = :ws AND o.id = n.id
    AND (o.name, o.account_id, o.attributes, o.external_close_date, o.external_probability,
        o.business_type, o.business_chosen)
      IS DISTINCT FROM (n.name, n.account_id, n.attributes, n.external_close_date,
        n.external_probability, n.business_type, n.business_chosen)
  RETURNING o.id)
INSERT INTO staged_changed SELECT id FROM changed"""

_CONNECT = """
WITH made AS (
  INSERT INTO opportunity_products (workspace_id, opportunity_id, product_id, list_value,
    list_currency, import_id)
  SELECT :ws, d.id, d.product_id, p.list_price, p.currency, CASE WHEN NOT d.fresh THEN :import END
  FROM staged_deals d
  JOIN products p ON p.workspace_id = :ws AND p.id = d.product_id
  WHERE d.product_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM opportunity_products x WHERE x.workspace_id = :ws AND x.opportunity_id = d.id
      AND x.product_id = d.product_id)
  RETURNING opportunity_id), shown AS (
  UPDATE opportunities o SET version = o.version + 1, updated_at = :now
  WHERE o.workspace_id = :ws AND o.id IN (
    SELECT opportunity_id FROM made JOIN staged_deals d ON d.id = opportunity_id AND NOT d.fresh))
INSERT INTO staged_changed SELECT opportunity_id FROM made"""

_ABOUT = """
INSERT INTO staged_touched SELECT c.id FROM staged_changed c
WHERE NOT EXISTS (SELECT FROM newcomers n WHERE n.id = c.id)"""

_COUNT = """
SELECT count(*) FILTER (WHERE fresh) AS created,
  count(*) FILTER (WHERE NOT fresh AND changed) AS updated,
  count(*) FILTER (WHERE NOT fresh AND NOT changed) AS unchanged
FROM (
  SELECT d.fresh, EXISTS (SELECT FROM staged_changed c WHERE c.id = d.id)
    OR EXISTS (SELECT FROM staged_touched t WHERE t.opportunity_id = d.id) AS changed
  FROM staged_deals d) deals"""

_NOTES = """
SELECT
  (SELECT count(*) FROM staged_events WHERE kind = 'ordered' AND value IS NULL) AS missing_value,
  (SELECT count(*) FROM staged_events WHERE kind = 'created' AND reconstructed) AS unknown_start,
  (SELECT count(*) FROM staged_events WHERE kind = 'exited' AND reconstructed) AS exit_date_assumed,
  (SELECT count(*) FROM staged_events WHERE kind = 'ordered' AND reconstructed)
    AS order_date_assumed,
  (SELECT count(*) FROM staged_deals d JOIN staged_cells c ON c.line = d.line
    JOIN staged_rows r ON r.line = d.line
    WHERE coalesce(r.value, r.order_value) IS NOT NULL AND {currency} IS NULL) AS currency_assumed,
  (SELECT count(*) FROM staged_ignored) AS ignored"""


async def prepare(work: Work, plan: Plan) -> None:
    """Hold what the mapping does not say, note what the rows and the stored deals contradict."""
    await stages.stage(work, plan, "stage", "status")
    await deals.prepare(work, plan)


async def write(work: Work, plan: Plan) -> Outcome:
    """Write `staged_rows`. Accounts and owners that are not known become placeholders."""
    await deals.gather(work, plan)
    await traces.look(work, "opportunities", "SELECT id FROM staged_deals WHERE NOT fresh")
    await telling.begin(work)
    here = {"import": plan.import_id, "source": plan.source}
    created = await sql.change(work, _ENTER, **here)
    for statement in synthesis.FORWARD:
        await sql.change(work, statement, **here | {"import": str(plan.import_id)})
    await telling.forget_known(work, plan)
    for statement in synthesis.REST:
        await sql.change(work, statement, **here | {"import": str(plan.import_id)})
    await telling.forget_known(work, plan)
    await telling.introduce(work, plan)
    await work.db.execute(text("CREATE TEMPORARY TABLE staged_changed (id uuid) ON COMMIT DROP"))
    known = {
        "has_close_date": plan.has("external_close_date"),
        "has_probability": plan.has("external_probability"),
    }
    if await sql.change(work, _CHANGE, **known):
        await business.recount(work, "SELECT id FROM staged_changed")
    await sql.change(work, _CONNECT, **{"import": plan.import_id})
    # Another account or product is no event, but the cells of the matrix follow from it as well.
    changed = await sql.change(work, _ABOUT)
    await newcomers.settle(work)
    await telling.tell(work, plan, changed=changed > 0)
    await traces.keep_deals(work, plan)
    await traces.placeholders(work, plan, "accounts", "people")
    return await _outcome(work, plan, created)


async def _outcome(work: Work, plan: Plan, created: int) -> Outcome:
    counted = (await sql.rows(work, _COUNT))[0]
    ignored = await stages.ignored(work)
    return Outcome(
        created,
        counted.updated,
        counted.unchanged + ignored,
        accounts=await lookups.made(work, "staged_accounts"),
        people=await lookups.made(work, "staged_people"),
        notes=await _notes(work, plan),
        reconciliation=await reconcile(work),
    )


async def _notes(work: Work, plan: Plan) -> dict[str, int]:
    """What was read in a way worth knowing; nought is left out."""
    column = plan.column("currency")
    currency = f"c.{column.cell}" if column else "NULL"
    row: Any = (await sql.rows(work, _NOTES.replace("{currency}", currency)))[0]
    return {name: count for name, count in row._mapping.items() if count}  # noqa: SLF001 - the documented way
