"""Leads: whom the sources met, what became of them, and which touches led there.

A lead is an opportunity, or a customer met who is none yet. It came when it was first touched or
created, whichever was earlier. A touchpoint of an account belongs to the opportunities of the
account that are open then, and where none is to the next one; so no touch is counted again for
what is ordered years later. An opportunity that nothing touched by the time it was created was
touched then by the source whose key is its `source`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.work import Work
from app.domain.replay import AS_BEFORE, SETS
from app.engine.attribution import Order, Touch
from app.engine.money import Money, exponent

# Both ends of time, for questions about all of it.
EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

MET = """
last_words AS (
  SELECT DISTINCT ON (s.lead) s.lead, s.account_id, s.opportunity_id
  FROM touchpoint_stitches s
  WHERE s.workspace_id = :workspace
  ORDER BY s.lead, s.id DESC
), met AS (
  SELECT t.id, t.source_id, t.occurred_at AS at, t.effort_minutes, t.lead,
    coalesce(t.opportunity_id, w.opportunity_id) AS opportunity_id,
    coalesce(a.merged_into, a.id) AS account_id
  FROM touchpoints t LEFT JOIN last_words w ON w.lead = t.lead
  LEFT JOIN accounts a ON a.workspace_id = :workspace
    AND a.id = coalesce(t.account_id, w.account_id)
  WHERE t.workspace_id = :workspace AND t.direction = 'received'
), deals AS (
  SELECT o.id, o.name, o.account_id, o.created_at, o.source, o.business_type, o.status,
    o.process_id, coalesce(o.won_at, o.exited_at) AS ended_at,
    -- From then on no earlier deal of the account was there to take its touches.
    coalesce(max(coalesce(o.won_at, o.exited_at, 'infinity')) OVER (
      PARTITION BY o.account_id ORDER BY o.created_at, o.id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '-infinity') AS free_from
  FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL
    AND o.exit_kind IS DISTINCT FROM 'duplicate'
), told AS (
  SELECT d.id AS deal, m.id, m.source_id, m.at, m.effort_minutes
  FROM met m JOIN deals d ON d.id = m.opportunity_id
  UNION ALL
  SELECT d.id, m.id, m.source_id, m.at, m.effort_minutes
  FROM met m JOIN deals d ON d.account_id = m.account_id
    AND (m.at >= d.created_at OR m.at > d.free_from)
    AND m.at <= coalesce(d.ended_at, 'infinity')
  WHERE m.opportunity_id IS NULL
), named AS (
  -- Of one key the source that stands, else the one that was deleted last.
  SELECT DISTINCT ON (s.key) s.key, s.id FROM sources s
  WHERE s.workspace_id = :workspace
  ORDER BY s.key, s.deleted_at DESC NULLS FIRST
), derived AS (
  SELECT d.id AS deal, s.id AS source_id, d.created_at AS at
  FROM deals d
  JOIN named s ON s.key = d.source
  WHERE NOT EXISTS (SELECT FROM told t WHERE t.deal = d.id AND t.at <= d.created_at)
), loose AS (
  SELECT m.* FROM met m
  WHERE m.opportunity_id IS NULL AND NOT EXISTS (SELECT FROM told t WHERE t.id = m.id)
)"""

_TOUCHES = """
  min(at) AS first_at, array_agg(source_id ORDER BY at, id) AS sources,
  array_agg(at ORDER BY at, id) AS moments, array_agg(id ORDER BY at, id) AS touches,
  sum(effort_minutes) AS effort_minutes,
  count(*) FILTER (WHERE recorded AND effort_minutes IS NULL) AS without_effort"""

_LEADS = f"""
WITH {MET}, touched AS (
  SELECT deal, {_TOUCHES} FROM (
    SELECT deal, id, source_id, at, effort_minutes, true AS recorded FROM told
    UNION ALL
    SELECT deal, deal, source_id, at, NULL, false FROM derived) every_touch
  GROUP BY deal
), costs AS (
  -- What orders cost us, where every line of one says it.
  SELECT p.event_id, sum(round(l.direct_cost * p.fx_rate, :exponent)) AS cost
  FROM order_lines l
  JOIN passages p ON p.workspace_id = :workspace AND p.event_id = l.event_id
  JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
  WHERE l.workspace_id = :workspace
  GROUP BY p.event_id HAVING count(l.direct_cost) = count(*)
), passed AS (
  SELECT p.opportunity_id AS deal, min(p.arrived_at) AS arrived_at,
    array_agg(p.arrived_at ORDER BY p.ordinal) FILTER (WHERE m.is_order) AS ordered_at,
    array_agg(p.reporting_value ORDER BY p.ordinal) FILTER (WHERE m.is_order) AS order_values,
    array_agg(p.reporting_value - c.cost ORDER BY p.ordinal) FILTER (WHERE m.is_order)
      AS order_margins,
    array_agg(p.event_id ORDER BY p.ordinal) FILTER (WHERE m.is_order) AS order_events
  FROM passages p
  JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id
  LEFT JOIN costs c ON c.event_id = p.event_id AND m.is_order
  WHERE p.workspace_id = :workspace
  GROUP BY p.opportunity_id
), waiting AS (
  SELECT account_id, CASE WHEN account_id IS NULL THEN lead END AS lead, max(at) AS last_at,
    {_TOUCHES}
  FROM (SELECT *, true AS recorded FROM loose) every_touch
  GROUP BY 1, 2
), leads AS (
  SELECT d.id AS opportunity_id, d.name, d.business_type, d.status, d.process_id,
    least(t.first_at, d.created_at) AS came_at, t.sources, t.moments, t.touches,
    t.effort_minutes, t.without_effort, p.arrived_at, d.ended_at, NULL::timestamptz AS last_at,
    p.ordered_at, p.order_values, p.order_margins, p.order_events
  FROM deals d
  LEFT JOIN touched t ON t.deal = d.id
  LEFT JOIN passed p ON p.deal = d.id
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, w.first_at, w.sources, w.moments, w.touches,
    w.effort_minutes, w.without_effort, NULL, NULL, w.last_at, NULL, NULL, NULL, NULL
  FROM waiting w
)
SELECT * FROM leads
WHERE came_at >= :start AND came_at < :end
  AND (CAST(:process AS uuid) IS NULL OR process_id = :process)
  AND (CAST(:source AS uuid) IS NULL OR :source = ANY(sources))
  AND (CAST(:ids AS uuid[]) IS NULL OR opportunity_id = ANY(CAST(:ids AS uuid[])))
ORDER BY came_at, opportunity_id"""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order of a lead, or a further part of it: its event, and the amount in minor units; the
    margin as well, where all its costs are known."""

    event_id: UUID
    order: Order
    margin: Order


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it stands; `ended_at` when it ordered, left or was given up.

    `touches` are by source, `touch_ids` beside them; a derived one has the opportunity's id.
    """

    opportunity_id: UUID | None
    name: str | None
    business_type: str | None
    status: str | None
    came_at: datetime
    touches: Sequence[Touch[UUID]]
    touch_ids: Sequence[UUID]
    arrived_at: datetime | None
    ended_at: datetime | None
    sales: Sequence[Sale]
    effort_minutes: int | None
    without_effort: int

    @property
    def ordered(self) -> bool:
        return bool(self.sales)

    def credited_at(self, now: datetime) -> datetime:
        """Up to when its touches count: its first order, its end, or now."""
        return self.sales[0].order.at if self.sales else self.ended_at or now


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which leads: those that came in `span`, of a process, touched by a source, or with an id.

    One that is no opportunity is given up when nothing touched it for `lapse_days`.
    """

    span: tuple[datetime, datetime] = EVER
    process_id: UUID | None = None
    source_id: UUID | None = None
    ids: Sequence[UUID] | None = None
    lapse_days: int = 365


async def leads(work: Work, chosen: Chosen) -> list[Lead]:
    """In the order in which they came, in a fixed number of statements."""
    values: dict[str, Any] = {"workspace": work.workspace_id}
    values |= {"start": chosen.span[0], "end": chosen.span[1], "process": chosen.process_id}
    values |= {"source": chosen.source_id, "ids": chosen.ids}
    values |= {"exponent": exponent(work.home.currency)}
    await work.db.execute(text(SETS))
    rows = (await work.db.execute(text(_LEADS), values)).all()
    await work.db.execute(text(AS_BEFORE))
    return [_lead(work, row, chosen.lapse_days) for row in rows]


def days_as_span(work: Work, start: date, end: date) -> tuple[datetime, datetime]:
    """From the first day's midnight to that of the day after the last, where the workspace is."""
    begin, stop = (datetime.combine(day, time(), work.home.zone) for day in (start, end))
    return begin, stop


def _lead(work: Work, row: Row[Any], lapse_days: int) -> Lead:
    touches = zip(row.sources or (), row.moments or (), strict=True)
    return Lead(
        opportunity_id=row.opportunity_id,
        name=row.name,
        business_type=row.business_type,
        status=row.status,
        came_at=row.came_at,
        touches=[Touch(source, at) for source, at in touches],
        touch_ids=row.touches or (),
        arrived_at=row.arrived_at,
        ended_at=row.ended_at if row.last_at is None else _lapsed(work, row.last_at, lapse_days),
        sales=list(_sales(work, row)),
        effort_minutes=row.effort_minutes,
        without_effort=row.without_effort or 0,
    )


def _sales(work: Work, row: Row[Any]) -> Iterator[Sale]:
    parts = (row.order_events, row.ordered_at, row.order_values, row.order_margins)
    for event_id, at, *amounts in zip(*(part or () for part in parts), strict=True):
        value, margin = (
            None if amount is None else Money(amount, work.home.currency).minor
            for amount in amounts
        )
        yield Sale(event_id, Order(at, value), Order(at, margin))


def _lapsed(work: Work, last_at: datetime, days: int) -> datetime | None:
    until = last_at + timedelta(days=days)
    return until if until <= work.now else None
