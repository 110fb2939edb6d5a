"""What a change of opportunities tells others: sets for the statement that makes the change.

They stand behind `known_deals` (as they were), `counted` (as they are) and `written` (the id and
version of those that are other than before). A change tells exactly what is other than before, so
that it does not matter which way it came. Bind parameters: workspace, now, stated.
"""

COLUMNS = (
    "workspace_id, id, written_at, type, object, object_id, object_version, created_at, bulk, data"
)
# As they were before: deleted ones tell nothing.
KNOWN = """known_deals AS MATERIALIZED (
  SELECT o.id, o.version, o.status, o.position, o.process_id, o.version_id, o.held_since,
    o.won_at, o.owner_id, o.credits, o.value, o.currency, o.ball
  FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.id {chosen} AND o.deleted_at IS NULL
)"""

_SAME = "k.opportunity_id = s.opportunity_id AND k.milestone_id = s.milestone_id AND k.ordinal = 1"
_STATED = "process_id, version_id, owner_id, credits, value, currency, ball"


def _each(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _STATED.split(", "))


# The rest of the statement. Of arrivals those that were told in this very change: one that only
# comes to light again is no news.
ONE_BY_ONE = f""", reached_now AS (
  SELECT s.opportunity_id, s.milestone_id, s.arrived_at
  FROM stays s LEFT JOIN known_passages k ON {_SAME}
  WHERE s.ordinal = 1 AND NOT s.implied AND s.recorded_at = :now
    AND (k.milestone_id IS NULL OR k.implied)
), voided_now AS (
  SELECT k.opportunity_id, k.milestone_id FROM known_passages k
  WHERE k.ordinal = 1 AND NOT k.implied AND NOT EXISTS (SELECT FROM stays s WHERE {_SAME})
), moved AS (
  SELECT k.id AS opportunity_id, c.milestone_id, words.*
  FROM known_deals k
  JOIN counted c ON c.opportunity_id = k.id
  LEFT JOIN (SELECT DISTINCT opportunity_id FROM voided_now) v ON v.opportunity_id = k.id
  CROSS JOIN LATERAL (VALUES
    ('opportunity.created', k.version = 0, false, NULL),
    ('opportunity.reopened', k.status = 'exited' AND c.status <> 'exited', false, NULL),
    ('opportunity.updated', k.version > 0
      AND (:stated OR ({_each("k")}) IS DISTINCT FROM ({_each("c")})), false, NULL),
    ('opportunity.resumed', k.held_since IS NOT NULL AND c.held_since IS NULL
      AND k.status = 'open' AND c.status = 'open', false, NULL),
    ('opportunity.regressed', c.position < k.position AND c.version_id = k.version_id
      AND v.opportunity_id IS NULL, true, NULL),
    ('opportunity.held', k.held_since IS NULL AND c.held_since IS NOT NULL
      AND c.status = 'open', false, jsonb_build_object('until', c.held_until)),
    ('opportunity.won', k.won_at IS NULL AND c.status = 'won', false, NULL),
    ('opportunity.exited', k.status <> 'exited' AND c.status = 'exited', false,
      jsonb_build_object('kind', c.exit_kind, 'reason', c.exit_reason))
  ) AS words(type, told, at_milestone, data)
  WHERE words.told
), news AS (
  SELECT opportunity_id, milestone_id, 'opportunity.milestone_reached' AS type,
    jsonb_build_object('occurred_at', arrived_at) AS data FROM reached_now
  UNION ALL SELECT opportunity_id, milestone_id, 'opportunity.voided', NULL FROM voided_now
  UNION ALL SELECT opportunity_id, CASE WHEN at_milestone THEN milestone_id END, type, data
    FROM moved
)
INSERT INTO outbox_drafts ({COLUMNS})
SELECT :workspace, gen_random_uuid(), clock_timestamp(), n.type, 'opportunity', n.opportunity_id,
  coalesce(w.version, k.version), :now, false,
  CASE WHEN m.id IS NULL THEN n.data ELSE coalesce(n.data, '{{}}') || jsonb_build_object(
    'milestone', m.key, 'milestone_id', m.id, 'position', m.position) END
FROM news n
JOIN known_deals k ON k.id = n.opportunity_id
LEFT JOIN written w ON w.id = n.opportunity_id
LEFT JOIN milestones m ON m.workspace_id = :workspace AND m.id = n.milestone_id"""
# One word for each, however much of it changed: whoever wants to know reads it.
IN_BULK = f"""
INSERT INTO outbox_drafts ({COLUMNS})
SELECT :workspace, gen_random_uuid(), clock_timestamp(),
  CASE k.version WHEN 0 THEN 'opportunity.created' ELSE 'opportunity.updated' END,
  'opportunity', k.id, w.version, :now, true, NULL
FROM written w JOIN known_deals k ON k.id = w.id AND k.version < w.version"""
# Deals that come in whole: `entered` has the id and version of each, `news` is what names the word.
NEW = f"""INSERT INTO outbox_drafts ({COLUMNS})
  SELECT {{workspace}}, {{news}}, clock_timestamp(), 'opportunity.created', 'opportunity',
    {{id}}, 1, {{now}}, {{bulk}}, NULL FROM {{entered}}"""
# Deals of which something is said that follows from no event; `changed` has the id and version of
# each. Here the workspace is `:ws`.
OF_CHANGED = """
INSERT INTO outbox_drafts ({columns})
SELECT :ws, gen_random_uuid(), clock_timestamp(), 'opportunity.{word}', 'opportunity', id, version,
  :now, true, NULL FROM changed""".replace("{columns}", COLUMNS)
UPDATED, DELETED = (OF_CHANGED.replace("{word}", word) for word in ("updated", "deleted"))
