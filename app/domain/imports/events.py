"""The history of opportunities from a file: one row, one event, told once."""

from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain.history import TAKEN_BACK
from app.domain.imports import faults, lookups, sql, stages, telling, traces
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome

_NO_ACT = """
SELECT line, NULL AS value, NULL AS detail FROM staged_rows
WHERE coalesce(milestone, event, stage) IS NULL"""

_UNKNOWN_OPPORTUNITY = """
SELECT r.line, r.external_id AS value, NULL AS detail FROM staged_rows r
WHERE NOT EXISTS (
  SELECT FROM opportunities o WHERE o.workspace_id = :ws AND o.source = :source
    AND o.external_id = r.external_id AND o.deleted_at IS NULL)"""

# What every row says, in the opportunity's own version. An event's id is the file's, else made of
# what happened to whom and when, so that the same row is the same event in every file. A deleted
# opportunity of the same id keeps its events' ids, so its successor's get a number.
_ACTS = """
INSERT INTO staged_acts (line, id, event_id, said, kind, milestone_id, wanted, position, exit_kind,
  reason, note, at, opportunity)
SELECT r.line, o.id,
  coalesce(r.event_id, md5(concat_ws('|', r.external_id, coalesce(r.stage, r.milestone, ''),
    coalesce(r.event, ''), extract(epoch FROM r.occurred_at)))) || coalesce('#' || g.times, ''),
  coalesce(r.stage, k.key, r.event),
  CASE WHEN r.event IS NOT NULL THEN r.event
    WHEN s.act = 'exit' THEN 'exited' WHEN s.act = 'hold' THEN 'hold_started'
    WHEN s.act IN ('before', 'ignore') THEN s.act
    WHEN s.act = 'won' OR k.is_order THEN 'ordered' ELSE 'reached' END,
  CASE WHEN s.act = 'won' OR r.event = 'ordered' THEN z.id ELSE k.id END,
  coalesce(r.milestone, s.milestone),
  CASE WHEN s.act = 'won' OR r.event = 'ordered' THEN z.position ELSE k.position END,
  CASE WHEN s.act = 'exit' OR r.event = 'exited'
    THEN coalesce(r.exit_kind, s.exit_kind, e.kind) END,
  CASE WHEN r.reason IS NULL THEN s.reason
    WHEN s.act = 'exit' OR r.event = 'exited' THEN coalesce(e.key, 'other') ELSE r.reason END,
  coalesce(r.note, CASE WHEN e.key IS NULL AND (s.act = 'exit' OR r.event = 'exited')
    THEN r.reason END),
  r.occurred_at, o.status
FROM staged_rows r
JOIN opportunities o ON o.workspace_id = :ws AND o.source = :source
  AND o.external_id = r.external_id AND o.deleted_at IS NULL
LEFT JOIN staged_stages s ON s.said = 'stage' AND s.stage = r.stage
LEFT JOIN staged_milestones k ON k.version_id = o.version_id
  AND k.said = lower(coalesce(r.milestone, s.milestone))
LEFT JOIN milestones z ON z.workspace_id = :ws AND z.version_id = o.version_id AND z.is_order
LEFT JOIN staged_exits e ON e.said = lower(r.reason)
LEFT JOIN (
  SELECT external_id, count(*) AS times FROM opportunities
  WHERE workspace_id = :ws AND source = :source AND deleted_at IS NOT NULL
  GROUP BY external_id) g ON g.external_id = r.external_id"""

_MILESTONES = """
INSERT INTO staged_milestones (version_id, said, id, key, position, is_order)
SELECT DISTINCT ON (version_id, said) version_id, said, id, key, position, is_order FROM (
  SELECT version_id, lower(key) AS said, 1 AS rank, id, key, position, is_order FROM milestones
  WHERE workspace_id = :ws
  UNION ALL
  SELECT version_id, lower(name), 2, id, key, position, is_order FROM milestones
  WHERE workspace_id = :ws) k
ORDER BY version_id, said, rank, position"""

_EXITS = """
INSERT INTO staged_exits (said, key, kind)
SELECT DISTINCT ON (said) said, key, kind FROM (
  SELECT lower(x.key) AS said, x.key, x.kind, 1 AS rank, k.position
  FROM exit_reasons x JOIN milestones k ON k.workspace_id = :ws AND k.id = x.milestone_id
  WHERE x.workspace_id = :ws AND k.version_id = :version
  UNION ALL
  SELECT lower(x.name), x.key, x.kind, 2, k.position
  FROM exit_reasons x JOIN milestones k ON k.workspace_id = :ws AND k.id = x.milestone_id
  WHERE x.workspace_id = :ws AND k.version_id = :version) e
ORDER BY said, rank, position"""

