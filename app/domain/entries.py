"""How opportunities come in: one or many, in the same statements."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, text
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.core import audit
from app.core.errors import ExternalIdTaken, Invalid, NotFound, Problem
from app.core.ids import uuid7
from app.core.work import Work, named
from app.domain import business, replay
from app.domain.references import absent, there
from app.schemas.events import amount_of
from app.schemas.opportunities import CreditIn, OpportunityIn, OpportunityPatch
from app.tables import (
    Account,
    AuditEntry,
    Event,
    Opportunity,
    Person,
    Process,
    ProcessVersion,
    Product,
)

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
TAKEN = "This source already has an object with this id."

# With the list prices of today: what the deal is taken to be worth if nobody says.
_CONNECT = text("""
INSERT INTO opportunity_products (workspace_id, opportunity_id, product_id, list_value,
  list_currency)
SELECT DISTINCT p.workspace_id, n.opportunity_id, p.id, p.list_price, p.currency
FROM unnest(CAST(:opportunities AS uuid[]), CAST(:products AS uuid[]))
  AS n(opportunity_id, product_id)
JOIN products p ON p.workspace_id = :workspace AND p.id = n.product_id
  AND p.deleted_at IS NULL""")

Named = Mapping[UUID, OpportunityIn]


async def enter(work: Work, wanted: Sequence[OpportunityIn]) -> list[UUID | Problem]:
    """A new opportunity for each, or what stands against it. `follow` has to come after.

    Each stands before the first milestone of its process's newest version. The number of
    statements does not depend on how many they are.
    """
    wanted = [_owned(work, each) for each in wanted]
    processes = await _processes(work, {each.process_id for each in wanted})
    found = await there(work, _references(wanted))
    outcomes: list[UUID | Problem] = [
        _objection(work, each, processes, found) or uuid7() for each in wanted
    ]
    good = {id: w for id, w in zip(outcomes, wanted, strict=True) if isinstance(id, UUID)}
    if not good:
        return outcomes
    made = await _insert(work, good, processes)
    taken = good.keys() - made
    return [ExternalIdTaken(TAKEN) if each in taken else each for each in outcomes]


async def follow(work: Work, ids: Sequence[UUID]) -> None:
    """What follows from the events of these opportunities, once for all of them."""
    if ids:
        await replay.derive(work, ids=ids, stated=True)
        await business.decide(work, ids=ids)


async def connect(work: Work, products: Mapping[UUID, Sequence[UUID]]) -> None:
    """Say of each opportunity which products it is about."""
    pairs = [(id, product) for id, several in products.items() for product in several]
    if pairs:
        named = {"opportunities": [id for id, _ in pairs], "products": [p for _, p in pairs]}
        await work.db.execute(_CONNECT, named | {"workspace": work.workspace_id})


def references(wanted: OpportunityIn | OpportunityPatch) -> dict[Any, list[UUID]]:
    """What it says it refers to, by table."""
    people = [share.person_id for share in wanted.credits or []]
    if wanted.owner_id is not None:
        people.append(wanted.owner_id)
    accounts = [] if wanted.account_id is None else [wanted.account_id]
    products = wanted.product_ids if "product_ids" in wanted.model_fields_set else []
    return {Account: accounts, Person: people, Product: products}


def shares_of(credits: list[CreditIn] | None) -> list[dict[str, Any]] | None:
    """The shares as they are stored; None: whoever owns it has all."""
    if not credits:
        return None
    return [
        {"person_id": str(share.person_id), "percent": format(share.percent.normalize(), "f")}
        for share in credits
    ]


def out_of_sight(work: Work, owner_id: UUID | None) -> Invalid | None:
    """A deal of somebody whose deals one does not see would be gone for whoever wrote it."""
    if work.sight.sees(owner_id):
        return None
    detail = "you see no deals of this owner; name yourself or somebody of your team"
    return Invalid.at("/owner_id", "out_of_sight", detail)


def owner_without_share(
    shares: list[dict[str, Any]] | None, owner_id: UUID | None, pointer: str
) -> Invalid | None:
    """A deal counts once, with its owner: shares without the owner would count it nowhere."""
    if shares and str(owner_id) not in {share["person_id"] for share in shares}:
        detail = "the owner must have a share; send owner_id and credits that fit together"
        return Invalid.at(pointer, "owner_without_share", detail)
    return None


def _owned(work: Work, wanted: OpportunityIn) -> OpportunityIn:
    """Whoever sees only some deals owns what he brings, unless he says whose it is."""
    if work.sight.people is None or wanted.owner_id is not None:
        return wanted
    return wanted.model_copy(update={"owner_id": work.sight.person_id})


async def _processes(work: Work, words: set[str]) -> dict[str, Row[Any]]:
    """Each process by the words that name it (key or id), with its newest version."""
    ids = [id for id in map(id_of, words) if id is not None]
    version = (ProcessVersion.workspace_id == Process.workspace_id) & (
        ProcessVersion.process_id == Process.id
    )
    query = work.rows(Process).join(ProcessVersion, version)
    query = query.where(or_(Process.key.in_(words), Process.id.in_(ids)))
    columns: tuple[Any, ...] = (Process.id, Process.key, ProcessVersion.id.label("version_id"))
    newest = query.ext(distinct_on(Process.id)).order_by(Process.id, ProcessVersion.number.desc())
    rows = await work.all(newest.with_only_columns(*columns))
    by_key, by_id = {row.key: row for row in rows}, {row.id: row for row in rows}
    found = {word: by_id.get(id_of(word)) if id_of(word) else by_key.get(word) for word in words}
    return {word: row for word, row in found.items() if row is not None}


def id_of(word: str) -> UUID | None:
    """The id that this word is, if it is one."""
    try:
        return UUID(word) if word.count("-") == 4 else None  # noqa: PLR2004 - as ids are written
    except ValueError:
        return None


def _references(wanted: Sequence[OpportunityIn]) -> dict[Any, list[UUID]]:
    together: dict[Any, list[UUID]] = {}
    for each in wanted:
        for table, ids in references(each).items():
            together.setdefault(table, []).extend(ids)
    return together


def _objection(
    work: Work, wanted: OpportunityIn, processes: Mapping[str, Any], found: set[UUID]
) -> Problem | None:
    if wanted.process_id not in processes:
        return NotFound(f"There is no process {wanted.process_id}.")
    if wanted.created_at is not None and wanted.created_at > work.now:
        return Invalid.at("/created_at", "in_future", "created_at lies in the future")
    unfit = owner_without_share(shares_of(wanted.credits), wanted.owner_id, "/credits")
    return unfit or absent(references(wanted), found) or out_of_sight(work, wanted.owner_id)


async def _insert(work: Work, good: Named, processes: Mapping[str, Row[Any]]) -> set[UUID]:
    """The ids that came in; an external id that is taken keeps its opportunity out."""
    accounts = await _accounts(work, good)
    rows = [_row(work, id, each, processes, accounts.get(id)) for id, each in good.items()]
    # Always in one order: two batches with the same external ids must not wait for each other.
    rows.sort(key=lambda row: (row["source"], row["external_id"] or ""))
    entry = insert(Opportunity).on_conflict_do_nothing().returning(Opportunity.id)
    made = set((await work.db.execute(entry, rows)).scalars())
    stray = [account for id, account in accounts.items() if id not in made]
    if stray:
        own = Account.workspace_id == work.workspace_id
        await work.db.execute(delete(Account).where(own, Account.id.in_(stray)))
    kept = {id: each for id, each in good.items() if id in made}
    await connect(work, {id: each.product_ids for id, each in kept.items()})
    if kept:
        said = [_created(work, id, each, processes) for id, each in kept.items()]
        await work.db.execute(plain_insert(Event), said)
    noted = [_noted(work, id, kept[deal]) for deal, id in accounts.items() if deal in made]
    if noted:
        await work.db.execute(plain_insert(AuditEntry), noted)
    return made


async def _accounts(work: Work, good: Named) -> dict[UUID, UUID]:
    """The new account of each opportunity that comes with one."""
    made = {id: uuid7() for id, each in good.items() if each.account is not None}
    if made:
        rows = [
            {
                "workspace_id": work.workspace_id,
                "id": made[id],
                "name": each.account.name,
                "source": each.source,
                "created_at": work.now,
                "updated_at": work.now,
            }
            for id, each in good.items()
            if each.account is not None
        ]
        await work.db.execute(plain_insert(Account), rows)
    return made


def _noted(work: Work, account_id: UUID, wanted: OpportunityIn) -> dict[str, Any]:
    """What the audit log says of the new account of an opportunity that came in."""
    name = wanted.account.name if wanted.account else None
    said = {"name": name, "source": wanted.source}
    return audit.line(work, "created", named(Account), account_id, said)


def _row(
    work: Work,
    id: UUID,
    wanted: OpportunityIn,
    processes: Mapping[str, Row[Any]],
    account_id: UUID | None,
) -> dict[str, Any]:
    process, created_at = processes[wanted.process_id], wanted.created_at or work.now
    stated = wanted.model_dump(include={*STATED, "business_type"})
    return stated | {
        "workspace_id": work.workspace_id,
        "id": id,
        "account_id": account_id or wanted.account_id,
        "business_chosen": wanted.business_type is not None,
        "process_id": process.id,
        "version_id": process.version_id,
        "created_at": created_at,
        "updated_at": work.now,
        "clock_from": created_at,
        # It becomes 1 when what follows from the events is written.
        "version": 0,
    }


def _created(
    work: Work, id: UUID, wanted: OpportunityIn, processes: Mapping[str, Row[Any]]
) -> dict[str, Any]:
    value, currency = amount_of(wanted.value)
    return {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "opportunity_id": id,
        "kind": "created",
        "occurred_at": wanted.created_at or work.now,
        "recorded_at": work.now,
        "actor": work.actor,
        "source": "api",
        "version_id": processes[wanted.process_id].version_id,
        "value": value,
        "currency": currency,
        "owner_id": wanted.owner_id,
        "credits": shares_of(wanted.credits),
    }
