"""Cascades of what a caller states: nothing stored is read, the same question has one answer."""

from collections.abc import Mapping
from fractions import Fraction

from app.core.errors import Invalid
from app.engine.cascade import BadCascade, Cascade, Net, Section, Simulation, cascade, net, simulate
from app.schemas.base import MoneyIn
from app.schemas.cascade import CascadeIn, PlanIn, SimulationIn

FAULTS: Mapping[str, tuple[str, str]] = {
    "keys_do_not_match": ("/milestones", "There is one milestone more than there are rates."),
    "keys_repeated": ("/milestones", "Every milestone has a key of its own."),
    "average_order_value_must_be_positive": (
        "/average_order_value/amount",
        "The average order value is above 0.",
    ),
    "section_unknown": ("/changes", "There is no section of this number."),
}


def of_request(asked: PlanIn) -> Cascade:
    """The cascade of a request; 422 when its parts do not fit together."""
    _check_lengths(asked)
    average = asked.average_order_value
    try:
        return cascade(
            None if asked.target.amount is None else Fraction(asked.target.amount),
            None if asked.target.count is None else Fraction(asked.target.count),
            _sections(asked),
            asked.milestones,
            None if average is None else Fraction(average.amount),
        )
    except BadCascade as error:
        raise _refused(error) from error


def net_of_request(asked: CascadeIn, found: Cascade) -> Net | None:
    """What is still to come of a target of which a part is won; None when that is not asked."""
    if asked.won is None and asked.open_credit is None:
        return None
    target, _ = found.goal.completed()
    if target is None:
        raise Invalid.at(
            "/won" if asked.won else "/open_credit",
            "target_has_no_amount",
            "What is left is told of an amount; the target has none.",
        )
    won, credit = (Fraction(part.amount if part else 0) for part in (asked.won, asked.open_credit))
    return net(target, won, credit, found.sections, [level.key for level in found.levels])


def simulated(asked: SimulationIn) -> Simulation:
    """What the cascade becomes with other rates; 422 when a section is named twice or unknown."""
    for number, change in enumerate(asked.changes):
        if change.section > len(asked.rates):
            raise Invalid.at(f"/changes/{number}/section", "section_unknown", "No such section.")
        if change.section in [earlier.section for earlier in asked.changes[:number]]:
            raise Invalid.at(
                f"/changes/{number}/section", "section_repeated", "One change for each section."
            )
    changes = {change.section: change.rate for change in asked.changes}
    return simulate(of_request(asked), changes)


def currency_of(asked: PlanIn) -> str | None:
    """The one currency of the request; 422 when there are several, None when there is none."""
    named = {
        "/target/currency": asked.target.currency,
        "/average_order_value/currency": _currency(asked.average_order_value),
        "/won/currency": _currency(getattr(asked, "won", None)),
        "/open_credit/currency": _currency(getattr(asked, "open_credit", None)),
    }
    known = {pointer: code for pointer, code in named.items() if code is not None}
    first = next(iter(known.values()), None)
    for pointer, code in known.items():
        if code != first:
            raise Invalid.at(
                pointer, "currency_mismatch", f"One cascade has one currency, here {first}."
            )
    return first


def _check_lengths(asked: PlanIn) -> None:
    for name, given in (("count_rates", asked.count_rates), ("retention", asked.retention)):
        if given is not None and len(given) != len(asked.rates):
            raise Invalid.at(
                f"/{name}", "lengths_differ", f"As many as there are rates: {len(asked.rates)}."
            )


def _sections(asked: PlanIn) -> list[Section]:
    counts = asked.count_rates or asked.rates
    kept = asked.retention or [Fraction(1)] * len(asked.rates)
    return [
        Section(rate, count, retention, source="request")
        for rate, count, retention in zip(asked.rates, counts, kept, strict=True)
    ]


def _refused(error: BadCascade) -> Invalid:
    pointer, detail = FAULTS[error.code]
    return Invalid.at(pointer, error.code, detail)


def _currency(money: MoneyIn | None) -> str | None:
    return None if money is None else money.currency
