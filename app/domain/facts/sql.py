"""The two statements behind `facts`: a process's deals, and their stays, at a moment.

Today's state and passages are stored; those of a past moment follow from the events of then.
"""

import re
from enum import Enum

from app.domain.facts.deals import ACTED, AMOUNT, KEY, MOMENTS, NAMES, PASSED
from app.domain.history import TAKEN_BACK_THEN, standing_sets
from app.domain.replay import BY_PROCESS
from app.engine.flow.gathering import NEVER, NOWHERE

_KNOWN = """(
      CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
    AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)"""

# Rows of a table that belong to the deals of a set: see `_joined`.
_EACH = re.compile(r"\{each (\w+) (\w+)\.(\w+) = (\w+)\}")
_AS_SETS = r"JOIN \1 \2 ON \2.workspace_id = :workspace AND \2.\3 = \4.opportunity_id"
_BY_INDEX = (
    r"CROSS JOIN LATERAL (SELECT * FROM \1 WHERE workspace_id = :workspace"
    r" AND \3 = \4.opportunity_id OFFSET 0) \2"
)

_STORED = """
WITH seen AS ({seen}), now_standing AS (
  SELECT o.id AS opportunity_id, o.process_id, o.position, o.milestone_id, o.clock_from, o.status,
    o.won_at, o.exited_at, o.exit_kind, o.exit_reason, o.held_since, o.held_until, o.ball,
    o.waiting_since, o.value, o.currency, o.owner_id, o.credits
  FROM seen s {each opportunities o.id = s}
  WHERE o.deleted_at IS NULL
)"""
_ALL = """
  SELECT DISTINCT opportunity_id FROM passages
  WHERE workspace_id = :workspace AND process_id = :process {among}
"""
# Open in the process, on hold or not, or declined there since a moment; of those that arrived.
_STANDING = """
  SELECT o.id AS opportunity_id
  FROM (
    SELECT id FROM opportunities
    WHERE workspace_id = :workspace AND process_id = :process AND status = 'open'
      AND deleted_at IS NULL {among}
    UNION ALL
    SELECT id FROM opportunities
    WHERE workspace_id = :workspace AND process_id = :process AND status = 'exited'
      AND exit_kind = 'declined' AND exited_at >= :since AND deleted_at IS NULL {among}
  ) o CROSS JOIN LATERAL (
    SELECT FROM passages p WHERE p.workspace_id = :workspace AND p.opportunity_id = o.id
      AND p.process_id = :process LIMIT 1) arrived
"""

_REPLAYED = f"""
WITH {standing_sets(BY_PROCESS)}, seen AS (
  SELECT DISTINCT opportunity_id FROM stays WHERE process_id = :process
), now_standing AS (
  SELECT c.* FROM counted c JOIN seen s ON s.opportunity_id = c.opportunity_id
)"""

# What was told of those that stand is looked up once.
_TELLING = """
, theirs AS MATERIALIZED (
  SELECT e.workspace_id, e.id, e.opportunity_id, e.kind, e.occurred_at, e.recorded_at, e.import_id,
    e.competitor, e.actor, e.exit_kind, e.ball
  FROM seen s {each events e.opportunity_id = s}
)"""