_TABLES = (
    "staged_milestones (version_id uuid, said text, id uuid, key text, position int,"
    " is_order boolean)",
    "staged_exits (said text, key text, kind text)",
    "staged_acts (line bigint, id uuid, event_id text, said text, kind text, milestone_id uuid,"
    " wanted text, position int, exit_kind text, reason text, note text, at timestamptz,"
    " opportunity text)",
)

_UNKNOWN_MILESTONE = """
SELECT line, wanted AS value, NULL AS detail FROM staged_acts
WHERE wanted IS NOT NULL AND milestone_id IS NULL"""
_NO_MILESTONE = """
SELECT line, kind AS value, NULL AS detail FROM staged_acts
WHERE kind IN ('reached', 'ordered', 'regressed', 'voided') AND milestone_id IS NULL
  AND wanted IS NULL"""
_NO_KIND = """
SELECT line, NULL AS value, NULL AS detail FROM staged_acts
WHERE kind = 'exited' AND exit_kind IS NULL"""
_NO_AMOUNT = """
SELECT r.line, NULL AS value, NULL AS detail FROM staged_rows r
WHERE r.event = 'value_changed' AND r.amount IS NULL"""
_NO_OWNER = """
SELECT r.line, NULL AS value, NULL AS detail FROM staged_rows r
WHERE r.event = 'owner_changed' AND r.owner IS NULL"""

# The same event again is nothing new; one that says something else under the same id is a fault.
# Of what is said under one id only the last two that differ are asked for: the last one, and the
# last one that is not like it.
_TWICE = """
WITH said AS (
  SELECT a.line, a.event_id, to_jsonb(r) - 'line' AS what
  FROM staged_acts a JOIN staged_rows r ON r.line = a.line
  WHERE a.event_id IN (SELECT event_id FROM staged_acts GROUP BY event_id HAVING count(*) > 1)
), ranked AS (
  SELECT event_id, what, max(line) AS last,
    row_number() OVER (PARTITION BY event_id ORDER BY max(line) DESC) AS place
  FROM said GROUP BY event_id, what
)
SELECT s.line, s.event_id AS value, max(r.last)::text AS detail
FROM said s JOIN ranked r ON r.event_id = s.event_id AND r.place <= 2
WHERE r.what <> s.what AND r.last > s.line
GROUP BY s.line, s.event_id"""
_AGAIN = """
DELETE FROM staged_acts a USING (
  SELECT event_id, min(line) AS first FROM staged_acts GROUP BY event_id HAVING count(*) > 1) b
WHERE b.event_id = a.event_id AND a.line > b.first"""
_SETTLE = "DELETE FROM staged_acts a USING staged_faults f WHERE f.line = a.line"
_LEFT_OUT = "DELETE FROM staged_acts WHERE kind IN ('before', 'ignore')"

# Histories also have a row for every change of amount or date: the same stage again is no event.
_COLLAPSE = """
DELETE FROM staged_acts a USING (
  SELECT s.line, s.said = lag(s.said) OVER (PARTITION BY s.id ORDER BY s.at, s.line) AS same
  FROM staged_acts s JOIN staged_rows r ON r.line = s.line WHERE r.stage IS NOT NULL) x
WHERE x.line = a.line AND x.same"""

# A stage further back than the one before it: the customer took a step back.
_STEPS_BACK = """
UPDATE staged_acts a SET kind = 'regressed' FROM (
  SELECT s.line, s.position < lag(s.position) OVER (PARTITION BY s.id ORDER BY s.at, s.line) AS back
  FROM staged_acts s JOIN staged_rows r ON r.line = s.line
  WHERE r.stage IS NOT NULL AND s.kind IN ('reached', 'ordered')) x
WHERE x.line = a.line AND x.back AND a.kind = 'reached'"""

# A list of deals may have told of the same order or exit already, without its day.
_TOLD_BY_A_LIST = """
DELETE FROM staged_acts a USING staged_rows r
WHERE r.line = a.line AND a.kind IN ('ordered', 'exited') AND r.event_id IS NULL
  AND a.opportunity = CASE a.kind WHEN 'ordered' THEN 'won' ELSE 'exited' END
  AND EXISTS (
    SELECT FROM events e
    WHERE e.workspace_id = :ws AND e.opportunity_id = a.id AND e.kind = a.kind
      AND e.source = :source AND e.source_event_id LIKE '%|' || e.kind || '|%'
      AND NOT {taken_back})""".replace("{taken_back}", TAKEN_BACK)

