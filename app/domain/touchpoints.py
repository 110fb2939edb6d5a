"""Touchpoints: kept as they come in, found by whom they turned out to have met."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Subquery, and_, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.core.errors import Invalid, NotFound, Problem
from app.core.ids import uuid7
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.batches import CREATED, THERE, together, told_of
from app.domain.references import absent, present, there
from app.schemas.batches import BatchMode
from app.schemas.touchpoints import (
    ResolvedOut,
    StitchIn,
    StitchOut,
    TouchpointBatchOut,
    TouchpointIn,
    TouchpointOut,
    TouchpointQuery,
    TouchpointResultOut,
)
from app.tables import Account, Opportunity, Source, Touchpoint, TouchpointStitch

Items = Mapping[int, TouchpointIn]


async def write(
    work: Work, sent: Sequence[TouchpointIn | Problem], mode: BatchMode
) -> TouchpointBatchOut:
    """What became of each, in order; the problem of the first where one takes back all."""
    items = {index: each for index, each in enumerate(sent) if isinstance(each, TouchpointIn)}
    keys = await _sources(work, {each.source for each in items.values()})
    found = await there(work, _references(items.values()))
    failed = {index: each for index, each in enumerate(sent) if isinstance(each, Problem)}
    for index, each in items.items():
        if unfit := _objection(work, each, keys, found):
            failed[index] = unfit
    if failed and mode is BatchMode.ALL_OR_NOTHING:
        raise together(dict(sorted(failed.items())))
    good = {index: each for index, each in items.items() if index not in failed}
    return _told(work, failed, *await _insert(work, good, keys))


async def find(work: Work, asked: TouchpointQuery) -> Page:
    """Latest first; by whom they met as known today."""
    query, met = _resolved(work)
    for column, value in (
        (Touchpoint.lead, asked.lead),
        (Touchpoint.direction, asked.direction),
        (met["account_id"], asked.account),
        (met["opportunity_id"], asked.opportunity),
    ):
        if value is not None:
            query = query.where(column == value)
    if asked.source is not None:
        query = query.where(or_(Source.key == asked.source, Source.id == _id(asked.source)))
    if asked.occurred_since is not None:
        query = query.where(Touchpoint.occurred_at >= asked.occurred_since)
    if asked.occurred_before is not None:
        query = query.where(Touchpoint.occurred_at < asked.occurred_before)
    order = Order("occurred_at", Touchpoint.occurred_at, Touchpoint.id, descending=True)
    found = await page(work, query, order, asked)
    return Page([_seen(row) for row in found.data], found.next_cursor)


async def stitch(work: Work, said: StitchIn) -> StitchOut:
    """Note who a lead is. Its touchpoints stay as they came in; what they count for follows."""
    await present(work, _references([said]))
    row = await work.add(
        TouchpointStitch, **said.model_dump(), recorded_at=work.now, actor=work.actor
    )
    own = (Touchpoint.workspace_id == work.workspace_id, Touchpoint.lead == said.lead)
    touchpoints = await work.db.scalar(select(func.count()).where(*own))
    return StitchOut.model_validate(row._asdict() | {"touchpoints": touchpoints})


def _references(told: Any) -> dict[Any, list[UUID]]:
    """What they say they refer to, by table."""
    accounts = [each.account_id for each in told if each.account_id is not None]
    deals = [each.opportunity_id for each in told if each.opportunity_id is not None]
    return {Account: accounts, Opportunity: deals}


async def _sources(work: Work, keys: set[str]) -> dict[str, UUID]:
    query = work.rows(Source).where(Source.key.in_(keys)) if keys else None
    return {row.key: row.id for row in await work.all(query)} if query is not None else {}


def _objection(
    work: Work, wanted: TouchpointIn, keys: Mapping[str, UUID], found: set[UUID]
) -> Problem | None:
    if wanted.source not in keys:
        return NotFound(f"There is no source {wanted.source}.")
    if wanted.occurred_at > work.now:
        return Invalid.at("/occurred_at", "in_future", "occurred_at lies in the future")
    return absent(_references([wanted]), found)


async def _insert(
    work: Work, good: Items, keys: Mapping[str, UUID]
) -> tuple[dict[int, UUID], dict[int, UUID]]:
    """Those that are new and those that were there, by their place among what was sent."""
    if not good:
        return {}, {}
    ids = {index: uuid7() for index in good}
    rows = [_row(work, ids[index], each, keys[each.source]) for index, each in good.items()]
    # Always in one order: two batches with the same external ids must not wait for each other.
    rows.sort(key=lambda row: (row["source_id"], row["external_id"] or ""))
    entry = insert(Touchpoint).on_conflict_do_nothing().returning(Touchpoint.id)
    made = set((await work.db.execute(entry, rows)).scalars())
    fresh = {index: id for index, id in ids.items() if id in made}
    late = {
        index: (keys[each.source], each.external_id)
        for index, each in good.items()
        if index not in fresh
    }
    return fresh, await _standing(work, late)


async def _standing(work: Work, late: Mapping[int, tuple[UUID, str | None]]) -> dict[int, UUID]:
    if not late:
        return {}
    place = tuple_(Touchpoint.source_id, Touchpoint.external_id)
    query = work.rows(Touchpoint).where(place.in_(set(late.values())))
    known = {(row.source_id, row.external_id): row.id for row in await work.all(query)}
    return {index: known[named] for index, named in late.items()}


def _row(work: Work, id: UUID, wanted: TouchpointIn, source_id: UUID) -> dict[str, Any]:
    return wanted.model_dump(exclude={"source"}) | {
        "workspace_id": work.workspace_id,
        "id": id,
        "source_id": source_id,
        "recorded_at": work.now,
        "actor": work.actor,
    }


def _told(
    work: Work,
    failed: Mapping[int, Problem],
    fresh: Mapping[int, UUID],
    there_already: Mapping[int, UUID],
) -> TouchpointBatchOut:
    results = [
        TouchpointResultOut(
            index=index, status=each.status, id=None, problem=told_of(work, index, each)
        )
        for index, each in failed.items()
    ]
    for status, ids in ((CREATED, fresh), (THERE, there_already)):
        results += [
            TouchpointResultOut(index=index, status=status, id=id, problem=None)
            for index, id in ids.items()
        ]
    return TouchpointBatchOut(
        created=len(fresh),
        unchanged=len(there_already),
        failed=len(failed),
        results=sorted(results, key=lambda one: one.index),
    )


def _resolved(work: Work) -> tuple[Select[Any], dict[str, Any]]:
    """Touchpoints with their source, and the columns that say whom they met as known today."""
    last = _last_words(work)
    met = {
        "account_id": func.coalesce(Touchpoint.account_id, last.c.account_id),
        "opportunity_id": func.coalesce(Touchpoint.opportunity_id, last.c.opportunity_id),
    }
    source = and_(Source.workspace_id == Touchpoint.workspace_id, Source.id == Touchpoint.source_id)
    query = work.rows(Touchpoint).join(Source, source)
    query = query.outerjoin(last, last.c.lead == Touchpoint.lead)
    labels = (column.label(f"met_{name}") for name, column in met.items())
    return query.add_columns(Source.key.label("source"), *labels), met


def _last_words(work: Work) -> Subquery:
    """Who each lead is, as said last."""
    said = work.rows(TouchpointStitch).ext(distinct_on(TouchpointStitch.lead))
    return said.order_by(TouchpointStitch.lead, TouchpointStitch.id.desc()).subquery()


def _seen(row: Row[Any]) -> TouchpointOut:
    met = ResolvedOut(account_id=row.met_account_id, opportunity_id=row.met_opportunity_id)
    return TouchpointOut.model_validate(row._asdict() | {"resolved": met})


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