# Exits told as they happen, many by one person within minutes, are a clean-up of the list and say
# nothing about when customers decided (`masses`). Imports and our own exits are none.
_DEALS = f"""
{{telling}}, known_events AS (
  SELECT e.id, e.opportunity_id, e.kind, e.occurred_at, e.import_id, e.competitor, e.actor,
    e.exit_kind <> 'stale' AND e.import_id IS NULL
      AND abs(extract(epoch FROM e.recorded_at - e.occurred_at)) < 300 AS at_hand
  FROM {{told}}
  WHERE e.kind IN ('created', 'ordered', 'exited', 'regressed')
    AND {_KNOWN} AND NOT {TAKEN_BACK_THEN}
), told AS (
  SELECT opportunity_id,
    max(occurred_at) FILTER (WHERE kind = 'regressed') AS fell_at,
    min(import_id::text) FILTER (WHERE kind = 'created') AS born_in,
    (array_agg(import_id::text ORDER BY occurred_at DESC, id DESC) FILTER (
      WHERE kind IN ('ordered', 'exited')))[1] AS closed_in,
    (array_agg(competitor ORDER BY occurred_at DESC, id DESC) FILTER (
      WHERE kind = 'exited'))[1] AS competitor
  FROM known_events GROUP BY opportunity_id
), last_acts AS (
  SELECT e.opportunity_id, max(e.occurred_at) FILTER (WHERE e.kind <> 'ball_passed') AS {ACTED},
    (array_agg(e.ball ORDER BY e.occurred_at DESC, e.id DESC))[1] AS {PASSED}
  FROM {{told}}
  WHERE {_KNOWN} AND NOT {TAKEN_BACK_THEN}
    AND e.kind IN ('reached', 'ordered', 'criterion_met', 'revived', 'ball_passed')
  GROUP BY e.opportunity_id
), rates AS (
  SELECT DISTINCT ON (r.currency) r.currency, r.rate FROM currency_rates r
  WHERE r.workspace_id = :workspace AND r.day <= (CAST(:at AS timestamptz) AT TIME ZONE :zone)::date
    AND (CAST(:as_of AS timestamptz) IS NULL OR r.recorded_at <= :as_of)
  ORDER BY r.currency, r.day DESC, r.recorded_at DESC
), listed AS (
  SELECT x.opportunity_id, sum(x.list_value * CASE WHEN x.list_currency = :currency THEN 1
    ELSE r.rate END) AS list_value
  FROM seen s {{each opportunity_products x.opportunity_id = s}}
  LEFT JOIN rates r ON r.currency = x.list_currency
  GROUP BY x.opportunity_id
), valued_now AS (
  SELECT n.*, t.fell_at, t.competitor, a.{ACTED}, a.{PASSED}, l.list_value,
    coalesce(t.born_in = t.closed_in, false) AS hindsight,
    n.value * CASE WHEN n.currency = :currency THEN 1 ELSE r.rate END AS said_value
  FROM now_standing n
  JOIN told t ON t.opportunity_id = n.opportunity_id
  LEFT JOIN last_acts a ON a.opportunity_id = n.opportunity_id
  LEFT JOIN rates r ON r.currency = n.currency
  LEFT JOIN listed l ON l.opportunity_id = n.opportunity_id
)"""
_OF_DEALS = f"""
SELECT n.opportunity_id, o.name, o.account_id, n.owner_id, n.credits,
  CASE WHEN n.process_id <> :process THEN 'moved' ELSE n.status END AS status,
  n.position, n.milestone_id, o.business_type, o.source, n.value, n.currency,
  round(CASE WHEN n.hindsight OR n.said_value IS NULL THEN n.list_value ELSE n.said_value END,
    :exponent) AS reporting_value,
  (n.hindsight OR n.said_value IS NULL) AND n.list_value IS NOT NULL AS estimated,
  n.held_since, n.held_until,
  n.clock_from, n.fell_at, n.won_at, n.exited_at, n.exit_kind, n.exit_reason, n.competitor,
  n.ball, n.waiting_since, o.external_probability, o.external_close_date,
  o.created_at, n.hindsight, n.{ACTED}, n.{PASSED}
FROM valued_now n {{each opportunities o.id = n}}
ORDER BY n.opportunity_id"""

# What the database tells of a deal; the rest follows from other deals.
TOLD = tuple(name for name in NAMES if name != "clean_up")
WHOLE = ("deal", "position", "milestone", "ordinal", "implied", "owner")
TIMES = ("arrived", "left_")
REAL = ("held", "value")


def _moments(moment: str) -> str:
    """A column of moments as one string of bytes: microseconds since the engine's origin, which is
    PostgreSQL's as well."""
    return f"string_agg(coalesce(timestamptz_send({moment}), int8send({NEVER})), '')"


def _places(number: str) -> str:
    """A column of whole numbers as one string of bytes."""
    return f"string_agg(int8send(({number})::bigint), '')"


def _numbers(number: str) -> str:
    """The same of real ones, what is not known as NaN."""
    return f"string_agg(float8send(coalesce(({number})::float8, 'NaN')), '')"


def _ids(id: str) -> str:
    """The same of ids."""
    return f"string_agg(uuid_send({id}), '')"


def _column(name: str) -> str:
    if name in MOMENTS:
        return f"{_moments(name)} AS {name}"
    return f"array_agg({name}) AS {name}"


_AS_COLUMNS = f"""
, deals AS (
  SELECT {", ".join(_column(name) for name in TOLD)}, {_numbers("reporting_value")} AS {AMOUNT},
    {_ids("opportunity_id")} AS {KEY}, {_moments(ACTED)} AS {ACTED},
    array_agg({PASSED}) AS {PASSED}
  FROM ({_OF_DEALS}) deals
)"""
# The deals, and of their exits whose hand it was and when.
_LEAVING = f"""
, hands AS (
  SELECT actor, row_number() OVER (ORDER BY actor) - 1 AS place
  FROM (SELECT DISTINCT actor FROM known_events WHERE kind = 'exited') known
), leaving AS (
  SELECT {_ids("opportunity_id")} AS exit_{KEY}, {_places("place")} AS exit_hand,
    {_moments("occurred_at")} AS exit_at, {_places("at_hand::int")} AS exit_counts
  FROM (
    SELECT e.*, h.place FROM known_events e JOIN hands h ON h.actor = e.actor
    WHERE e.kind = 'exited' ORDER BY e.opportunity_id, e.occurred_at) exited
)
SELECT deals.*, leaving.*, (SELECT array_agg(actor ORDER BY place) FROM hands) AS hands
FROM deals CROSS JOIN leaving"""
_STAYING = f"""
SELECT deals.*, NULL AS exit_{KEY}, NULL AS exit_hand, NULL AS exit_at, NULL AS exit_counts,
  NULL AS hands
FROM deals"""


