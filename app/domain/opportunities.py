"""Opportunities: how they come, what may be stated about them, and how they go."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, literal

from app.core.errors import Invalid
from app.core.work import Work
from app.domain import attributes, business, pipeline, processes, replay
from app.domain.references import present
from app.schemas.events import amount_of
from app.schemas.opportunities import (
    CreditIn,
    OpportunityIn,
    OpportunityOut,
    OpportunityPatch,
)
from app.tables import Account, Event, Opportunity, OpportunityProduct, Person, Product

STATED = (
    "name",
    "source",
    "external_id",
    "account_id",
    "business_subtype",
    "attributes",
    "external_close_date",
    "external_probability",
)


async def create(work: Work, wanted: OpportunityIn) -> OpportunityOut:
    """A new opportunity before the first milestone of a process's newest version."""
    process = await processes.resolve(work, wanted.process_id)
    version = await processes.current_version(work, process.id)
    created_at = wanted.created_at or work.now
    if created_at > work.now:
        raise Invalid.at("/created_at", "in_future", "created_at lies in the future")
    shares = _shares(wanted.credits)
    _includes(shares, wanted.owner_id, "/credits")
    await _refer(work, wanted)
    row = await work.add(
        Opportunity,
        process_id=process.id,
        version_id=version.id,
        created_at=created_at,
        clock_from=created_at,
        version=0,
        **await _stated(work, wanted),
    )
    await _connect(work, row.id, wanted.product_ids)
    value, currency = amount_of(wanted.value)
    said = {"version_id": version.id, "value": value, "currency": currency}
    who = {"owner_id": wanted.owner_id, "credits": shares}
    await record(work, row.id, kind="created", occurred_at=created_at, **said, **who)
    await replay.derive(work, ids=[row.id])
    await business.decide(work, ids=[row.id])
    return await pipeline.read(work, row.id)


async def change(work: Work, id: UUID, version: int, wanted: OpportunityPatch) -> OpportunityOut:
    """Change what is stated. A new value or owner is an event, so that the past keeps the old."""
    changes = wanted.model_dump(exclude_unset=True)
    given = await attributes.merge(work, Opportunity, id, changes)
    await _refer(work, wanted)
    stated = {name: given[name] for name in STATED if name in given}
    if "business_type" in given:
        stated["business_type"] = given["business_type"]
        stated["business_chosen"] = given["business_type"] is not None
    row = await work.change(Opportunity, id, version, **stated)
    if "product_ids" in given:
        own = (OpportunityProduct.workspace_id == work.workspace_id,)
        gone = delete(OpportunityProduct).where(*own, OpportunityProduct.opportunity_id == id)
        await work.db.execute(gone)
        await _connect(work, id, wanted.product_ids)
    await _restate(work, row, wanted)
    await replay.derive(work, ids=[id])
    if {"account_id", "business_type"} & given.keys():
        await business.decide(work, ids=[id])
    return await pipeline.read(work, id)


async def remove(work: Work, id: UUID, version: int) -> None:
    """Take an opportunity and its arrivals out of everything; its events stay."""
    await work.remove(Opportunity, id, version)
    await replay.derive(work, ids=[id])


async def record(work: Work, id: UUID, *, kind: str, occurred_at: datetime, **more: Any) -> None:
    """Write one event. `derive` must follow before the transaction ends."""
    said = {"correction": False, "reconstructed": False, "source": "api", "actor": work.actor}
    await work.add(
        Event,
        opportunity_id=id,
        kind=kind,
        occurred_at=occurred_at,
        recorded_at=work.now,
        **(said | more),
    )


async def _stated(work: Work, wanted: OpportunityIn) -> dict[str, Any]:
    stated = wanted.model_dump(include={*STATED, "business_type"})
    if wanted.account is not None:
        account = await work.add(Account, name=wanted.account.name, source=wanted.source)
        stated["account_id"] = account.id
    return stated | {"business_chosen": wanted.business_type is not None}


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
    shares = _shares(wanted.credits) if "credits" in given else row.credits
    if (owner_id, shares) != (row.owner_id, row.credits):
        _includes(shares, owner_id, "/credits" if "credits" in given else "/owner_id")
        await record(
            work,
            row.id,
            kind="owner_changed",
            occurred_at=work.now,
            owner_id=owner_id,
            credits=shares,
        )


async def _refer(work: Work, wanted: OpportunityIn | OpportunityPatch) -> None:
    given = wanted.model_fields_set
    people = [share.person_id for share in wanted.credits or []]
    if wanted.owner_id is not None:
        people.append(wanted.owner_id)
    accounts = [] if wanted.account_id is None else [wanted.account_id]
    products = wanted.product_ids if "product_ids" in given else []
    await present(work, {Account: accounts, Person: people, Product: products})


async def _connect(work: Work, id: UUID, product_ids: list[UUID]) -> None:
    """With the list prices of today: what the deal is taken to be worth if nobody says."""
    named = work.rows(Product).where(Product.id.in_(product_ids))
    columns = (Product.workspace_id, literal(id), Product.id, Product.list_price, Product.currency)
    kept = ("workspace_id", "opportunity_id", "product_id", "list_value", "list_currency")
    if product_ids:
        chosen = named.with_only_columns(*columns)
        await work.db.execute(insert(OpportunityProduct).from_select(kept, chosen))


def _shares(credits: list[CreditIn] | None) -> list[dict[str, Any]] | None:
    """The shares as they are stored; None: whoever owns it has all."""
    if not credits:
        return None
    return [
        {"person_id": str(share.person_id), "percent": format(share.percent.normalize(), "f")}
        for share in credits
    ]


def _includes(shares: list[dict[str, Any]] | None, owner_id: UUID | None, pointer: str) -> None:
    """A deal counts once, with its owner: shares without the owner would count it nowhere."""
    if shares and str(owner_id) not in {share["person_id"] for share in shares}:
        detail = "the owner must have a share; send owner_id and credits that fit together"
        raise Invalid.at(pointer, "owner_without_share", detail)
