"""The periods that a forecast is of."""

from datetime import datetime

from app.core.errors import Invalid
from app.core.work import Work
from app.engine.periods import Grain, Period, containing
from app.schemas.forecast import MONTHS_AHEAD

_MOST = {
    Grain.WEEK: 157,
    Grain.MONTH: MONTHS_AHEAD,
    Grain.QUARTER: MONTHS_AHEAD // 3,
    Grain.YEAR: MONTHS_AHEAD // 12,
}


def periods_from(work: Work, at: datetime, grain: Grain, count: int) -> list[Period]:
    """The period that holds `at`, and those after it; 422 beyond 36 months."""
    if count > _MOST[grain]:
        detail = f"a forecast reaches 36 months ahead: {_MOST[grain]} periods of a {grain}"
        raise Invalid.parameter("periods", "too_far_ahead", detail)
    today = at.astimezone(work.home.zone).date()
    periods = [containing(today, grain, work.home.fiscal_start)]
    while len(periods) < count:
        periods.append(periods[-1].next)
    return periods