# All arrivals in one row of columns, by deal, time and position: ids as places in lists of ids, and
# moments as microseconds since the engine's origin. A hundred thousand rows would cost a hundred
# times as much to take apart.
_STAYS = f"""
, owners AS (
  SELECT owner_id AS id, row_number() OVER (ORDER BY owner_id) - 1 AS place
  FROM (SELECT DISTINCT owner_id FROM here WHERE owner_id IS NOT NULL) known
), stations AS (
  SELECT milestone_id AS id, row_number() OVER (ORDER BY milestone_id) - 1 AS place
  FROM (SELECT DISTINCT milestone_id FROM here) known
), told AS (
  SELECT h.deal, coalesce(array_position(CAST(:lineages AS uuid[]), h.lineage_id), {NOWHERE})
      AS position,
    s.place AS milestone, h.ordinal, h.arrived_at AS arrived, h.left_at AS left_,
    h.held_days::float8 AS held, h.implied::int AS implied, h.reporting_value::float8 AS value,
    coalesce(o.place, {NOWHERE}) AS owner
  FROM here h
  JOIN stations s ON s.id = h.milestone_id
  LEFT JOIN owners o ON o.id = h.owner_id
  ORDER BY h.deal, h.arrived_at, h.position, h.ordinal, h.milestone_id
)
SELECT
  (SELECT string_agg(uuid_send(id), '' ORDER BY id)
    FROM (SELECT DISTINCT opportunity_id AS id FROM here) deals) AS deals,
  (SELECT array_agg(id ORDER BY place) FROM stations) AS milestones,
  (SELECT array_agg(id ORDER BY place) FROM owners) AS owners,
  {", ".join(f"{_places(name)} AS {name}" for name in WHOLE)},
  {", ".join(f"{_moments(name)} AS {name}" for name in TIMES)},
  {", ".join(f"{_numbers(name)} AS {name}" for name in REAL)}
FROM told"""

_HERE = """here AS MATERIALIZED (
  SELECT dense_rank() OVER (ORDER BY p.opportunity_id) - 1 AS deal, p.opportunity_id,
    p.milestone_id, p.lineage_id, p.position, p.ordinal, p.arrived_at, p.implied,
    p.reporting_value, p.owner_id, p.left_at, p.held_days
  FROM {source} WHERE p.process_id = :process {among}
)"""


class Of(Enum):
    """Of which deals: all that ever arrived in the process, those that are named, those that stand
    open in it or were declined since a moment, or whichever of the named ones do."""

    ALL = "all"
    NAMED = "named"
    STANDING = "standing"
    NAMED_STANDING = "named standing"

    @property
    def stand(self) -> bool:
        return self in (Of.STANDING, Of.NAMED_STANDING)

    @property
    def named(self) -> bool:
        return self in (Of.NAMED, Of.NAMED_STANDING)


def deals_sql(*, past: bool, of: Of = Of.ALL) -> str:
    """One row: of every deal that arrived anywhere in the process everything as columns, by id;
    and of their exits, by deal. What stands is told without exits."""
    return _joined(_begun(past=past, of=of) + _DEALS + _AS_COLUMNS, of) + (
        _LEAVING if not of.stand else _STAYING
    )


def rows_sql(*, past: bool) -> str:
    """The deals in a row each."""
    return _joined(_begun(past=past, of=Of.ALL) + _DEALS + _OF_DEALS, Of.ALL)


def stays_sql(*, past: bool, of: Of = Of.ALL) -> str:
    """One row: of all arrivals in the process everything as columns."""
    if past:
        return f"WITH {standing_sets(BY_PROCESS)}, {_here('stays p')}" + _STAYS
    if of.stand:
        source = "seen s {each passages p.opportunity_id = s}"
        return f"WITH seen AS ({_seen(of)}), {_joined(_here(source), of)}" + _STAYS
    among = f"AND p.workspace_id = :workspace {_among('p.opportunity_id', of)}"
    return f"WITH {_here('passages p', among)}" + _STAYS


def _here(source: str, among: str = "") -> str:
    return _HERE.replace("{source}", source).replace("{among}", among)


def _begun(*, past: bool, of: Of) -> str:
    return _REPLAYED if past else _STORED.replace("{seen}", _seen(of))


def _seen(of: Of) -> str:
    if of.stand:
        return _STANDING.replace("{among}", _among("id", of))
    return _ALL.replace("{among}", _among("opportunity_id", of))


def _among(id: str, of: Of) -> str:
    return f"AND {id} = ANY(CAST(:deals AS uuid[]))" if of.named else ""


def _joined(sql: str, of: Of) -> str:
    """Rows that belong to deals: of all of them as sets, of those that stand, which are few among
    all there are, each by the index, whatever the planner knows of the tables."""
    telling = _TELLING if of.stand else ""
    told = "theirs e" if of.stand else "seen s {each events e.opportunity_id = s}"
    sql = sql.replace("{telling}", telling).replace("{told}", told)
    return _EACH.sub(_BY_INDEX if of.stand else _AS_SETS, sql)
