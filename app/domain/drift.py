"""Drift: whether opportunities lately go on or leave as they did in the year before."""

from datetime import date, timedelta
from typing import Any

from app.core.work import Work
from app.domain.cohorts import midnight, months_before
from app.domain.facts import Story
from app.domain.observed_rates import asked_cohort, frame
from app.engine.flow.drift import LEVEL, Change, Drift, Span, drift
from app.schemas.drift import ChangeOut, DriftOut, SectionDriftOut, SpanDatesOut, SpanOut
from app.schemas.metrics import tenths_out
from app.schemas.observed_rates import ScopeQuery
from app.schemas.ratios import chance_out

FORMULA = "log-rank.1"
RECENT_MONTHS, BEFORE_MONTHS = 6, 12  # two quarters against the four before


async def read(work: Work, asked: ScopeQuery) -> DriftOut:
    """Each section in the last two quarters beside the four before."""
    found = await asked_cohort(work, asked, f"{RECENT_MONTHS + BEFORE_MONTHS}m")
    today = found.told.at.astimezone(work.home.zone).date()
    split = months_before(today, RECENT_MONTHS)
    start = months_before(today, RECENT_MONTHS + BEFORE_MONTHS)
    first, since = (midnight(work, one) for one in (start, split))
    told = drift(found.facts, since, first, found.levels[-1].mask)
    return DriftOut(
        **frame(work, found.told, asked, FORMULA),
        before=_dates(start, split),
        recent=_dates(split, today + timedelta(days=1)),
        drifted=any(one.drifted for one in told),
        sections=[SectionDriftOut(**_section(found.told, one)) for one in told],
    )


def _dates(start: date, end: date) -> SpanDatesOut:
    return SpanDatesOut(from_=start, to=end)


def _section(told: Story, one: Drift) -> dict[str, Any]:
    row, after = told.milestones[one.section : one.section + 2]
    return {
        "section": one.section + 1,
        "milestone": row.key,
        "next_milestone": after.key,
        "before": _span(one.before),
        "recent": _span(one.recent),
        "advancing": _change(one.advancing),
        "leaving": _change(one.leaving),
        "status": one.status,
        "drifted": one.drifted,
        "flags": [*_flags("advances", one.advancing), *_flags("leaves", one.leaving)],
    }


def _span(span: Span) -> SpanOut:
    return SpanOut(
        n=span.n,
        advanced=span.advanced,
        exited=span.lost,
        rate=chance_out(span.rate),
        median_days=tenths_out(span.median_days),
    )


def _change(change: Change) -> ChangeOut:
    return ChangeOut(ratio=chance_out(change.ratio), p=chance_out(change.p))


def _flags(what: str, change: Change) -> list[str]:
    """Each cause is tested at half the level, as there are two."""
    if change.p is None or change.p >= LEVEL / 2:
        return []
    return [f"{what}_{'less' if (change.ratio or 0.0) < 1 else 'more'}"]
