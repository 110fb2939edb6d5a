"""Opportunities that come in by the thousand, nobody knew before, and bring their history along.

What follows from their events is derived before anything is stored, by the very sets that derive
it from stored events: each row is written once, and whole. To insert first and to change what was
inserted would write every index entry and check every reference twice.
"""

from sqlalchemy import inspect, select, text

from app.core.work import Work
from app.domain import business, loop, replay
from app.domain.derivation import DERIVED_COLUMNS
from app.domain.history import CREDIT_COLUMNS, PASSAGE_COLUMNS, standing_sets
from app.domain.ledger import posting
from app.domain.outbox import posting as outbox
from app.tables import Event, Opportunity, Workspace

# Temporary tables with the columns of `opportunities` and `events`, to be filled by the caller.
DEALS, EVENTS = "newcomers", "newcomer_events"
DECIDED = (
    *DERIVED_COLUMNS.split(", "),
    "stocked",
    "business_type",
    "counted_as",
    "business_subtype",
    "version",
)

_STATED = ", ".join(
    column.name for column in inspect(Opportunity).columns if column.name not in DECIDED
)
_TOLD = ", ".join(column.name for column in inspect(Event).columns)

_ARRIVALS = """
  SELECT s.process_id, s.lineage_id, s.arrived_at, s.owner_id AS person_id, t.business_type,
    s.verified, s.value, s.reporting_value, 1 AS sign
  FROM stays s JOIN typed t ON t.id = s.opportunity_id WHERE NOT s.ragged"""
_STOCK = """
  SELECT c.process_id, c.milestone_id, c.currency, c.value, 1 AS sign
  FROM counted c WHERE c.stocked"""

_NEWS = outbox.NEW.format(
    workspace=":workspace",
    news="gen_random_uuid()",
    id="t.id",
    now=":now",
    bulk="true",
    entered="typed t",
)
_ENTER = f"""WITH RECURSIVE {standing_sets("true", f"{EVENTS} e")},
chosen AS (SELECT DISTINCT account_id FROM {DEALS}), {{companies}}, ordered AS (
  -- The latest order of the account before the deal: one that was known, or one that comes along.
  SELECT n.id, max(x.arrived_at) AS latest
  FROM {DEALS} n
  JOIN companies k ON k.account_id = n.account_id
  JOIN (
    SELECT o.id, o.account_id, p.arrived_at
    FROM opportunities o
    JOIN passages p ON p.workspace_id = :workspace AND p.opportunity_id = o.id
    JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
    WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL AND o.won_at IS NOT NULL
      AND o.account_id IN (SELECT member FROM companies)
    UNION ALL
    SELECT d.id, d.account_id, s.arrived_at
    FROM stays s JOIN {DEALS} d ON d.id = s.opportunity_id WHERE s.is_order) x
    ON x.account_id = k.member AND x.id <> n.id AND x.arrived_at < n.created_at
  WHERE NOT n.business_chosen GROUP BY n.id
), typed AS (
  SELECT c.id, CASE WHEN c.business_chosen THEN c.business_type ELSE {business.TYPE} END
      AS business_type,
    CASE WHEN c.business_chosen THEN c.business_subtype ELSE {business.SUBTYPE} END
      AS business_subtype
  FROM {DEALS} c LEFT JOIN ordered b ON b.id = c.id
), stored_opportunities AS (
  INSERT INTO opportunities ({_STATED}, {", ".join(DECIDED)})
  SELECT {", ".join(f"c.{column}" for column in _STATED.split(", "))},
    {", ".join(f"s.{column}" for column in DERIVED_COLUMNS.split(", "))}, s.stocked,
    t.business_type, t.business_type, t.business_subtype, 1
  FROM {DEALS} c JOIN counted s ON s.opportunity_id = c.id JOIN typed t ON t.id = c.id
), stored_events AS (
  INSERT INTO events ({_TOLD}) SELECT {_TOLD} FROM {EVENTS}
), stored_passages AS (
  INSERT INTO passages ({PASSAGE_COLUMNS})
  SELECT {PASSAGE_COLUMNS.replace("workspace_id", ":workspace")} FROM stays
), stored_credits AS (
  INSERT INTO credits ({CREDIT_COLUMNS})
  SELECT {CREDIT_COLUMNS.replace("workspace_id", ":workspace")} FROM credited
), {posting.arrivals(_ARRIVALS)}, {posting.stock(_STOCK)},
{posting.touches(f"SELECT id FROM {DEALS}")}, outbox AS (
  {_NEWS}
)
SELECT"""


async def begin(work: Work) -> None:
    """Make the two tables."""
    for table, like in ((DEALS, "opportunities"), (EVENTS, "events")):
        copied = f"SELECT * FROM {like} WITH NO DATA"
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {copied}"))


async def enter(work: Work) -> None:
    """Store them with everything that follows. Each has an event that says it was created."""
    await work.db.execute(text(f"ANALYZE {DEALS}, {EVENTS}"))
    room = select(Workspace.hold_limit_days).where(Workspace.id == work.workspace_id)
    # The ledger counts by local days: another time zone waits, or is waited for.
    limit = await work.db.scalar(room.with_for_update(read=True, key_share=True))
    values = replay.values_of(work) | {"hold_limit": limit, "months": business.MONTHS}
    entered = _ENTER.replace("{companies}", business.companies_sql(work))
    await replay.as_sets(work, text(entered), values)


async def settle(work: Work) -> None:
    """Tell the cells of the matrix; when their products are named, too."""
    await loop.settle(work, f"IN (SELECT id FROM {DEALS})", replay.values_of(work))
