"""What follows from the events, said once, in SQL: arrivals, credits and where each deal stands.

One definition serves a single click, an import of a hundred thousand rows, and any question about
the past. It reads from top to bottom; every step is a named set.

    log ─▶ eras ─▶ acts ─▶ arrivals ─▶ priced ─▶ departed ─▶ stays ─▶ passages, credits
                     └─▶ exits, holds ────────────────────────┴──────▶ state

The log leaves out what imports told that were undone since.

Sets are joined, never looked up row by row: a set has no index. What only some events ask for
(holds, whose turn it is) is not looked for where nobody told one of these.

Bind parameters: workspace, currency and exponent (of reporting), zone, as_of, effective_at, and
whatever `chosen` (a condition on `e.opportunity_id`) needs. The events are the stored ones, or
those of another table with the same columns, about opportunities that are only now coming in.
"""

# Events of one instant: told first what a deal is worth and whose it is, then what the customer
# did, then that it ended, and last that it moved elsewhere.
RANKS = (
    "created",
    "value_changed",
    "owner_changed",
    "reached",
    "ordered",
    "criterion_met",
    "verified",
    "voided",
    "regressed",
    "hold_started",
    "hold_ended",
    "ball_passed",
    "stale_noticed",
    "reviewed",
    "exited",
    "reopened",
    "revived",
    "moved_process",
    "merged",
    "unmerged",
    "reverted",
)
_RANK = f"array_position(ARRAY{list(RANKS)!r}, e.kind)"
# A reach may state an amount: the value is known from then on. An order's amount is the order's.
_IS_VALUE = "(e.kind IN ('created', 'value_changed') OR e.kind = 'reached' AND e.value IS NOT NULL)"

# Of opportunities that are there, or were at the moment that is asked about.
STORED = """events e
  JOIN opportunities o ON o.workspace_id = e.workspace_id AND o.id = e.opportunity_id
    AND (o.deleted_at IS NULL OR o.deleted_at > CAST(:as_of AS timestamptz))"""
# What an import told that was undone since: of `e`, for those who read the events themselves.
TAKEN_BACK = """EXISTS (
  SELECT FROM events b WHERE b.workspace_id = e.workspace_id AND b.kind = 'reverted'
    AND b.opportunity_id = e.opportunity_id AND b.import_id = e.import_id)"""
TAKEN_BACK_THEN = (
    TAKEN_BACK.removesuffix(")")
    + """
    AND (CAST(:as_of AS timestamptz) IS NULL OR b.recorded_at <= :as_of))"""
)
# Of an event what something follows from: a set is kept row by row, and read many times.
_TELLING = """e.workspace_id, e.id, e.opportunity_id, e.kind, e.occurred_at, e.recorded_at,
    e.reconstructed, e.milestone_id, e.version_id, e.owner_id, e.credits, e.value, e.currency,
    e.correction, e.evidence, e.exit_kind, e.reason, e.until, e.ball"""
_LOG = f"""
taken_back AS MATERIALIZED (
  -- Which imports were undone, for which deal. Nothing they told counts from then on, whatever
  -- day it was about.
  SELECT e.opportunity_id, e.import_id
  FROM {{events}}
  WHERE e.workspace_id = :workspace AND {{chosen}} AND e.kind = 'reverted'
    AND (CAST(:as_of AS timestamptz) IS NULL OR e.recorded_at <= :as_of)
), log AS MATERIALIZED (
  -- Every event that counts, in order; eras number the stretches between moves to another
  -- process, changes of value (a correction belongs to the stretch it corrects) and of owner.
  SELECT {_TELLING},
    coalesce(m.position, 0) AS position, m.version_id AS act_version,
    {_IS_VALUE} AS is_value,
    row_number() OVER told AS ord,
    count(*) FILTER (WHERE e.kind = 'moved_process') OVER told AS era,
    greatest(1, count(*) FILTER (WHERE {_IS_VALUE} AND NOT e.correction) OVER told) AS value_era,
    greatest(1, count(*) FILTER (WHERE e.kind IN ('created', 'owner_changed')) OVER told)
      AS owner_era
  FROM {{events}}
  LEFT JOIN milestones m ON m.workspace_id = e.workspace_id AND m.id = e.milestone_id
  WHERE e.workspace_id = :workspace AND {{chosen}}
    AND (CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
    AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)
    AND NOT EXISTS (
      SELECT FROM taken_back b
      WHERE b.opportunity_id = e.opportunity_id AND b.import_id = e.import_id)
  WINDOW told AS (
    PARTITION BY e.opportunity_id
    ORDER BY e.occurred_at, {_RANK}, m.position, e.source_event_id, e.id
    ROWS UNBOUNDED PRECEDING)
)"""

