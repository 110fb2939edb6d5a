"""Writes what follows from the events, where it differs from what is stored, into the ledger what
that changes, and into the outbox what others are told of it. One statement, however many
opportunities: it sees what was there before.
"""

from app.domain.history import CREDIT_COLUMNS, PASSAGE_COLUMNS, standing_sets
from app.domain.ledger import posting
from app.domain.outbox import posting as outbox

DERIVED_COLUMNS = (
    "process_id, version_id, owner_id, credits, value, currency, status, position, milestone_id,"
    " reached_at, clock_from, clock_held_days, held_since, held_until, ball, waiting_since, won_at,"
    " ordered_value, exited_at, exit_kind, exit_reason"
)
_PASSAGE_KEY = ("opportunity_id", "milestone_id", "ordinal")
_CREDIT_KEY = (*_PASSAGE_KEY, "person_id")

_ARRIVALS = """
  SELECT p.process_id, p.lineage_id, p.arrived_at, p.owner_id AS person_id,
    o.counted_as AS business_type, p.verified, p.value, p.reporting_value, -1 AS sign
  FROM known_passages p
  JOIN opportunities o ON o.workspace_id = p.workspace_id AND o.id = p.opportunity_id
  WHERE NOT p.ragged
  UNION ALL
  SELECT s.process_id, s.lineage_id, s.arrived_at, s.owner_id, o.business_type, s.verified,
    s.value, s.reporting_value, 1
  FROM stays s
  JOIN opportunities o ON o.workspace_id = :workspace AND o.id = s.opportunity_id
  WHERE NOT s.ragged"""

_STOCK = """
  SELECT o.process_id, o.milestone_id, o.currency, o.value, -1 AS sign
  FROM opportunities o WHERE o.workspace_id = :workspace AND o.id {chosen} AND o.stocked
  UNION ALL
  SELECT c.process_id, c.milestone_id, c.currency, c.value, 1
  FROM counted c WHERE c.stocked"""


_CHOSEN = "SELECT id FROM opportunities WHERE workspace_id = :workspace AND id {chosen}"


def _prefixed(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{column.strip()}" for column in columns.split(","))


_DIFFERENT = f"""(o.version = 0 OR
  ({_prefixed("o", DERIVED_COLUMNS)}) IS DISTINCT FROM ({_prefixed("c", DERIVED_COLUMNS)}))"""


def derive_sql(chosen: str, *, bulk: bool = False) -> str:
    """`chosen` is what the id of an opportunity has to be, such as `= ANY(:ids)`. `bulk`: others
    are told of each deal in one word."""
    return f"""WITH {standing_sets(f"e.opportunity_id {chosen}")},
{outbox.KNOWN.replace("{chosen}", chosen)},
{_stored("passages", PASSAGE_COLUMNS, _PASSAGE_KEY, "stays", chosen)},
{_stored("credits", CREDIT_COLUMNS, _CREDIT_KEY, "credited", chosen)},
{posting.arrivals(_ARRIVALS)},
{posting.stock(_STOCK.replace("{chosen}", chosen))},
{posting.touches(_CHOSEN.replace("{chosen}", chosen))},
removed AS (
  -- What was deleted is in no stock, and keeps the rest as it was for whoever restores it.
  UPDATE opportunities SET stocked = false
  WHERE workspace_id = :workspace AND id {chosen} AND deleted_at IS NOT NULL AND stocked
), written AS (
  UPDATE opportunities o SET ({DERIVED_COLUMNS}) = ROW({_prefixed("c", DERIVED_COLUMNS)}),
    stocked = c.stocked, counted_as = o.business_type,
    version = o.version + {_DIFFERENT}::int,
    updated_at = CASE WHEN {_DIFFERENT} THEN :now ELSE o.updated_at END
  FROM counted c
  WHERE o.workspace_id = :workspace AND o.id = c.opportunity_id
    AND ({_DIFFERENT} OR (o.stocked, o.counted_as) IS DISTINCT FROM (c.stocked, o.business_type))
  RETURNING o.id, o.version
){outbox.IN_BULK if bulk else outbox.ONE_BY_ONE}"""


def _stored(table: str, columns: str, key: tuple[str, ...], told: str, chosen: str) -> str:
    """Sets that bring a table in line with what was `told`: most of it is there already."""
    names = columns.replace("workspace_id, ", "")
    rest = ", ".join(name for name in names.split(", ") if name not in key)
    same = " AND ".join(f"{{one}}.{name} = {{other}}.{name}" for name in key)
    return f"""known_{table} AS MATERIALIZED (
  SELECT t.* FROM {table} t WHERE t.workspace_id = :workspace AND t.opportunity_id {chosen}
), gone_{table} AS (
  DELETE FROM {table} t USING (
    SELECT k.* FROM known_{table} k
    WHERE NOT EXISTS (SELECT FROM {told} s WHERE {same.format(one="s", other="k")})) g
  WHERE t.workspace_id = :workspace AND {same.format(one="t", other="g")}
), changed_{table} AS (
  UPDATE {table} t SET ({rest}) = ROW({_prefixed("d", rest)})
  FROM (
    SELECT s.* FROM {told} s JOIN known_{table} k ON {same.format(one="s", other="k")}
    WHERE ({_prefixed("s", rest)}) IS DISTINCT FROM ({_prefixed("k", rest)})) d
  WHERE t.workspace_id = :workspace AND {same.format(one="t", other="d")}
), new_{table} AS (
  INSERT INTO {table} (workspace_id, {names})
  SELECT :workspace, {names} FROM {told} s
  WHERE NOT EXISTS (SELECT FROM known_{table} k WHERE {same.format(one="k", other="s")})
)"""
