"""Opportunities by a tree of conditions: the same rows, orders and pages as in the list."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core.errors import InvalidCursor
from app.core.page import Page
from app.core.work import Work
from app.domain import pipeline
from app.schemas.base import In
from app.schemas.search import OpportunityFilter, SearchIn
from app.tables import Account, Milestone, Opportunity, OpportunityProduct, Process

Truth = ColumnElement[bool]

COLUMNS: dict[str, Any] = {
    "name": Opportunity.name,
    "source": Opportunity.source,
    "external_id": Opportunity.external_id,
    "milestone": Milestone.key,
    "milestone_position": Opportunity.position,
    "status": pipeline.status_now,
    "value": Opportunity.value,
    "owner": Opportunity.owner_id,
    "account": Opportunity.account_id,
    "business_type": Opportunity.business_type,
    "business_subtype": Opportunity.business_subtype,
    "ball": Opportunity.ball,
    "exit_kind": Opportunity.exit_kind,
    "exit_reason": Opportunity.exit_reason,
    "age_days": pipeline.age_now,
    "created_at": Opportunity.created_at,
    "updated_at": Opportunity.updated_at,
    "reached_at": Opportunity.reached_at,
    "waiting_since": Opportunity.waiting_since,
    "won_at": Opportunity.won_at,
    "exited_at": Opportunity.exited_at,
    "external_close_date": Opportunity.external_close_date,
}
OPERATORS: dict[str, Callable[[Any, Any], Truth]] = {
    "eq": lambda column, value: column == value,
    "in_": lambda column, values: column.in_(_named(values)),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": lambda column, part: func.strpos(func.lower(column), func.lower(part)) > 0,
    "is_null": lambda column, null: column.is_(None) if null else column.is_not(None),
}


async def search(work: Work, asked: SearchIn) -> Page:
    """A page of what fits the filter at this moment, what was just written included."""
    query = pipeline.viewed(work).where(_all_of(work, asked.filter))
    try:
        return await pipeline.seen_page(work, query, asked)
    except InvalidCursor as error:
        raise InvalidCursor.at("/cursor", "invalid_cursor", error.detail) from error


def _all_of(work: Work, tree: OpportunityFilter) -> Truth:
    """What is unknown fits no condition, and so fits the negation of every condition."""
    held: list[Truth] = [true()]
    for name, said in _said(tree):
        if name == "and_":
            held += [_all_of(work, each) for each in said]
        elif name == "or_":
            held.append(or_(*(_all_of(work, each) for each in said)))
        elif name == "not_":
            held.append(_all_of(work, said).is_not(true()))
        elif name in COLUMNS:
            held.append(_holds(COLUMNS[name], said))
        else:
            held.append(SPECIAL[name](work, said))
    return and_(*held)


def _said(model: In) -> list[tuple[str, Any]]:
    fields = type(model).model_fields
    return [(name, getattr(model, name)) for name in fields if name in model.model_fields_set]


def _holds(column: Any, condition: In) -> Truth:
    return and_(*(OPERATORS[name](column, value) for name, value in _said(condition)))


def _named(values: list[Any]) -> BindParameter[Any]:
    """By itself the library names values after their column, and a computed one breaks the name."""
    return bindparam("one_of", values, expanding=True, unique=True)


def _wanted(condition: Any) -> list[list[Any]]:
    """The alternatives that each operator of a plain comparison names."""
    return [value if name == "in_" else [value] for name, value in _said(condition)]


def _process(work: Work, condition: Any) -> Truth:
    named = [
        or_(Process.key.in_(words), Process.id.in_(_ids(words))) for words in _wanted(condition)
    ]
    chosen = work.rows(Process).where(*named).with_only_columns(Process.id)
    return Opportunity.process_id.in_(chosen)


def _ids(words: Sequence[str]) -> list[UUID]:
    found = []
    for word in words:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found


def _team(work: Work, condition: Any) -> Truth:
    belongs = Opportunity.owner_id.in_
    alternatives = [
        or_(*(belongs(pipeline.members(work, id)) for id in ids)) for ids in _wanted(condition)
    ]
    return and_(*alternatives)


def _segment(work: Work, condition: Any) -> Truth:
    of_it = work.rows(Account).where(Account.id == Opportunity.account_id)
    segment = of_it.with_only_columns(Account.segment).correlate(Opportunity).scalar_subquery()
    return _holds(segment, condition)


def _product(work: Work, condition: Any) -> Truth:
    held = []
    for ids in _wanted(condition):
        about = select(OpportunityProduct.opportunity_id).where(
            OpportunityProduct.workspace_id == work.workspace_id,
            OpportunityProduct.product_id.in_(ids),
        )
        held.append(Opportunity.id.in_(about))
    return and_(*held)


def _stale(_: Work, condition: Any) -> Truth:
    return pipeline.stale() if condition.eq else ~pipeline.stale()


def _drifting(_: Work, condition: Any) -> Truth:
    return pipeline.drifting() if condition.eq else ~pipeline.drifting()


def _attributes(_: Work, conditions: Any) -> Truth:
    held: list[Truth] = []
    for key, condition in conditions.items():
        member = Opportunity.attributes[key]
        held += [_attribute(member, name, value) for name, value in _said(condition)]
    return and_(*held)


def _attribute(member: Any, operator: str, value: Any) -> Truth:
    """JSON values compare as numbers, texts, … do; `jsonb` orders values of different types too,
    which nobody means."""
    if operator == "is_null":
        null: Truth = func.coalesce(func.jsonb_typeof(member), "null") == "null"
        return null if value else ~null
    if operator == "contains":
        text = and_(_is(member, "string"), OPERATORS["contains"](member.astext, value))
        return or_(text, and_(_is(member, "array"), member.contains([value])))
    if operator == "in_":
        among: Truth = member.in_([literal(each, JSONB) for each in value])
        return among
    compared = OPERATORS[operator](member, literal(value, JSONB))
    return compared if operator == "eq" else and_(_is(member, _json_type(value)), compared)


def _is(member: Any, kind: str) -> Truth:
    typed: Truth = func.jsonb_typeof(member) == kind
    return typed


def _json_type(value: Any) -> str:
    return "string" if isinstance(value, str) else "number"


SPECIAL: dict[str, Callable[[Work, Any], Truth]] = {
    "process": _process,
    "team": _team,
    "segment": _segment,
    "product": _product,
    "stale": _stale,
    "drifting": _drifting,
    "attributes": _attributes,
}