_ERAS = """
eras AS MATERIALIZED (
  -- The process version a deal was in, from which position on (a move arrives nowhere), since when.
  SELECT l.opportunity_id, CASE WHEN l.kind = 'created' THEN 0 ELSE l.era END AS era,
    l.version_id, v.process_id, l.position AS start, l.occurred_at AS since
  FROM log l
  JOIN process_versions v ON v.workspace_id = l.workspace_id AND v.id = l.version_id
  WHERE l.kind IN ('created', 'moved_process')
), moves AS (
  SELECT e.opportunity_id, e.era, min(f.since) AS moved_at
  FROM eras e
  JOIN eras f ON f.opportunity_id = e.opportunity_id AND f.era > e.era
    AND f.process_id <> e.process_id
  GROUP BY e.opportunity_id, e.era
), valued AS MATERIALIZED (
  SELECT DISTINCT ON (opportunity_id, value_era) opportunity_id, value_era, value, currency
  FROM log WHERE is_value ORDER BY opportunity_id, value_era, ord DESC
), owned AS MATERIALIZED (
  SELECT DISTINCT ON (opportunity_id, owner_era) opportunity_id, owner_era, owner_id, credits
  FROM log WHERE kind IN ('created', 'owner_changed') ORDER BY opportunity_id, owner_era, ord DESC
)"""

_ACTS = """
placed AS MATERIALIZED (
  -- Steps forward and back, in the stretch whose process version their milestone belongs to: an
  -- act that is told late, or in the instant of a move, stays where it was meant.
  SELECT DISTINCT ON (l.id) l.id, l.workspace_id, l.opportunity_id, l.kind, l.milestone_id,
    l.position, l.ord, e.era, l.occurred_at, l.recorded_at, l.value_era, l.owner_era,
    l.value, l.currency, l.evidence, l.reconstructed
  FROM log l
  JOIN eras e ON e.opportunity_id = l.opportunity_id AND e.version_id = l.act_version
  WHERE l.kind IN ('reached', 'ordered', 'regressed')
  ORDER BY l.id, e.era <= l.era DESC, abs(e.era - l.era)
), confirmed AS (
  SELECT DISTINCT opportunity_id, milestone_id FROM log WHERE kind = 'verified'
), voids AS (
  -- The last word against each milestone: to look through all of them for every act would take
  -- long where there are many.
  SELECT DISTINCT ON (opportunity_id, milestone_id) opportunity_id, milestone_id, recorded_at, ord
  FROM log WHERE kind = 'voided'
  ORDER BY opportunity_id, milestone_id, recorded_at DESC, ord DESC
), acts AS MATERIALIZED (
  -- What the customer did, without what was voided later.
  SELECT l.*,
    c.milestone_id IS NOT NULL OR jsonb_array_length(coalesce(l.evidence, '[]')) > 0 AS verified
  FROM placed l
  LEFT JOIN confirmed c ON c.opportunity_id = l.opportunity_id AND c.milestone_id = l.milestone_id
  WHERE l.kind IN ('reached', 'ordered') AND NOT EXISTS (
    SELECT FROM voids v
    WHERE v.opportunity_id = l.opportunity_id AND v.milestone_id = l.milestone_id
      AND (v.recorded_at > l.recorded_at OR v.recorded_at = l.recorded_at AND v.ord > l.ord))
)"""

