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

# A temporary table with the columns of `opportunities`, to be filled by the caller.
DEALS = "newcomers"
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
_ENTER = f"""WITH RECURSIVE {standing_sets("true", "({events}) e")},
chosen AS (SELECT id, account_id, created_at FROM {DEALS} WHERE NOT business_chosen),
{{companies}}, orders AS (
  -- Those that were known, and those that come along.
  SELECT o.id AS deal, o.account_id, p.arrived_at AS at
  FROM opportunities o
  JOIN passages p ON p.workspace_id = :workspace AND p.opportunity_id = o.id
  JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL AND o.won_at IS NOT NULL
    AND o.account_id IN (SELECT member FROM companies)
  UNION ALL
  SELECT d.id, d.account_id, s.arrived_at
  FROM stays s JOIN {DEALS} d ON d.id = s.opportunity_id WHERE s.is_order
), {business.ORDERED}, typed AS (
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
  INSERT INTO events ({_TOLD}) SELECT {_TOLD} FROM ({{events}}) e
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
    """Make the table of the deals."""
    copied = "SELECT * FROM opportunities WITH NO DATA"
    await work.db.execute(text(f"CREATE TEMPORARY TABLE {DEALS} ON COMMIT DROP AS {copied}"))


async def enter(work: Work, events: str, **values: object) -> None:
    """Store them with their events and everything that follows.

    `events` is a query of what `events` is to hold of them, each time it is asked the same; it uses
    `values`. Each deal has an event that says it was created.
    """
    await work.db.execute(text(f"ANALYZE {DEALS}"))
    room = select(Workspace.hold_limit_days).where(Workspace.id == work.workspace_id)
    # The ledger counts by local days: another time zone waits, or is waited for.
    limit = await work.db.scalar(room.with_for_update(read=True, key_share=True))
    given = replay.values_of(work) | {"hold_limit": limit, "months": business.MONTHS, **values}
    entered = _ENTER.replace("{companies}", business.companies_sql(work))
    await replay.as_sets(work, text(entered.replace("{events}", events)), given)


async def settle(work: Work) -> None:
    """Tell the cells of the matrix; when their products are named, too."""
    await loop.settle(work, f"IN (SELECT id FROM {DEALS})", replay.values_of(work))
