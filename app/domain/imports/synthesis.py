"""The events that a list of deals implies: what must have happened for it to say what it says.

A list knows a deal's present, not its past. Dates of wide columns are arrivals of their own. The
stage a deal is in was entered at `reached_at`, else (closed deals) at `closed_at`, else at
`created_at`, else now, and is marked as reconstructed; earlier milestones are implied by the
replay. An order happened at `closed_at`, else at the date of the order's column, else at the latest
date known; an exit at `closed_at`, never before the latest arrival. A start nobody knows is the
import's own moment, marked as reconstructed, and never made up.

For a deal that is already here only what is new is told. Steps back (a deal reopened, fallen back,
no longer won) are told only if this source told the step that they take back: what people did in
Backcast is not undone by an older list.
"""

from app.domain.history import TAKEN_BACK

_DEAL = """
FROM staged_deals d JOIN staged_rows r ON r.line = d.line
LEFT JOIN opportunities o ON o.workspace_id = :ws AND o.id = d.id AND NOT d.fresh"""

_BACK_IN_PLAY = "d.act IN ('reached', 'before', 'open')"


def _complete(*statements: str) -> tuple[str, ...]:
    return tuple(
        each.replace("{deal}", _DEAL)
        .replace("{back_in_play}", _BACK_IN_PLAY)
        .replace("{taken_back}", TAKEN_BACK)
        for each in statements
    )


CREATED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  version_id, owner_id, value, currency)
SELECT d.id, 'created', d.began, d.handle || '|created', r.created_at IS NULL, d.version_id,
  d.owner_id, r.value, CASE WHEN r.value IS NOT NULL THEN r.currency END
FROM staged_deals d JOIN staged_rows r ON r.line = d.line WHERE d.fresh"""

DATED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, position)
SELECT d.id, 'reached', w.at, d.handle || '|reached|' || w.key, false, w.milestone_id, w.position
FROM staged_arrivals w JOIN staged_deals d ON d.line = w.line WHERE NOT w.is_order"""

# The current stage, unless a date says as much, or the deal has come at least as far.
STAGE = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, position)
SELECT d.id, 'reached',
  coalesce(r.reached_at, CASE WHEN d.closed THEN r.closed_at END,
    CASE WHEN d.fresh THEN r.created_at END, :now),
  d.handle || '|reached|' || d.key || CASE WHEN d.fresh THEN '' ELSE '|' || :import END,
  true, d.milestone_id, d.position
{deal}
WHERE d.milestone_id IS NOT NULL AND (d.fresh OR o.position < d.position)
  AND NOT EXISTS (
    SELECT FROM staged_arrivals w WHERE w.line = d.line AND w.position >= d.position)"""

FALLEN_BACK = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, reason)
SELECT d.id, 'regressed',
  CASE WHEN r.reached_at IS NULL AND NOT d.fresh THEN :now
    ELSE coalesce(greatest(r.reached_at, o.reached_at, d.last_at), :now) END,
  d.handle || '|regressed|' || d.key || '|' || :import, true, d.milestone_id, :source
{deal}
LEFT JOIN (
  SELECT opportunity_id, max(position) AS position FROM staged_events GROUP BY opportunity_id) n
  ON n.opportunity_id = d.id
WHERE d.act = 'reached' AND d.milestone_id IS NOT NULL AND (
  n.position > d.position
  OR o.position > d.position AND :source = (
    SELECT e.source FROM events e
    WHERE e.workspace_id = :ws AND e.opportunity_id = d.id
      AND e.kind IN ('reached', 'regressed', 'ordered')
      AND NOT {taken_back}
    ORDER BY e.recorded_at DESC, e.occurred_at DESC, e.id DESC LIMIT 1))"""

