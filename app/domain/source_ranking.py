"""Sources ranked by what comes out at the end, and set beside each other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.errors import NotFound
from app.core.work import Work
from app.domain.rate_comparison import difference
from app.domain.source_costs import NOTHING, Spent, spent
from app.domain.source_results import (
    CONVERSION,
    Results,
    Tally,
    asked_fields,
    conversion,
    result_fields,
    results,
)
from app.engine.flow.estimates import ENOUGH, Estimate
from app.schemas.metrics import metric_out
from app.schemas.ratios import ratio_out
from app.schemas.source_analysis import (
    ComparedSourceOut,
    RankBy,
    RankedSourceOut,
    RankingOut,
    RankingQuery,
    ResultOut,
    SourceComparisonOut,
    SourcesQuery,
)
from app.schemas.units import OrderUnit
from app.tables import Source

NOT_ASKED = Spent(None, "not_applicable")


async def rank(work: Work, asked: RankingQuery) -> RankingOut:
    """Every source, in a fixed number of statements; of equal results, the one with fewer leads
    comes first: the others got as far with more."""
    found = await results(work, asked)
    sources = await every_source(work)
    costs = await spent(work, found.start, found.end)
    shown = [row for row in sources if _shows(row, found, costs) and asked.kind in (None, row.kind)]
    return await asyncio.to_thread(_ranking, work, asked, found, shown, costs)


async def compare(work: Work, asked: SourcesQuery) -> SourceComparisonOut:
    """The conversion of sources beside that of all leads, and whether it may be chance."""
    found = await results(work, asked)
    sources = await every_source(work)
    chosen = _named(sources, asked.sources) or [row for row in sources if row.id in found.by_source]
    return await asyncio.to_thread(_comparison, work, asked, found, chosen)


async def every_source(work: Work) -> Sequence[Row[Any]]:
    """Deleted ones as well: what they brought stays theirs."""
    own = select(Source).where(Source.workspace_id == work.workspace_id)
    return await work.all(own.order_by(Source.key, Source.id))


def identity(row: Row[Any]) -> dict[str, Any]:
    """The members of `SourceIdentity`."""
    return {
        "source_id": row.id,
        "key": row.key,
        "name": row.name,
        "kind": row.kind,
        "active": _stands(row),
    }


def whole_cost(found: Results, costs: Mapping[UUID, Spent]) -> Spent:
    """Of all sources; `partial` where one has leads and no cost."""
    total = sum(costs.values(), NOTHING)
    free = any(key is not None and key not in costs for key in found.by_source)
    return Spent(total.amount, "partial") if total.status == "ok" and free else total


def _shows(row: Row[Any], found: Results, costs: Mapping[UUID, Spent]) -> bool:
    return _stands(row) or row.id in found.by_source or row.id in costs


def _stands(row: Row[Any]) -> bool:
    return bool(row.active) and row.deleted_at is None


def _ranking(
    work: Work,
    asked: RankingQuery,
    found: Results,
    shown: Sequence[Row[Any]],
    costs: Mapping[UUID, Spent],
) -> RankingOut:
    each = [
        (row, found.by_source.get(row.id, Tally()), costs.get(row.id, NOTHING)) for row in shown
    ]
    place = _PLACES[asked.unit, asked.rank]
    each.sort(key=lambda one: (place(one[1], one[2]), one[1].credited, one[0].key))
    nobodys = found.by_source.get(None, Tally())
    return RankingOut(
        **asked_fields(work, asked, found),
        rank_by=asked.rank,
        unit=asked.unit,
        sources=[
            RankedSourceOut(rank=number, **identity(row), **result_fields(work, tally, cost))
            for number, (row, tally, cost) in enumerate(each, start=1)
        ],
        unattributed=ResultOut(**result_fields(work, nobodys, NOT_ASKED)),
        total=ResultOut(**result_fields(work, found.whole, whole_cost(found, costs))),
    )


Place = tuple[Fraction | bool, ...]


def _value(tally: Tally, _: Spent) -> Place:
    return Fraction(-tally.minor), -tally.credited_orders


def _orders(tally: Tally, _: Spent) -> Place:
    return -tally.credited_orders, Fraction(-tally.minor)


def _value_per_lead(tally: Tally, cost: Spent) -> Place:
    """What has no leads comes last."""
    per_lead = tally.minor / tally.credited if tally.credited else Fraction(0)
    return not tally.credited, -per_lead, *_value(tally, cost)


def _cost_per_order(tally: Tally, cost: Spent) -> Place:
    """What is not known comes last."""
    known = cost.amount is not None and bool(tally.credited_orders)
    per_order = (cost.amount or 0) / tally.credited_orders if known else Fraction(0)
    return not known, per_order, *_value(tally, cost)


def _margin(tally: Tally, _: Spent) -> Place:
    """What is not known comes last, and what nothing came of before it."""
    known = tally.known_margin
    return known is None, -(known or Fraction(0)), -tally.credited_orders


def _margin_per_lead(tally: Tally, cost: Spent) -> Place:
    known = tally.known_margin if tally.credited else None
    per_lead = known / tally.credited if known is not None else Fraction(0)
    return known is None, -per_lead, *_margin(tally, cost)


_PLACES: Mapping[tuple[OrderUnit, RankBy], Callable[[Tally, Spent], Place]] = {
    (OrderUnit.ORDER_VALUE, RankBy.ORDER_VALUE): _value,
    (OrderUnit.ORDER_VALUE, RankBy.ORDER_VALUE_PER_LEAD): _value_per_lead,
    (OrderUnit.GROSS_MARGIN, RankBy.ORDER_VALUE): _margin,
    (OrderUnit.GROSS_MARGIN, RankBy.ORDER_VALUE_PER_LEAD): _margin_per_lead,
    **{(unit, RankBy.ORDERS): _orders for unit in OrderUnit},
    **{(unit, RankBy.COST_PER_ORDER): _cost_per_order for unit in OrderUnit},
}


def _named(sources: Sequence[Row[Any]], keys: Sequence[str]) -> list[Row[Any]]:
    """Those with these keys, in their order; `NotFound` names the first that is not there."""
    by_key = {row.key: row for row in sources if row.deleted_at is None}
    for key in keys:
        if key not in by_key:
            raise NotFound(f"There is no source {key}.")
    return [by_key[key] for key in dict.fromkeys(keys)]


def _comparison(
    work: Work, asked: SourcesQuery, found: Results, chosen: Sequence[Row[Any]]
) -> SourceComparisonOut:
    whole = conversion(found.whole.followed)
    tallies = [found.by_source.get(row.id, Tally()) for row in chosen]
    rates = [conversion(tally.followed) for tally in tallies]
    ranks = _ranks(tallies, rates)
    return SourceComparisonOut(
        **asked_fields(work, asked, found),
        minimum_n=ENOUGH,
        whole=metric_out(whole, "ratio", work.now, CONVERSION),
        sources=[
            ComparedSourceOut(
                **identity(row),
                leads=tally.leads,
                credited_leads=ratio_out(tally.credited) or "",
                undecided_share=ratio_out(tally.undecided_share),
                status=tally.status,
                conversion=metric_out(rate, "ratio", work.now, CONVERSION),
                difference=difference(rate, whole),
                rank=place,
            )
            for row, tally, rate, place in zip(chosen, tallies, rates, ranks, strict=True)
        ],
    )


def _ranks(tallies: Sequence[Tally], rates: Sequence[Estimate]) -> list[int | None]:
    values = [
        rate.observed if tally.status == "ok" and rate.n_eff >= ENOUGH else None
        for tally, rate in zip(tallies, rates, strict=True)
    ]
    ranked = sorted((value for value in values if value is not None), reverse=True)
    return [None if value is None else ranked.index(value) + 1 for value in values]
