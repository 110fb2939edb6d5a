"""What was expected and did not come, and how typed close dates compare with what happened."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import DealRow, Story
from app.domain.funnel_speed import money
from app.engine.flow.estimates import estimate
from app.engine.flow.facts import Flags
from app.engine.flow.gathering import NEVER
from app.engine.flow.packed import chosen, unnamed
from app.engine.flow.shares import Shares
from app.engine.leaks.amounts import sum_of
from app.engine.slippage import Bias, Came, Expected, close_date_bias, slippage
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.pipeline_answer import CloseDatesOut, SlippageOut
from app.schemas.ratios import ratio_out
from app.tables import ForecastSnapshot

# A snapshot says of every open deal how likely it is to be ordered within so many days.
AHEAD = timedelta(days=30)
Snapshot = Row[Any]
SLIPPAGE = "slippage.1: still open / chance of at least 0.5 within 30 days"


async def latest_due(work: Work, told: Story) -> Snapshot | None:
    """The latest snapshot whose days are over; None where there is none yet."""
    query = work.rows(ForecastSnapshot).where(
        ForecastSnapshot.process_id == told.process_id,
        ForecastSnapshot.taken_at <= told.at - AHEAD,
    )
    return await work.one(query.order_by(ForecastSnapshot.day.desc()).limit(1))


def slippage_out(
    work: Work, told: Story, shares: Shares, due: Snapshot | None
) -> SlippageOut | None:
    """By the snapshot that is due, if any."""
    if due is None:
        return None
    chances = dict(zip(due.opportunity_ids, due.chances, strict=True))
    end = due.taken_at + AHEAD
    ids = zip(told.table.columns["opportunity_id"].tolist(), shares.some.tolist(), strict=True)
    looked_at = [n for n, (id, mine) in enumerate(ids) if mine and id in chances]
    expected = [
        Expected(Fraction(chances[deal.opportunity_id]), _value(deal), _came(deal, end))
        for deal in told.table.rows(looked_at)
    ]
    found = slippage(expected)
    share = None if found.by_count is None else float(found.by_count)
    rate = estimate(share, found.likely, float(found.likely))
    return SlippageOut(
        day=due.day,
        likely=found.likely,
        won=found.won,
        exited=found.exited,
        slipped=found.slipped,
        share=metric_out(rate, "ratio", told.at, SLIPPAGE),
        slipped_value=money(work, found.slipped_value),
        value_share=ratio_out(found.by_value),
    )


def close_bias(work: Work, told: Story, shares: Shares) -> Bias:
    """How typed dates compare with what happened: as they are stated today, earlier statements are
    not kept."""
    deals = told.table.columns
    closed = chosen(shares.some & (deals["won_at"] != NEVER) & _dated(told)).tolist()
    stated, won = told.table.cells(["external_close_date", "won_at"], closed)
    zone = work.home.zone
    return close_date_bias(
        [(day, at.astimezone(zone).date()) for day, at in zip(stated, won, strict=True)]
    )


def close_dates_out(work: Work, told: Story, shares: Shares, bias: Bias) -> CloseDatesOut:
    """That, and what stands open though its day is over."""
    open_still = told.table.columns["status"] == "open"
    dated = chosen(shares.some & open_still & _dated(told)).tolist()
    [stated] = told.table.cells(["external_close_date"], dated)
    late = [deal for deal, day in zip(dated, stated, strict=True) if day < work.today]
    [worth] = told.table.cells(["reporting_value"], late)
    return CloseDatesOut(
        bias_days=None if bias.days is None else tenths_out(float(bias.days)),
        n=bias.n,
        overdue_count=len(late),
        overdue_value=money(work, sum_of(worth)),
    )


def _dated(told: Story) -> Flags:
    return ~unnamed(told.table.columns["external_close_date"])


def _value(deal: DealRow) -> Fraction | None:
    return None if deal.reporting_value is None else Fraction(deal.reporting_value)


def _came(deal: DealRow, end: datetime) -> Came:
    if deal.won_at is not None and deal.won_at <= end:
        return Came.WON
    left = deal.exited_at is not None and deal.exited_at <= end
    return Came.EXITED if left or deal.status == "moved" else Came.OPEN