_ARRIVALS = """
arrivals AS (
  -- A milestone is reached by its own act or by a later one, whichever came first.
  SELECT a.opportunity_id, a.era, m.id AS milestone_id, m.lineage_id, m.position, m.is_order,
    a.process_id, 1 AS ordinal, a.id AS event_id, a.occurred_at AS arrived_at, a.recorded_at,
    a.position > m.position AS implied, a.verified, a.reconstructed, a.value_era, a.owner_era,
    CASE WHEN a.kind = 'ordered' THEN a.value END AS amount,
    CASE WHEN a.kind = 'ordered' THEN a.currency END AS amount_currency
  FROM (
    -- What lies beyond all acts before it, an act is the first to reach.
    SELECT a.*, e.version_id, e.process_id,
      greatest(e.start, max(a.position) OVER (
        PARTITION BY a.opportunity_id, a.era ORDER BY a.ord
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS beyond
    FROM acts a JOIN eras e ON e.opportunity_id = a.opportunity_id AND e.era = a.era) a
  JOIN milestones m ON m.workspace_id = a.workspace_id AND m.version_id = a.version_id
    AND m.position > a.beyond AND m.position <= a.position
  UNION ALL
  -- Further partial orders of the same deal.
  SELECT * FROM (
    SELECT a.opportunity_id, a.era, m.id, m.lineage_id, m.position, m.is_order,
      e.process_id, row_number() OVER (
        PARTITION BY a.opportunity_id, a.era ORDER BY a.ord)::int AS ordinal,
      a.id, a.occurred_at, a.recorded_at, false, a.verified, a.reconstructed,
      a.value_era, a.owner_era, a.value, a.currency
    FROM acts a
    JOIN eras e ON e.opportunity_id = a.opportunity_id AND e.era = a.era
    JOIN milestones m ON m.workspace_id = a.workspace_id AND m.id = a.milestone_id
    WHERE a.kind = 'ordered') orders
  WHERE ordinal > 1
)"""

_PRICED = """
priced AS (
  -- The value valid at the arrival; at the order, the order's own; converted at the rate of the
  -- day as it was known when the arrival was recorded, so that later rates change nothing.
  SELECT a.*, w.value, w.currency, f.rate AS fx_rate, f.day AS fx_day, f.source AS fx_source,
    round(w.value * f.rate, :exponent) AS reporting_value, p.owner_id, p.credits
  FROM arrivals a
  LEFT JOIN valued v ON v.opportunity_id = a.opportunity_id AND v.value_era = a.value_era
  LEFT JOIN owned p ON p.opportunity_id = a.opportunity_id AND p.owner_era = a.owner_era
  CROSS JOIN LATERAL (
    SELECT CASE WHEN a.is_order THEN a.amount ELSE coalesce(v.value, a.amount) END AS value,
      CASE WHEN a.is_order OR v.value IS NULL THEN a.amount_currency ELSE v.currency END
        AS currency) w
  LEFT JOIN LATERAL (
    SELECT 1 AS rate, NULL::date AS day, NULL AS source WHERE w.currency = :currency
    UNION ALL (
      SELECT r.rate, r.day, r.source FROM currency_rates r
      WHERE w.currency <> :currency AND r.workspace_id = :workspace AND r.currency = w.currency
        AND r.day <= (a.arrived_at AT TIME ZONE :zone)::date
      ORDER BY r.recorded_at <= a.recorded_at DESC, r.day DESC,
        CASE WHEN r.recorded_at <= a.recorded_at THEN r.recorded_at END DESC, r.recorded_at
      LIMIT 1)) f ON true
)"""

