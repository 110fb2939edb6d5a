"""Targets: what shall arrive at the order in each period, and what was said about it when."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select, true
from sqlalchemy.orm import aliased

from app.core.errors import Invalid, NotFound
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import processes, target_metrics, teams
from app.domain.plans import counted, currency_rates
from app.domain.questions import period_named
from app.domain.target_metrics import Resolved, Sought, fits_metric, length, stated_out
from app.engine.periods import Grain, Period, containing
from app.engine.plan import Recurrence, fits
from app.schemas.base import MoneyIn, money_out
from app.schemas.scopes import Subject, Whose
from app.schemas.targets import (
    Metric,
    OverassignmentOut,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetQuery,
)
from app.tables import Person, Target, TargetVersion

BASE = ("stated", "base_period", "base_value", "base_margin", "base_n", "base_missing")


async def create(work: Work, wanted: TargetIn) -> TargetOut:
    """A new target; `Conflict` where the same subject has one from the same period on."""
    process = await processes.resolve(work, wanted.process_id)
    await known(work, wanted.scope)
    first, last = _span(work, wanted.from_, wanted.to, wanted.recurrence)
    if wanted.parent_id is not None:
        parent = await work.get(Target, wanted.parent_id)
        if parent.process_id != process.id:
            raise Invalid.at("/parent_id", "other_process", "The target above is of this process.")
    sought = Sought(
        process_id=process.id,
        subject=wanted.scope,
        business_type=wanted.business_type,
        metric=wanted.metric,
        months=length(wanted.recurrence, first, last),
    )
    found = await target_metrics.amount_of(work, sought, wanted, None)
    stated = found.money if found else wanted.amount
    amount, average, currency = await _money(work, stated, wanted.average_order_value)
    row = await work.add(
        Target,
        process_id=process.id,
        scope=wanted.scope.whose,
        team_id=wanted.scope.team_id,
        person_id=wanted.scope.person_id,
        business_type=wanted.business_type,
        metric=wanted.metric,
        recurrence=wanted.recurrence,
        starts_on=first,
        ends_on=last,
        parent_id=wanted.parent_id,
    )
    await say(work, row.id, 1, (amount, currency, wanted.count, average), found)
    return await read(work, row.id)


async def find(work: Work, asked: TargetQuery) -> Page:
    query = viewed(work)
    if asked.process is not None:
        process = await processes.resolve(work, asked.process)
        query = query.where(Target.process_id == process.id)
    if asked.scope is not None:
        query = query.where(of_subject(asked.scope))
    for column, value in (
        (Target.business_type, asked.business_type),
        (Target.parent_id, asked.parent),
    ):
        if value is not None:
            query = query.where(column == value)
    order = Order("created_at", Target.created_at, Target.id, descending=True)
    found = await page(work, query, order, asked)
    return Page([seen(work, row) for row in found.data], found.next_cursor)


async def read(work: Work, id: UUID) -> TargetOut:
    row = await work.one(viewed(work).where(Target.id == id))
    if row is None:
        raise NotFound(f"There is no target {id}.")
    return seen(work, row)


async def change(work: Work, id: UUID, version: int, patch: TargetPatch) -> TargetOut:
    """What is asked for from now on; what was asked for in closed periods stays."""
    given = patch.model_fields_set
    row = await work.get(Target, id)
    fits_metric(Metric(row.metric), given)
    values = {"ends_on": _end(work, row, patch.to)} if "to" in given else {}
    await work.change(Target, id, version, **values)
    if given - {"to"}:
        before = await last_said(work, id)
        found = await target_metrics.amount_of(work, target_metrics.sought(row), patch, before)
        what = await _restated(work, before, patch, found)
        await say(work, id, before.number + 1, what, found)
    return await read(work, id)


async def remove(work: Work, id: UUID, version: int) -> None:
    """Take a target away, from closed periods too; to end it, set its last period instead."""
    await work.remove(Target, id, version)


async def say(
    work: Work,
    id: UUID,
    number: int,
    said: tuple[Decimal | None, str | None, int | None, Decimal | None],
    found: Resolved | None = None,
) -> None:
    """Append what a target asks for from now on: amount, currency, count, average order value; and
    what the amount was resolved from."""
    amount, currency, count, average = said
    await work.add(
        TargetVersion,
        target_id=id,
        number=number,
        valid_from=work.now,
        amount=amount,
        currency=currency,
        count=count,
        average_order_value=average,
        **(found.columns if found else {}),
    )


async def last_said(work: Work, id: UUID) -> Row[Any]:
    query = counted(work, TargetVersion).where(TargetVersion.target_id == id)
    return (await work.all(query.order_by(TargetVersion.number.desc()).limit(1)))[0]


async def known(work: Work, subject: Subject) -> None:
    """`NotFound` when the team or the person of a scope is not here."""
    if subject.team_id is not None:
        await teams.keep(work, subject.team_id)
    if subject.person_id is not None:
        await work.get(Person, subject.person_id)


def of_subject(subject: Subject) -> Any:
    return (
        (Target.scope == subject.whose)
        & Target.team_id.is_not_distinct_from(subject.team_id)
        & Target.person_id.is_not_distinct_from(subject.person_id)
    )


def viewed(work: Work) -> Select[Any]:
    """Targets with what they ask for now and what those below them do, in one statement."""
    said = _said(Target, "said")
    child = aliased(Target)
    below = _said(child, "said_below")
    same = case((below.c.currency.is_distinct_from(said.c.currency), 1))
    sums = (
        select(
            func.sum(below.c.amount).label("below_amount"),
            func.sum(below.c.count).label("below_count"),
            func.count(same).label("below_foreign"),
        )
        .select_from(child)
        .join(below, true())
        .where(
            child.workspace_id == Target.workspace_id,
            child.parent_id == Target.id,
            child.deleted_at.is_(None),
        )
        .correlate(Target, said)
        .lateral("sums")
    )
    columns = ("amount", "currency", "average_order_value", "valid_from", *BASE)
    return (
        work.rows(Target)
        .add_columns(*(said.c[name] for name in columns), said.c["count"].label("orders"), *sums.c)
        .select_from(Target)
        .join(said, true())
        .join(sums, true())
    )


def seen(work: Work, row: Row[Any]) -> TargetOut:
    """One row of `viewed` as the world sees it."""
    return TargetOut(
        **stated_out(row, Metric(row.metric), work.home.currency),
        id=row.id,
        process_id=row.process_id,
        scope=str(Subject(Whose(row.scope), row.team_id or row.person_id)),
        business_type=row.business_type,
        amount=money_out(row.amount, row.currency),
        count=row.orders,
        average_order_value=money_out(row.average_order_value, row.currency),
        recurrence=row.recurrence,
        from_=f"{row.starts_on:%Y-%m}",
        to=None if row.ends_on is None else _last_month(row.ends_on),
        valid_from=row.valid_from,
        parent_id=row.parent_id,
        overassignment=_overassignment(row),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _said(table: Any, name: str) -> Any:
    return (
        select(TargetVersion)
        .where(TargetVersion.workspace_id == table.workspace_id)
        .where(TargetVersion.target_id == table.id)
        .order_by(TargetVersion.number.desc())
        .limit(1)
        .correlate(table)
        .lateral(name)
    )


def _span(
    work: Work, first: str, last: str | None, recurrence: Recurrence
) -> tuple[date, date | None]:
    start = _months(work, first, "/from").start
    if last is None and recurrence is Recurrence.ONCE:
        return start, _months(work, first, "/from").end
    return start, None if last is None else _fitting(work, recurrence, start, last)


def _fitting(work: Work, recurrence: Recurrence, start: date, last: str) -> date:
    end = _months(work, last, "/to").end
    if end <= start:
        raise Invalid.at("/to", "ends_before_start", "The last period is not before the first.")
    if not fits(recurrence, start, end):
        detail = f"From the first to the last period there are whole {recurrence}s."
        raise Invalid.at("/to", "not_whole_periods", detail)
    return end


def _months(work: Work, key: str, pointer: str) -> Period:
    period = period_named(work, key, pointer)
    if period.grain is Grain.WEEK:
        raise Invalid.at(pointer, "period_is_a_week", "Targets are made of whole months.")
    return period


def _end(work: Work, row: Row[Any], last: str | None) -> date | None:
    recurrence = Recurrence(row.recurrence)
    if last is None:
        if recurrence is Recurrence.ONCE:
            raise Invalid.at("/to", "not_null", "A target that is given once has an end.")
        return None
    end = _fitting(work, recurrence, row.starts_on, last)
    current = containing(work.today, Grain.MONTH).start
    if end < min(current, row.ends_on or current):
        raise Invalid.at("/to", "period_closed", "Closed periods keep their target.")
    return end


async def _money(
    work: Work, amount: MoneyIn | None, average: MoneyIn | None
) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Amount, average and their one currency, for which a rate must be known."""
    given = amount or average
    currency = given.currency if given else None
    if amount and average and amount.currency != average.currency:
        raise Invalid.at(
            "/average_order_value/currency",
            "currency_mismatch",
            f"One target has one currency, here {amount.currency}.",
        )
    if average is not None and not average.amount:
        raise Invalid.at(
            "/average_order_value/amount",
            "average_order_value_must_be_positive",
            "The average order value is above 0.",
        )
    if currency not in (None, work.home.currency) and not await currency_rates(work, {currency}):
        raise Invalid.at(
            f"/{'amount' if amount else 'average_order_value'}/currency",
            "currency_rate_unknown",
            f"No rate from {currency} to {work.home.currency} is known; set one first.",
        )
    return _amount(amount), _amount(average), currency


