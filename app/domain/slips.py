"""What was expected and did not come, and how typed close dates compare with what happened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import DealRow, Story
from app.domain.funnel_speed import money
from app.engine.flow.estimates import estimate
from app.engine.leaks.amounts import total
from app.engine.slippage import Came, Expected, close_date_bias, slippage
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.pipeline_answer import CloseDatesOut, SlippageOut
from app.schemas.ratios import ratio_out
from app.tables import ForecastSnapshot

# A snapshot says of every open deal how likely it is to be ordered within so many days.
AHEAD = timedelta(days=30)
SLIPPAGE = "slippage.1: still open / chance of at least 0.5 within 30 days"


async def slippage_out(work: Work, told: Story, shares: Sequence[Fraction]) -> SlippageOut | None:
    """By the latest snapshot whose days are over; None where there is none yet."""
    row = await _snapshot(work, told)
    if row is None:
        return None
    chances = dict(zip(row.opportunity_ids, row.chances, strict=True))
    end = row.taken_at + AHEAD
    ids = zip(told.table.columns["opportunity_id"].tolist(), shares, strict=True)
    looked_at = [n for n, (id, share) in enumerate(ids) if share and id in chances]
    expected = [
        Expected(Fraction(chances[deal.opportunity_id]), _value(deal), _came(deal, end))
        for deal in map(told.deals.__getitem__, looked_at)
    ]
    found = slippage(expected)
    share = None if found.by_count is None else float(found.by_count)
    rate = estimate(share, found.likely, float(found.likely))
    return SlippageOut(
        day=row.day,
        likely=found.likely,
        won=found.won,
        exited=found.exited,
        slipped=found.slipped,
        share=metric_out(rate, "ratio", told.at, SLIPPAGE),
        slipped_value=money(work, found.slipped_value),
        value_share=ratio_out(found.by_value),
    )


def close_dates_out(work: Work, told: Story, shares: Sequence[Fraction]) -> CloseDatesOut:
    """As they are stated today: earlier statements are not kept."""
    zone, today = work.home.zone, work.today
    stated = [
        (told.deals[number], day)
        for number, day in enumerate(told.table.columns["external_close_date"].tolist())
        if day and shares[number]
    ]
    bias = close_date_bias(
        [(day, deal.won_at.astimezone(zone).date()) for deal, day in stated if deal.won_at]
    )
    late = [deal for deal, day in stated if deal.status == "open" and day < today]
    return CloseDatesOut(
        bias_days=None if bias.days is None else tenths_out(float(bias.days)),
        n=bias.n,
        overdue_count=len(late),
        overdue_value=money(work, total(_value(deal) for deal in late)),
    )


async def _snapshot(work: Work, told: Story) -> Row[Any] | None:
    query = work.rows(ForecastSnapshot).where(
        ForecastSnapshot.process_id == told.process_id,
        ForecastSnapshot.taken_at <= told.at - AHEAD,
    )
    return await work.one(query.order_by(ForecastSnapshot.day.desc()).limit(1))


def _value(deal: DealRow) -> Fraction | None:
    return None if deal.reporting_value is None else Fraction(deal.reporting_value)


def _came(deal: DealRow, end: datetime) -> Came:
    if deal.won_at is not None and deal.won_at <= end:
        return Came.WON
    left = deal.exited_at is not None and deal.exited_at <= end
    return Came.EXITED if left or deal.status == "moved" else Came.OPEN