NO_LONGER_WON = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, reason)
SELECT d.id, 'voided', :now, d.handle || '|voided|' || :import, true, d.order_id, :source
{deal}
WHERE o.status = 'won' AND (d.act = 'exit' OR {back_in_play}) AND :source = (
  SELECT e.source FROM events e
  WHERE e.workspace_id = :ws AND e.opportunity_id = d.id AND e.kind = 'ordered'
    AND NOT {taken_back}
  ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1)"""

REOPENED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  reason)
SELECT d.id, 'reopened', :now, d.handle || '|reopened|' || :import, true, :source
{deal}
WHERE o.status = 'exited' AND (d.act = 'won' OR {back_in_play}) AND :source = (
  SELECT e.source FROM events e
  WHERE e.workspace_id = :ws AND e.opportunity_id = d.id AND e.kind = 'exited'
    AND NOT {taken_back}
  ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1)"""

ORDERED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, value, currency)
SELECT d.id, 'ordered', x.at, d.handle || '|ordered|' || extract(epoch FROM x.at)::text,
  r.closed_at IS NULL AND d.ordered_at IS NULL, d.order_id, coalesce(r.order_value, r.value),
  CASE WHEN coalesce(r.order_value, r.value) IS NOT NULL THEN r.currency END
{deal}
CROSS JOIN LATERAL (
  SELECT coalesce(r.closed_at, d.ordered_at, r.reached_at, d.last_at,
    CASE WHEN d.fresh THEN r.created_at END, :now) AS at) x
WHERE d.act = 'won' AND (d.fresh OR o.status <> 'won')"""

EXITED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  milestone_id, exit_kind, reason, competitor, note)
SELECT d.id, 'exited', x.at, d.handle || '|exited|' || extract(epoch FROM x.at)::text,
  r.closed_at IS NULL, coalesce(d.milestone_id, o.milestone_id), d.exit_kind, d.reason,
  r.competitor, d.note
{deal}
CROSS JOIN LATERAL (
  SELECT CASE WHEN r.closed_at IS NULL AND NOT d.fresh THEN :now
    ELSE coalesce(greatest(r.closed_at, r.reached_at, d.last_at, o.reached_at), r.created_at, :now)
    END AS at) x
WHERE d.act = 'exit' AND (d.fresh OR o.status <> 'exited')"""

# No list says until when: for as long as a hold may last here.
HELD = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed, until)
SELECT d.id, 'hold_started',
  coalesce(r.reached_at, d.last_at, CASE WHEN d.fresh THEN r.created_at END, :now),
  d.handle || '|held|' || :import, true, :now + make_interval(days => (
    SELECT hold_limit_days FROM workspaces WHERE id = :ws))
{deal}
WHERE d.act = 'hold' AND (d.fresh OR o.status = 'open' AND o.held_since IS NULL)"""

RESUMED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed)
SELECT d.id, 'hold_ended', :now, d.handle || '|resumed|' || :import, true
{deal}
WHERE o.held_since IS NOT NULL AND {back_in_play} AND :source = (
  SELECT e.source FROM events e
  WHERE e.workspace_id = :ws AND e.opportunity_id = d.id AND e.kind = 'hold_started'
    AND NOT {taken_back}
  ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1)"""

# An empty cell does not take a value or an owner away.
VALUED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed, value,
  currency)
SELECT d.id, 'value_changed', :now, d.handle || '|value|' || :import, false, r.value, r.currency
{deal}
WHERE NOT d.fresh AND r.value IS NOT NULL
  AND (o.value, o.currency) IS DISTINCT FROM (r.value, r.currency)"""

OWNED = """
INSERT INTO staged_events (opportunity_id, kind, occurred_at, source_event_id, reconstructed,
  owner_id)
SELECT d.id, 'owner_changed', :now, d.handle || '|owner|' || :import, false, d.owner_id
{deal}
WHERE NOT d.fresh AND d.owner_id IS NOT NULL AND o.owner_id IS DISTINCT FROM d.owner_id"""

# What is known already falls out before it is asked what would be a step back.
FORWARD = _complete(CREATED, DATED, STAGE)
REST = _complete(
    FALLEN_BACK, NO_LONGER_WON, REOPENED, ORDERED, EXITED, HELD, RESUMED, VALUED, OWNED
)
