"""Milestones with what stands open there now: neither won, nor out, nor on hold."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Subquery,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.errors import NotFound
from app.core.page import Order, Page, page
from app.core.work import Home, Work
from app.domain.milestones import documents, fields_of
from app.domain.processes import current_version, resolve
from app.engine.money import round_to_minor
from app.schemas.base import money_out
from app.schemas.milestones import MilestoneQuery, MilestoneStandingOut
from app.tables import CurrencyRate, Milestone, Opportunity, Process, ProcessVersion, StockCell


async def find(work: Work, asked: MilestoneQuery) -> Page:
    """The milestones of a process's newest version, first to last, all in one statement."""
    process = await resolve(work, asked.process)
    version = await current_version(work, process.id)
    values = {
        "workspace": work.workspace_id,
        "process": process.id,
        "version": version.id,
        "currency": work.home.currency,
        "now": work.now,
        "today": work.today,
    }
    order = Order("position", Milestone.position.expression, Milestone.id.expression)
    found = await page(work, _of_a_version(), order, asked, values=values)
    return Page([_seen(work, row) for row in found.data], found.next_cursor)


async def read(work: Work, id: UUID) -> MilestoneStandingOut:
    """One milestone of any version; what stands at its lineage in other versions counts too."""
    row = await work.one(
        _standing(work, _process_of(work, id), work.today).where(Milestone.id == id)
    )
    if row is None:
        raise NotFound(f"There is no milestone {id}.")
    return _seen(work, row)


@cache
def _of_a_version() -> Select[Any]:
    """Made once, since making it takes as long as asking it."""
    value: Callable[..., Any] = bindparam
    home = Home("", "", value("currency"), "", 1, b"")
    nobody: Any = None
    work = Work(nobody, value("workspace"), home, value("now"), "")
    query = _standing(work, value("process", type_=Uuid()), value("today"))
    return query.where(Milestone.version_id == value("version"))


def _process_of(work: Work, id: UUID) -> ColumnElement[UUID]:
    version = and_(
        ProcessVersion.workspace_id == Milestone.workspace_id,
        ProcessVersion.id == Milestone.version_id,
    )
    found = select(ProcessVersion.process_id).join(Milestone, version)
    return found.where(
        Milestone.workspace_id == work.workspace_id, Milestone.id == id
    ).scalar_subquery()


def _standing(work: Work, process_id: ColumnElement[UUID], today: date) -> Select[Any]:
    stock = _stock(work, process_id, today)
    here = Milestone.workspace_id
    version = and_(ProcessVersion.workspace_id == here, ProcessVersion.id == Milestone.version_id)
    process = and_(Process.workspace_id == here, Process.id == ProcessVersion.process_id)
    return (
        documents(work)
        .add_columns(
            ProcessVersion.process_id,
            ProcessVersion.number.label("process_version"),
            func.coalesce(stock.c.open_count, 0).label("open_count"),
            func.coalesce(stock.c.missing, 0).label("missing_value_count"),
            stock.c.open_value.label("known_value"),
        )
        .join(ProcessVersion, version)
        .join(Process, and_(process, Process.deleted_at.is_(None)))
        .outerjoin(stock, stock.c.lineage_id == Milestone.lineage_id)
    )


def _stock(work: Work, process_id: ColumnElement[UUID], today: date) -> Subquery:
    """Count and value by lineage, so that opportunities in older versions are there as well."""
    rate, rows = _latest_rates(work, today), _standing_rows(work, process_id)
    own = rows.c.currency == work.home.currency
    worth = case((own, 1), else_=rate.c.rate)
    known = func.coalesce(func.sum(rows.c.known).filter(worth.is_not(None)), 0)
    number = func.sum(rows.c.n)
    there = and_(Milestone.workspace_id == work.workspace_id, Milestone.id == rows.c.milestone_id)
    return (
        select(
            Milestone.lineage_id,
            cast(number, BigInteger).label("open_count"),
            case((known != 0, func.sum(rows.c.value * worth))).label("open_value"),
            cast(number - known, BigInteger).label("missing"),
        )
        .select_from(rows)
        .join(Milestone, there)
        .outerjoin(rate, rate.c.currency == rows.c.currency)
        .group_by(Milestone.lineage_id)
        .having(number != 0)
        .subquery("stock")
    )


def _standing_rows(work: Work, process_id: ColumnElement[UUID]) -> Subquery:
    """The cells of the stock, and whatever was on hold until a moment that is over by now."""
    cells = work.rows(StockCell).with_only_columns(
        StockCell.milestone_id, StockCell.currency, StockCell.n, StockCell.known, StockCell.value
    )
    value = func.coalesce(Opportunity.value, 0)
    again = work.unnarrowed.rows(Opportunity).with_only_columns(
        Opportunity.milestone_id,
        Opportunity.currency,
        literal(1),
        case((Opportunity.value.is_(None), 0), else_=1),
        value,
    )
    held = and_(Opportunity.held_since.is_not(None), Opportunity.status == "open")
    over = or_(Opportunity.held_until.is_(None), Opportunity.held_until <= work.now)
    return union_all(
        cells.where(StockCell.process_id == process_id),
        again.where(Opportunity.process_id == process_id, held, over),
    ).subquery("standing")


def _latest_rates(work: Work, today: date) -> Subquery:
    """The rate in force today for each currency: a stock is worth what it is worth now."""
    known = select(CurrencyRate.currency, CurrencyRate.rate).where(
        CurrencyRate.workspace_id == work.workspace_id, CurrencyRate.day <= today
    )
    newest = known.ext(distinct_on(CurrencyRate.currency)).order_by(
        CurrencyRate.currency, CurrencyRate.day.desc(), CurrencyRate.recorded_at.desc()
    )
    return newest.subquery("rates")


def _seen(work: Work, row: Row[Any]) -> MilestoneStandingOut:
    currency = work.home.currency
    known = Decimal(0) if row.open_count == 0 else row.known_value
    value = None if known is None else round_to_minor(known, currency)
    return MilestoneStandingOut.model_validate(
        fields_of(row) | {"open_value": money_out(value, currency)}
    )
