"""Partnerships: what each side brought the other, and since when nothing comes of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.core.errors import NotFound
from app.core.work import Work
from app.domain.leads import Chosen, Lead, leads
from app.domain.source_ranking import identity
from app.domain.source_results import FORMULA, Tally, minor_out, tallied
from app.schemas.ratios import ratio_out
from app.schemas.source_analysis import IntroductionsOut, PartnerOut, PartnerQuery, ReceivedOut
from app.schemas.sources import SourceKind
from app.schemas.touchpoints import Direction
from app.tables import Source, Touchpoint


@dataclass(frozen=True, slots=True)
class Introductions:
    number: int
    last_at: datetime | None


async def read(work: Work, source_id: UUID, asked: PartnerQuery) -> PartnerOut:
    """All that ever happened between the partner and us, in a fixed number of statements."""
    source = await work.get(Source, source_id)
    if source.kind != SourceKind.PARTNER:
        raise NotFound(f"The source {source.key} is no partner.")
    found = await leads(work, Chosen(source_id=source_id))
    received = _received(found, source_id)
    given = await _given(work, source_id)
    by_source, _ = tallied(found, asked.model, work.now)
    status, since = _dormant(work, source, received, given, asked.dormant_days)
    return PartnerOut(
        **identity(source),
        account_id=source.account_id,
        model=asked.model,
        received=_received_out(work, received, found, by_source.get(source_id, Tally())),
        given=IntroductionsOut(introductions=given.number, last_at=given.last_at),
        status=status,
        dormant_since=since,
        dormant_days=asked.dormant_days,
        currency=work.home.currency,
        as_of=work.now,
        formula=FORMULA,
    )


def _received(found: list[Lead], source_id: UUID) -> Introductions:
    """Each touch once, however many opportunities it counts for."""
    moments = {
        id: touch.at
        for lead in found
        for id, touch in zip(lead.touch_ids, lead.touches, strict=True)
        if touch.key == source_id
    }
    return Introductions(len(moments), max(moments.values(), default=None))


async def _given(work: Work, source_id: UUID) -> Introductions:
    own = (Touchpoint.workspace_id == work.workspace_id, Touchpoint.source_id == source_id)
    given = Touchpoint.direction == Direction.GIVEN
    query = select(func.count(), func.max(Touchpoint.occurred_at)).where(*own, given)
    number, last_at = (await work.db.execute(query)).one()
    return Introductions(number, last_at)


def _dormant(
    work: Work, source: Row[Any], received: Introductions, given: Introductions, days: int
) -> tuple[str, date | None]:
    """What the partnership is by now, and the day since which it sleeps."""
    moments = [at for at in (received.last_at, given.last_at) if at is not None]
    last = max(moments, default=source.created_at)
    if work.now - last <= timedelta(days=days):
        return ("active" if moments else "never_active"), None
    since = last.astimezone(work.home.zone).date()
    return ("dormant" if moments else "never_active"), since


def _received_out(
    work: Work, received: Introductions, found: list[Lead], tally: Tally
) -> ReceivedOut:
    value = minor_out(work, Fraction(tally.minor))
    assert value is not None
    per = Fraction(tally.minor, received.number) if received.number else None
    return ReceivedOut(
        introductions=received.number,
        last_at=received.last_at,
        leads=len(found),
        opportunities=sum(lead.opportunity_id is not None for lead in found),
        m1_arrivals=sum(lead.arrived_at is not None for lead in found),
        orders=sum(lead.ordered for lead in found),
        credited_orders=ratio_out(tally.credited_orders) or "",
        order_value=value,
        missing_value_count=tally.missing,
        order_value_per_introduction=minor_out(work, per),
    )
