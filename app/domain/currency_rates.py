"""Currency rates: what was known about a foreign currency, and when."""

from typing import Any

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.replay import refresh_unconverted
from app.schemas.currency_rates import CurrencyRateIn, CurrencyRateQuery
from app.tables import CurrencyRate


async def find(work: Work, asked: CurrencyRateQuery) -> Page:
    """The newest day first; of one day, what was recorded last (ids grow with time)."""
    order = Order("day", CurrencyRate.day, CurrencyRate.id, descending=True)
    query = work.rows(CurrencyRate)
    if asked.currency is not None:
        query = query.where(CurrencyRate.currency == asked.currency)
    return await page(work, query, order, asked)


async def record(work: Work, rate: CurrencyRateIn) -> Row[Any]:
    """Append a rate. What was converted stays; what waited for a first rate is converted now."""
    if rate.currency == work.home.currency:
        detail = f"{rate.currency} is the reporting currency; its rate is 1."
        raise Invalid.at("/currency", "reporting_currency", detail)
    row = await work.add(CurrencyRate, **rate.model_dump(), recorded_at=work.now)
    await refresh_unconverted(work, rate.currency)
    return row