_STAGE = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, position, owner_id, value, currency, act, what, evidence, exit_kind, reason, until,
  note)
SELECT a.id, a.kind, a.at, a.event_id, false, a.milestone_id, a.position, p.id, r.amount,
  CASE WHEN r.amount IS NOT NULL THEN r.currency END, r.act, r.what,
  CASE WHEN r.evidence ~* '^https?://' THEN jsonb_build_array(
      jsonb_build_object('type', 'link', 'url', r.evidence))
    WHEN r.evidence IS NOT NULL THEN jsonb_build_array(
      jsonb_build_object('type', 'note', 'note', r.evidence)) END,
  a.exit_kind, a.reason,
  CASE WHEN a.kind = 'hold_started' THEN a.at + make_interval(days => (
    SELECT hold_limit_days FROM workspaces WHERE id = :ws)) END, a.note
FROM staged_acts a JOIN staged_rows r ON r.line = a.line
LEFT JOIN staged_people p ON p.said = r.owner"""

_COUNTS = """
SELECT (SELECT count(*) FROM staged_cells) AS source,
  (SELECT count(*) FROM staged_rows) AS sound,
  (SELECT count(*) FROM events e WHERE e.workspace_id = :ws AND e.import_id = :import) AS told,
  (SELECT count(*) FROM staged_events WHERE kind = 'ordered' AND value IS NULL) AS missing_value"""


async def prepare(work: Work, plan: Plan) -> None:
    """Note what is said of nobody or about nothing known, and hold stages without a meaning."""
    act = plan.name("milestone", "event", "stage")
    await faults.note(work, _NO_ACT, code="missing", column=act)
    await stages.stage(work, plan, "stage")
    id = plan.name("external_id")
    here: dict[str, Any] = {"source": plan.source, "version": plan.version_id}
    await faults.note(work, _UNKNOWN_OPPORTUNITY, code="unknown_opportunity", column=id, **here)
    for table in _TABLES:
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))
    for statement in (_MILESTONES, _EXITS, _ACTS):
        await sql.change(work, statement, **here)
    await work.db.execute(text("ANALYZE staged_acts"))
    for found, code, column in (
        (_UNKNOWN_MILESTONE, "unknown_milestone", plan.name("milestone", "stage")),
        (_NO_MILESTONE, "missing", plan.name("milestone")),
        (_NO_KIND, "missing", plan.name("exit_kind")),
        (_NO_AMOUNT, "missing", plan.name("amount")),
        (_NO_OWNER, "missing", plan.name("owner")),
        (_TWICE, "duplicate_in_file", plan.name("event_id", "external_id")),
    ):
        await faults.note(work, found, code=code, column=column)
        await sql.change(work, _SETTLE)


async def write(work: Work, plan: Plan) -> Outcome:
    """Write `staged_rows`: what was told before, or says nothing new, is left as it is."""
    await lookups.people(work, plan.source, "SELECT owner AS said FROM staged_rows")
    await telling.begin(work)
    for statement in (_AGAIN, _LEFT_OUT, _COLLAPSE, _STEPS_BACK):
        await sql.change(work, statement)
    await sql.change(work, _TOLD_BY_A_LIST, source=plan.source)
    await sql.change(work, _STAGE)
    await telling.forget_known(work, plan)
    await traces.look(work, "opportunities", "SELECT opportunity_id FROM staged_events")
    told = await telling.tell(work, plan)
    await traces.keep_deals(work, plan)
    await traces.placeholders(work, plan, "people")
    return await _outcome(work, plan, told)


async def _outcome(work: Work, plan: Plan, told: int) -> Outcome:
    counted = (await sql.rows(work, _COUNTS, **{"import": plan.import_id}))[0]
    ignored = await stages.ignored(work)
    unchanged = counted.sound + ignored - told
    source, ours = {"rows": counted.source}, {"rows": counted.told + unchanged}
    notes = {"missing_value": counted.missing_value, "ignored": ignored}
    return Outcome(
        created=told,
        unchanged=unchanged,
        people=await lookups.made(work, "staged_people"),
        notes={name: count for name, count in notes.items() if count},
        reconciliation={"source": source, "ours": ours, "matches": source == ours},
    )
