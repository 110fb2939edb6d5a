"""Allocations: one target shared out to teams and people, exactly to the last unit."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.domain import target_periods, targets
from app.domain.inflow import Question, arrived_by_person
from app.domain.plans import plans
from app.domain.questions import evidenced
from app.domain.requirements import ground
from app.domain.target_metrics import resolves
from app.domain.team_tree import inside, teams
from app.engine.money import Money, split
from app.engine.periods import Grain, containing
from app.schemas.base import MoneyIn
from app.schemas.scopes import Business, Subject, Whose
from app.schemas.targets import AllocationIn, AllocationOut, Metric, OverrideIn
from app.tables import Target

HISTORY = timedelta(days=365)
Parts = tuple[Sequence[int | None], Sequence[int | None]]


async def allocate(work: Work, id: UUID, asked: AllocationIn) -> AllocationOut:
    """Share a target out; the shares add up to it, in each period that has its own amount too.

    A target that a scope already has from the same period on is changed, not doubled.
    """
    row = await work.change(Target, id, None)
    subjects = [share.scope for share in asked.to]
    _check(row, subjects, asked)
    weights = await _weights(work, row, asked)
    said = await targets.last_said(work, id)
    amounts, counts = _parts(weights, said.amount, said.currency, said.orders)
    children = []
    for subject, amount, count in zip(subjects, amounts, counts, strict=True):
        average = said.average_order_value
        what = (_amount(amount, said.currency), said.currency, count, average)
        children.append(await _give(work, row, subject, what))
    await _share_periods(work, row, children, weights)
    seen = [await targets.read(work, child) for child in children]
    return AllocationOut(target=await targets.read(work, id), children=seen)


def _check(row: Row[Any], subjects: Sequence[Subject], asked: AllocationIn) -> None:
    own = Subject(Whose(row.scope), row.team_id or row.person_id)
    for index, subject in enumerate(subjects):
        if subject.whose is Whose.ALL or subject == own or subject in subjects[:index]:
            detail = "A share goes to a team or a person, each once, and not back to the target."
            raise Invalid.at(f"/to/{index}/scope", "scope_refused", detail)
        if (asked.by == "weights") != (asked.to[index].weight is not None):
            detail = "Every share has a weight if they are given by weights, and none otherwise."
            raise Invalid.at(f"/to/{index}/weight", "weight_refused", detail)
    for name in asked.ramp:
        if name not in {str(subject) for subject in subjects}:
            raise Invalid.at("/ramp", "scope_unknown", f"{name[:80]} gets no share here.")


async def _weights(work: Work, row: Row[Any], asked: AllocationIn) -> list[Fraction]:
    ramp = [asked.ramp.get(str(share.scope), Fraction(1)) for share in asked.to]
    if asked.by == "history":
        base = await _history(work, row, [share.scope for share in asked.to])
    elif asked.by == "weights":
        base = [Fraction(share.weight or 0) for share in asked.to]
    else:
        base = [Fraction(1)] * len(ramp)
    weights = [weight * factor for weight, factor in zip(base, ramp, strict=True)]
    if not any(weights):
        detail = "None of them has a weight above 0: there is nothing to share by."
        raise Invalid.at("/to", "no_weights", detail)
    return weights


async def _history(work: Work, row: Row[Any], subjects: Sequence[Subject]) -> list[Fraction]:
    """What was ordered from each in the twelve months up to now."""
    stage = await ground(work, row.process_id, containing(work.today, Grain.MONTH), work.now)
    order = stage.milestones[-1]
    question = Question(
        process_id=row.process_id,
        lineages=(order.lineage_id,),
        evidenced=evidenced([order]),
        start=work.now - HISTORY,
        end=work.now,
        business_type=Business(row.business_type),
    )
    came = await arrived_by_person(work, question)
    tree = inside(await teams(work))
    return [
        sum(
            (
                Fraction(part.value or 0)
                for (person_id, team_id, _), part in came.items()
                if person_id is not None
                and (person_id == subject.person_id or team_id in tree.get(_team(subject), ()))
            ),
            Fraction(0),
        )
        for subject in subjects
    ]


def _team(subject: Subject) -> UUID:
    """A person's own id is no team's."""
    assert subject.id is not None
    return subject.id


def _parts(
    weights: Sequence[Fraction], amount: Decimal | None, currency: str | None, count: int | None
) -> Parts:
    nothing = [None] * len(weights)
    whole = None if amount is None or currency is None else Money(amount, currency).minor
    return (
        nothing if whole is None else split(whole, weights),
        nothing if count is None else split(count, weights),
    )


def _amount(minor: int | None, currency: str | None) -> Decimal | None:
    return None if minor is None or currency is None else Money.of_minor(minor, currency).amount


async def _give(
    work: Work,
    row: Row[Any],
    subject: Subject,
    what: tuple[Decimal | None, str | None, int | None, Decimal | None],
) -> UUID:
    await targets.known(work, subject)
    same = (
        Target.process_id == row.process_id,
        Target.business_type == row.business_type,
        Target.recurrence == row.recurrence,
        Target.starts_on == row.starts_on,
    )
    found = await work.one(work.rows(Target).where(*same, targets.of_subject(subject)))
    if found is not None and found.id == row.parent_id:
        detail = f"{subject} has the target that this one is a share of."
        raise Invalid.at("/to", "scope_refused", detail)
    # The share of an amount is an amount, whatever that was resolved from.
    metric = Metric.ORDER_VALUE if resolves(Metric(row.metric)) else row.metric
    below = {"parent_id": row.id, "ends_on": row.ends_on, "metric": metric}
    if found is not None:
        await work.change(Target, found.id, None, **below)
        number = (await targets.last_said(work, found.id)).number + 1
    else:
        kept = ("process_id", "business_type", "recurrence", "starts_on")
        found = await work.add(
            Target,
            scope=subject.whose,
            team_id=subject.team_id,
            person_id=subject.person_id,
            **below,
            **{name: getattr(row, name) for name in kept},
        )
        number = 1
    await targets.say(work, found.id, number, what)
    child: UUID = found.id
    return child


async def _share_periods(
    work: Work, row: Row[Any], children: Sequence[UUID], weights: Sequence[Fraction]
) -> None:
    """Periods with an amount of their own are shared out as well."""
    found = (await plans(work, [row], work.now))[row.id]
    currency = found.versions[-1].currency
    for starts_on, own in found.overrides.items():
        amounts, counts = _parts(weights, own.amount, currency, own.orders)
        for child, amount, count in zip(children, amounts, counts, strict=True):
            part = OverrideIn(amount=_money(_amount(amount, currency), currency), count=count)
            await target_periods.say(work, child, starts_on, part)


def _money(amount: Decimal | None, currency: str | None) -> MoneyIn | None:
    if amount is None:
        return None
    return MoneyIn.model_validate({"amount": f"{amount:f}", "currency": currency})