async def _restated(
    work: Work, before: Row[Any], patch: TargetPatch, found: Resolved | None
) -> tuple[Decimal | None, str | None, int | None, Decimal | None]:
    given = patch.model_fields_set
    count = patch.count if "count" in given else before.orders
    amount = patch.amount if "amount" in given else _kept(before.amount, before)
    if found is not None:
        amount = found.money
    stated = patch.average_order_value
    average = (
        stated if "average_order_value" in given else _kept(before.average_order_value, before)
    )
    if amount is None and count is None:
        raise Invalid.at("/amount", "target_missing", "A target is an amount, a count or both.")
    new, mean, currency = await _money(work, amount, average)
    return new, currency, count, mean


def _amount(money: MoneyIn | None) -> Decimal | None:
    return None if money is None else money.amount


def _kept(amount: Decimal | None, before: Row[Any]) -> MoneyIn | None:
    return (
        None
        if amount is None
        else MoneyIn.model_validate({"amount": f"{amount:f}", "currency": before.currency})
    )


def _last_month(end: date) -> str:
    return containing(end, Grain.MONTH).previous.key


def _overassignment(row: Row[Any]) -> OverassignmentOut | None:
    """What the targets below ask for beyond this one; amounts in two currencies do not compare."""
    amount, count = _beyond(row.below_amount, row.amount), _beyond(row.below_count, row.orders)
    if row.below_foreign:
        amount = None
    if amount is None and count is None:
        return None
    return OverassignmentOut(
        amount=money_out(amount, row.currency), count=None if count is None else int(count)
    )


def _beyond(below: Decimal | None, own: Decimal | int | None) -> Decimal | None:
    return below - own if below is not None and own is not None and below > own else None