_EXITS = """
exits AS MATERIALIZED (
  -- The last word on whether a deal is out: an act of the customer brings it back.
  SELECT * FROM (
    SELECT DISTINCT ON (l.opportunity_id) l.opportunity_id, l.kind, l.occurred_at, l.exit_kind,
      l.reason
    FROM log l
    WHERE l.kind IN ('exited', 'reopened', 'revived')
      OR l.kind IN ('reached', 'ordered') AND l.id IN (SELECT id FROM acts)
    ORDER BY l.opportunity_id, l.ord DESC) last_word
  WHERE kind = 'exited'
), holds AS MATERIALIZED (
  SELECT opportunity_id, occurred_at AS since, until, ended, least(until, ended) AS upto
  FROM (
    SELECT l.*, lead(l.occurred_at) OVER (PARTITION BY l.opportunity_id ORDER BY l.ord) AS ended
    FROM log l LEFT JOIN acts a ON a.id = l.id
    WHERE (l.kind IN ('hold_started', 'hold_ended', 'exited') OR a.id IS NOT NULL)
      AND EXISTS (SELECT FROM log WHERE kind = 'hold_started')) stretches
  WHERE kind = 'hold_started'
)"""

_DEPARTED = """
departed AS MATERIALIZED (
  -- When the deal left the section that begins at a milestone, and how. Regression does not
  -- undo an arrival, so it ends nothing either.
  SELECT s.*,
    CASE WHEN s.ordinal > 1 OR s.is_order THEN NULL
      ELSE coalesce(s.next_at, v.moved_at, x.occurred_at) END AS left_at,
    CASE WHEN s.ordinal > 1 OR s.is_order THEN NULL WHEN s.next_at IS NOT NULL THEN 'advanced'
      WHEN v.moved_at IS NOT NULL THEN 'moved' WHEN x.occurred_at IS NOT NULL THEN 'exited'
      END AS outcome
  FROM (
    SELECT p.*, lead(p.arrived_at) OVER (
        PARTITION BY p.opportunity_id, p.process_id, p.ordinal ORDER BY p.era, p.position)
        AS next_at
    FROM priced p) s
  LEFT JOIN moves v ON v.opportunity_id = s.opportunity_id AND v.era = s.era
  LEFT JOIN exits x ON x.opportunity_id = s.opportunity_id
), held AS (
  SELECT d.opportunity_id, d.milestone_id, d.ordinal,
    sum(extract(epoch FROM least(h.upto, d.left_at) - greatest(h.since, d.arrived_at))) / 86400
      AS days
  FROM departed d
  JOIN holds h ON h.opportunity_id = d.opportunity_id AND h.ended IS NOT NULL
    AND h.upto > d.arrived_at AND (d.left_at IS NULL OR h.since < d.left_at)
  GROUP BY d.opportunity_id, d.milestone_id, d.ordinal
), stays AS MATERIALIZED (
  -- Ragged is what cannot be added up on its own: a deal's further arrivals at one place, and
  -- arrivals that several people share.
  SELECT d.*, coalesce(h.days, 0)::numeric AS held_days,
    d.ordinal > 1 OR d.credits IS NOT NULL OR count(*) OVER (
      PARTITION BY d.opportunity_id, d.process_id, d.lineage_id) > 1 AS ragged
  FROM departed d
  LEFT JOIN held h ON h.opportunity_id = d.opportunity_id AND h.milestone_id = d.milestone_id
    AND h.ordinal = d.ordinal
)"""

