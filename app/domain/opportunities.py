"""Opportunities: how they come, what may be stated about them, and how they go."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete

from app.core.errors import Problem
from app.core.event_types import EventObject, EventType
from app.core.work import Work
from app.domain import attributes, business, pipeline, replay
from app.domain.entries import (
    STATED,
    connect,
    enter,
    follow,
    out_of_sight,
    owner_without_share,
    references,
    shares_of,
)
from app.domain.outbox.telling import Told, tell
from app.domain.references import present
from app.schemas.events import amount_of
from app.schemas.opportunities import OpportunityIn, OpportunityOut, OpportunityPatch
from app.tables import Event, Opportunity, OpportunityProduct


async def create(work: Work, wanted: OpportunityIn) -> OpportunityOut:
    """A new opportunity before the first milestone of a process's newest version."""
    [made] = await enter(work, [wanted])
    if isinstance(made, Problem):
        raise made
    await follow(work, [made])
    return await pipeline.read(work, made)


async def change(work: Work, id: UUID, version: int, wanted: OpportunityPatch) -> OpportunityOut:
    """Change what is stated. A new value or owner is an event, so that the past keeps the old."""
    await alter(work, id, version, wanted)
    await replay.derive(work, ids=[id], stated=True)
    if {"account_id", "business_type"} & wanted.model_fields_set:
        await business.decide(work, ids=[id])
    return await pipeline.read(work, id)


async def alter(work: Work, id: UUID, version: int | None, wanted: OpportunityPatch) -> None:
    """Write what `wanted` says; `version` None matches any. What follows has to come after."""
    changes = wanted.model_dump(exclude_unset=True)
    given = await attributes.merge(work, Opportunity, id, changes)
    await present(work, references(wanted))
    if "owner_id" in given and (strange := out_of_sight(work, given["owner_id"])):
        raise strange
    stated = {name: given[name] for name in STATED if name in given}
    if "business_type" in given:
        stated["business_type"] = given["business_type"]
        stated["business_chosen"] = given["business_type"] is not None
    row = await work.change(Opportunity, id, version, **stated)
    if "product_ids" in given:
        own = (OpportunityProduct.workspace_id == work.workspace_id,)
        gone = delete(OpportunityProduct).where(*own, OpportunityProduct.opportunity_id == id)
        await work.db.execute(gone)
        await connect(work, {id: wanted.product_ids})
        await work.note("changed", Opportunity, id, product_ids=wanted.product_ids)
    await _restate(work, row, wanted)


async def remove(work: Work, id: UUID, version: int) -> None:
    """Take an opportunity and its arrivals out of everything; its events stay."""
    await work.remove(Opportunity, id, version)
    await replay.derive(work, ids=[id])
    gone = Told(EventType.OPPORTUNITY_DELETED, EventObject.OPPORTUNITY, id, version + 1)
    await tell(work, gone)


async def record(work: Work, id: UUID, *, kind: str, occurred_at: datetime, **more: Any) -> UUID:
    """Write one event and give its id. `derive` must follow before the transaction ends."""
    said = {"correction": False, "reconstructed": False, "source": "api", "actor": work.actor}
    row = await work.add(
        Event,
        opportunity_id=id,
        kind=kind,
        occurred_at=occurred_at,
        recorded_at=work.now,
        **(said | more),
    )
    id_of_event: UUID = row.id
    return id_of_event


async def _restate(work: Work, row: Row[Any], wanted: OpportunityPatch) -> None:
    given = wanted.model_fields_set
    if "value" in given and (
        wanted.correction or amount_of(wanted.value) != (row.value, row.currency)
    ):
        value, currency = amount_of(wanted.value)
        await record(
            work,
            row.id,
            kind="value_changed",
            occurred_at=work.now,
            value=value,
            currency=currency,
            correction=wanted.correction,
        )
    owner_id = wanted.owner_id if "owner_id" in given else row.owner_id
    shares = shares_of(wanted.credits) if "credits" in given else row.credits
    if (owner_id, shares) != (row.owner_id, row.credits):
        pointer = "/credits" if "credits" in given else "/owner_id"
        if unfit := owner_without_share(shares, owner_id, pointer):
            raise unfit
        await record(
            work,
            row.id,
            kind="owner_changed",
            occurred_at=work.now,
            owner_id=owner_id,
            credits=shares,
        )
