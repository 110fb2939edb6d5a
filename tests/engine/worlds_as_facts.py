"""Facts for tests: from the deals of a simulated world, or written by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from app.engine.flow.facts import Facts, Orders, Outcome, Stays, day
from app.engine.worlds import Deal, Kind, Step, known

Stay = tuple[int, int, float, float, Outcome, float, float]  # deal … outcome, value, next value


def facts_of(
    deals: Sequence[Deal], milestones: int, at: datetime, since: datetime | None = None
) -> Facts:
    """What was known of these deals at `at`; entry i of `amount` is the i-th deal known by then.

    Nobody knows the deals that had ended before `since`; without it, all were watched.
    """
    seen = [deal for deal in deals if deal.created_at < at and not _ended(deal, milestones, since)]
    stays = [stay for i, deal in enumerate(seen) for stay in _stays(i, deal, milestones, at)]
    first = min((deal.created_at for deal in seen), default=at)
    return Facts(
        sections=milestones - 1,
        at=day(at),
        since=day(since or first),
        stays=stays_from(stays),
        orders=_orders(seen, milestones, at),
        amount=np.array([deal.amount for deal in seen], dtype=float),
    )


def by_hand(rows: Sequence[Stay], at: float, sections: int = 1, since: float = 0.0) -> Facts:
    """Facts of these stays only, without orders."""
    stays = stays_from(rows)
    amount = np.full(int(stays.deal.max(initial=-1)) + 1, np.nan)
    amount[stays.deal] = stays.value
    orders = Orders(np.array([], dtype=np.int64), *(np.array([]),) * 2, np.array([], dtype=bool))
    return Facts(sections, at, since, stays, orders, amount)


def with_stays(facts: Facts, **columns: Sequence[float] | Sequence[bool]) -> Facts:
    """The same facts with other columns of their stays."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    return replace(facts, stays=replace(facts.stays, **arrays))


def stays_from(rows: Sequence[Stay]) -> Stays:
    """(deal, section, entered, left, outcome, value, next value) per stay, as columns."""
    deal, section, entered, left, outcome, value, after = (
        zip(*rows, strict=True) if rows else ((),) * 7
    )
    return Stays(
        deal=np.array(deal, dtype=np.int64),
        section=np.array(section, dtype=np.int64),
        entered=np.array(entered, dtype=float),
        left=np.array(left, dtype=float),
        outcome=np.array(outcome, dtype=np.int64),
        held=np.zeros(len(rows)),
        implied=np.zeros(len(rows), dtype=bool),
        value=np.array(value, dtype=float),
        next_value=np.array(after, dtype=float),
    )


def _ended(deal: Deal, milestones: int, since: datetime | None) -> bool:
    last = deal.steps[-1]
    over = last.kind is Kind.LEFT or last.milestone == milestones
    return since is not None and over and last.at < since


def _stays(index: int, deal: Deal, milestones: int, at: datetime) -> Iterator[Stay]:
    steps: list[Step | None] = [*known(deal, at).steps]
    for step, then in zip(steps, [*steps[1:], None], strict=True):
        assert step is not None
        if step.kind is Kind.LEFT or step.milestone == milestones:
            return
        left, outcome = (day(at), Outcome.OPEN) if then is None else (day(then.at), _outcome(then))
        after = deal.amount if outcome is Outcome.ADVANCED else np.nan
        yield (index, step.milestone - 1, day(step.at), left, outcome, deal.amount, after)


def _outcome(step: Step) -> Outcome:
    return Outcome.ADVANCED if step.kind is Kind.REACHED else Outcome.LOST


def _orders(deals: Sequence[Deal], milestones: int, at: datetime) -> Orders:
    won = [
        (i, day(step.at), deal.amount)
        for i, deal in enumerate(deals)
        for step in known(deal, at).steps
        if step.kind is Kind.REACHED and step.milestone == milestones
    ]
    deal, when, value = zip(*won, strict=True) if won else ((), (), ())
    return Orders(
        np.array(deal, dtype=np.int64),
        np.array(when, dtype=float),
        np.array(value, dtype=float),
        np.ones(len(won), dtype=bool),
    )
