"""What a snapshot keeps: for each span our forecast and its rivals', for each deal its chances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.domain.facts import Story
from app.domain.outlooks import Outlook
from app.engine.flow.facts import day
from app.engine.forecast import Expected, Past, of_scope
from app.engine.forecast.blend import won
from app.engine.forecast.rivals import Rivals
from app.schemas.forecast import Unit

YEAR = 365.0
_PLACES = 6  # of an order, or of the currency: more than either is counted in

Both = tuple[float | None, float | None]  # in value, in orders


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time to forecast, such as `30d` or `2026-07`; `days` are its first day and the
    one after its last, where the workspace is."""

    name: str
    start: datetime
    end: datetime
    days: tuple[date, date]


def points(seen: Outlook, spans: Sequence[Span], rivals: Rivals) -> list[dict[str, Any]]:
    """Rows of `ForecastPoint` for the consecutive spans the outlook was made for.

    Flat percentages have no horizon: they are held against fixed windows from now on only.
    """
    parts = of_scope(seen.whole, seen.counted([1] * len(seen.told.deals)))
    flat = _flat(seen, rivals) if len(spans) == 1 else {}
    rows = []
    for span, part, past in zip(spans, parts, seen.whole.said, strict=True):
        beside = flat | _lately(seen.told, span) | {"external": _external(seen.told, span)}
        pipeline = {"pipeline": (past.pipeline, past.pipeline_count)}
        rate = (past.run_rate, past.run_rate_count) if _rated(seen) else (None, None)
        beside |= pipeline | {"run_rate": rate}
        for place, (unit, found) in enumerate(
            ((Unit.VALUE, part.value), (Unit.ORDERS, part.count))
        ):
            if found is not None:
                rows.append(_row(span, unit, found, beside, place))
    return rows


def deal_rows(seen: Outlook, rivals: Rivals) -> dict[str, Any]:
    """The aligned arrays of `ForecastSnapshot`; a dead deal was given no chance."""
    whole, deals = seen.whole, seen.told.deals
    return {
        "opportunity_ids": [deals[deal].opportunity_id for deal in whole.deals],
        "chances": [
            0.0 if deal in seen.dead else chance[0]
            for deal, chance in zip(whole.deals, whole.chance, strict=True)
        ],
        "stage_percentages": [
            None if rivals.overall is None else rivals.by_section[section]
            for section in whole.section
        ],
        "external_probabilities": [
            None if typed is None else float(typed)
            for typed in (deals[deal].external_probability for deal in whole.deals)
        ],
    }


def past_said(seen: Outlook) -> list[Past]:
    """What of an outlook is worth remembering for later blends."""
    return list(seen.whole.said) if _rated(seen) else []


def _rated(seen: Outlook) -> bool:
    """All the weight on the pipeline: the record was too short for a run-rate."""
    return seen.whole.pipeline_weight[0] < 1


def _row(
    span: Span, unit: Unit, found: Expected, beside: dict[str, Both], place: int
) -> dict[str, Any]:
    p10, p50, p90 = found.near
    return {
        "span": span.name,
        "unit": unit.value,
        "starts_at": span.start,
        "ends_at": span.end,
        "expected": _number(found.expected),
        "p10": _number(p10),
        "p50": _number(p50),
        "p90": _number(p90),
        "last_year": None,
        "stage_percentage": None,
        "win_rate": None,
    } | {name: _number(each[place]) for name, each in beside.items()}


def _flat(seen: Outlook, rivals: Rivals) -> dict[str, Both]:
    """What open deals are worth times the share of closed ones that were won."""
    whole = seen.whole
    if rivals.overall is None:
        return {}
    shares = [rivals.by_section[section] for section in whole.section]
    value = sum(worth * share for worth, share in zip(whole.worth, shares, strict=True))
    overall = rivals.overall
    return {
        "stage_percentage": (value, sum(shares)),
        "win_rate": (sum(whole.worth) * overall, len(shares) * overall),
    }


def _lately(told: Story, span: Span) -> dict[str, Both]:
    """What the time just gone by brought, and the same time a year before."""
    facts, start, end = told.facts, day(span.start), day(span.end)
    found: dict[str, Both] = {"last_period": won(facts.orders, facts.at - (end - start), facts.at)}
    if start - YEAR >= facts.since:
        found["last_year"] = won(facts.orders, start - YEAR, end - YEAR)
    return found


def _external(told: Story, span: Span) -> Both:
    """Value times probability, as typed, of the deals whose stated date lies in the span."""
    first, after = span.days
    claimed = [
        (deal.external_probability, deal.reporting_value)
        for deal in told.deals
        if deal.status == "open"
        and deal.external_probability is not None
        and deal.external_close_date is not None
        and first <= deal.external_close_date < after
    ]
    if not claimed and not any(deal.external_close_date for deal in told.deals):
        return None, None
    value = sum((chance * (worth or 0) for chance, worth in claimed if chance), Decimal(0))
    return float(value), float(sum(chance for chance, _ in claimed if chance))


def _number(amount: Fraction | float | None) -> Decimal | None:
    if amount is None:
        return None
    return Decimal(round(Fraction(amount) * 10**_PLACES)).scaleb(-_PLACES)