_CREDITED = """
credited AS (
  -- Who is credited: the owner alone, or the shares that were agreed. Shares of the value are cut
  -- in minor units; the units that are left over go to the largest remainders.
  SELECT s.opportunity_id, s.milestone_id, s.ordinal, s.owner_id AS person_id,
    100::numeric AS percent, true AS counts,
    floor(s.reporting_value * power(10::numeric, :exponent)) / power(10::numeric, :exponent)
      AS reporting_value
  FROM stays s WHERE s.credits IS NULL AND s.owner_id IS NOT NULL
  UNION ALL
  SELECT s.opportunity_id, s.milestone_id, s.ordinal, c.person_id, c.percent, c.counts,
    CASE WHEN s.reporting_value IS NOT NULL THEN
      (c.whole + CASE WHEN row_number() OVER share <= c.total - sum(c.whole) OVER arrival
        THEN 1 ELSE 0 END) / power(10::numeric, :exponent) END
  FROM stays s
  CROSS JOIN LATERAL (
    SELECT x.*, floor(x.total * x.percent / 100) AS whole,
      x.total * x.percent / 100 - floor(x.total * x.percent / 100) AS rest
    FROM (
      SELECT k.person_id, k.percent, k.person_id IS NOT DISTINCT FROM s.owner_id AS counts,
        s.reporting_value * power(10::numeric, :exponent) AS total
      FROM jsonb_to_recordset(s.credits) AS k(person_id uuid, percent numeric)
      WHERE k.person_id IS NOT NULL) x) c
  WHERE s.credits IS NOT NULL
  WINDOW arrival AS (PARTITION BY s.opportunity_id, s.milestone_id, s.ordinal),
    share AS (arrival ORDER BY c.rest DESC, c.person_id)
)"""

_STATE = """
current_era AS (
  SELECT DISTINCT ON (opportunity_id) * FROM eras ORDER BY opportunity_id, era DESC
), fallen AS (
  SELECT DISTINCT ON (opportunity_id, era) opportunity_id, era, ord, position
  FROM placed WHERE kind = 'regressed' ORDER BY opportunity_id, era, ord DESC
), standing AS (
  -- Back at the milestone last fallen back to, or on at the furthest one reached since.
  SELECT e.opportunity_id, greatest(coalesce(r.position, e.start),
    max(a.position) FILTER (WHERE a.ord > coalesce(r.ord, 0))) AS position
  FROM current_era e
  LEFT JOIN fallen r ON r.opportunity_id = e.opportunity_id AND r.era = e.era
  LEFT JOIN acts a ON a.opportunity_id = e.opportunity_id AND a.era = e.era
  GROUP BY e.opportunity_id, e.start, r.position
), summed AS (
  SELECT opportunity_id, max(arrived_at) FILTER (WHERE ordinal = 1) AS last_at,
    min(arrived_at) FILTER (WHERE is_order) AS won_at,
    sum(reporting_value) FILTER (WHERE is_order) AS ordered_value
  FROM stays GROUP BY opportunity_id
), revived AS (
  SELECT opportunity_id, max(occurred_at) AS at FROM log WHERE kind = 'revived'
  GROUP BY opportunity_id
), ball AS (
  -- Whose turn it is, unless the customer has done something since, or the deal is over. To say
  -- once more whose turn it is does not make the waiting any shorter.
  SELECT DISTINCT ON (opportunity_id) opportunity_id, kind, ball, occurred_at
  FROM (
    SELECT l.opportunity_id, l.kind, l.ball, l.occurred_at, l.ord,
      lag(l.ball) OVER (PARTITION BY l.opportunity_id ORDER BY l.ord) AS ball_before
    FROM log l LEFT JOIN acts a ON a.id = l.id
    WHERE (l.kind IN ('ball_passed', 'exited', 'revived', 'moved_process') OR a.id IS NOT NULL)
      AND EXISTS (SELECT FROM log WHERE kind = 'ball_passed')
  ) turns
  WHERE ball IS NULL OR ball IS DISTINCT FROM ball_before
  ORDER BY opportunity_id, ord DESC
), worth AS (
  SELECT DISTINCT ON (opportunity_id) * FROM valued ORDER BY opportunity_id, value_era DESC
), owner AS (
  SELECT DISTINCT ON (opportunity_id) * FROM owned ORDER BY opportunity_id, owner_era DESC
), state AS (
  SELECT e.opportunity_id, e.version_id, e.process_id, p.position, m.id AS milestone_id,
    CASE WHEN p.position > 0 THEN coalesce(here.arrived_at, e.since) END AS reached_at,
    greatest(coalesce(s.last_at, e.since), revived.at) AS clock_from,
    CASE WHEN x.kind IS NOT NULL THEN 'exited' WHEN s.won_at IS NOT NULL THEN 'won' ELSE 'open'
      END AS status,
    s.won_at, s.ordered_value, x.occurred_at AS exited_at, x.exit_kind, x.reason AS exit_reason,
    h.since AS held_since, h.until AS held_until,
    b.ball, CASE WHEN b.ball IS NOT NULL THEN b.occurred_at END AS waiting_since,
    w.value, w.currency, o.owner_id, o.credits
  FROM current_era e
  JOIN standing p ON p.opportunity_id = e.opportunity_id
  LEFT JOIN milestones m ON m.workspace_id = :workspace AND m.version_id = e.version_id
    AND m.position = p.position
  LEFT JOIN stays here ON here.opportunity_id = e.opportunity_id AND here.milestone_id = m.id
    AND here.ordinal = 1
  LEFT JOIN summed s ON s.opportunity_id = e.opportunity_id
  LEFT JOIN revived ON revived.opportunity_id = e.opportunity_id
  LEFT JOIN exits x ON x.opportunity_id = e.opportunity_id
  LEFT JOIN holds h ON h.opportunity_id = e.opportunity_id AND h.ended IS NULL
  LEFT JOIN ball b ON b.opportunity_id = e.opportunity_id
  LEFT JOIN worth w ON w.opportunity_id = e.opportunity_id
  LEFT JOIN owner o ON o.opportunity_id = e.opportunity_id
), rested AS (
  SELECT s.opportunity_id,
    sum(extract(epoch FROM h.upto - greatest(h.since, s.clock_from))) / 86400 AS days
  FROM state s
  JOIN holds h ON h.opportunity_id = s.opportunity_id AND h.ended IS NOT NULL
    AND h.upto > s.clock_from
  GROUP BY s.opportunity_id
), counted AS (
  SELECT s.*, least(:hold_limit, coalesce(r.days, 0)) AS clock_held_days,
    s.status = 'open' AND s.held_since IS NULL AND s.milestone_id IS NOT NULL AS stocked
  FROM state s LEFT JOIN rested r ON r.opportunity_id = s.opportunity_id
)"""

PASSAGE_COLUMNS = (
    "workspace_id, opportunity_id, milestone_id, ordinal, event_id, process_id, lineage_id,"
    " position, arrived_at, implied, verified, reconstructed, value, currency, reporting_value,"
    " fx_rate, fx_day, fx_source, owner_id, left_at, outcome, held_days,"
    " ragged"
)
CREDIT_COLUMNS = (
    "workspace_id, opportunity_id, milestone_id, ordinal, person_id, percent, counts,"
    " reporting_value"
)


def history(chosen: str, events: str = STORED) -> str:
    """The named sets up to `credited`, over the opportunities that `chosen` picks."""
    steps = (_LOG, _ERAS, _ACTS, _ARRIVALS, _PRICED, _EXITS, _DEPARTED, _CREDITED)
    return ",".join(steps).replace("{chosen}", chosen).replace("{events}", events)


def standing_sets(chosen: str, events: str = STORED) -> str:
    """The named sets up to `counted`: where each deal stands, beside `stays`."""
    return f"{history(chosen, events)}, {_STATE}"


def passages_sql(chosen: str) -> str:
    columns = PASSAGE_COLUMNS.replace("workspace_id", "CAST(:workspace AS uuid) AS workspace_id")
    return f"WITH {history(chosen)} SELECT {columns} FROM stays"


def credits_sql(chosen: str) -> str:
    columns = CREDIT_COLUMNS.replace("workspace_id", "CAST(:workspace AS uuid) AS workspace_id")
    return f"WITH {history(chosen)} SELECT {columns} FROM credited"
