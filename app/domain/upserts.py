"""Objects by the id another system gave them: created when they are not there, else changed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, tuple_
from sqlalchemy.exc import IntegrityError

from app.core.errors import ExternalIdTaken, Invalid, NotFound
from app.core.work import Work, stale
from app.domain import accounts, opportunities, people, pipeline, products
from app.domain.entries import follow, shares_of
from app.schemas.accounts import AccountIn, AccountOut, AccountPatch
from app.schemas.attributes import merged
from app.schemas.base import In, MoneyIn, Out, money_out
from app.schemas.events import amount_of
from app.schemas.opportunities import OpportunityIn, OpportunityPatch
from app.schemas.people import PersonIn, PersonOut, PersonPatch
from app.schemas.products import ProductIn, ProductOut, ProductPatch
from app.tables import Account, Opportunity, Person, Product

Place = tuple[str, str]  # source and external id
Patch = TypeVar("Patch", bound=In)
Sent = TypeVar("Sent", bound=In)
Put = tuple[Any, bool]  # the object as it is then, and whether it is new


def at(place: Place, wanted: Sent) -> Sent:
    """What was sent to an address, with what the address says; the body may only repeat it."""
    said = dict(zip(("source", "external_id"), place, strict=True))
    for name in wanted.model_fields_set & said.keys():
        if getattr(wanted, name) != said[name]:
            raise Invalid.at(f"/{name}", "differs_from_address", "the address says another one")
    return wanted.model_copy(update=said)


def keyed(key: str, wanted: ProductIn) -> ProductIn:
    if wanted.key not in (None, key):
        raise Invalid.at("/key", "differs_from_address", "the address says another one")
    return wanted.model_copy(update={"key": key})


async def put_opportunity(work: Work, wanted: OpportunityIn, version: int | None) -> Put:
    place = (wanted.source, str(wanted.external_id))

    async def find() -> Row[Any] | None:
        return (await standing(work, [place])).get(place)

    async def create() -> Any:
        return await opportunities.create(work, wanted)

    async def change(row: Row[Any]) -> Any:
        if await revise(work, row, wanted, version):
            await follow(work, [row.id])
        return await pipeline.read(work, row.id)

    return await _put(work, find, create, change, "opportunity", version)


async def put_account(work: Work, wanted: AccountIn, version: int | None) -> Put:
    async def create() -> Any:
        return await accounts.create(work, wanted)

    async def change(row: Row[Any]) -> Any:
        patch = _news(AccountOut.model_validate(row), wanted, AccountPatch)
        return await accounts.change(work, row.id, version, patch) if patch else row

    return await _put(work, _finder(work, Account, wanted), create, change, "account", version)


async def put_person(work: Work, wanted: PersonIn, version: int | None) -> Put:
    async def create() -> Any:
        return await people.create(work, wanted)

    async def change(row: Row[Any]) -> Any:
        seen = await people.read(work, row.id)
        patch = _news(PersonOut.model_validate(seen), wanted, PersonPatch)
        return await people.change(work, row.id, version, patch) if patch else seen

    return await _put(work, _finder(work, Person, wanted), create, change, "person", version)


async def put_product(work: Work, wanted: ProductIn, version: int | None) -> Put:
    """Products have a key instead of a source and an external id."""

    async def find() -> Row[Any] | None:
        return await work.one(work.rows(Product).where(Product.key == wanted.key))

    async def create() -> Any:
        return await products.create(work, wanted)

    async def change(row: Row[Any]) -> Any:
        patch = _news(ProductOut.of(row), wanted, ProductPatch)
        return await products.change(work, row.id, version, patch) if patch else row

    return await _put(work, find, create, change, "product", version)


async def standing(work: Work, places: Sequence[Place]) -> dict[Place, Row[Any]]:
    """The opportunities that are there under these external ids, in one statement."""
    if not places:
        return {}
    columns = tuple_(Opportunity.source, Opportunity.external_id)
    rows = await work.all(pipeline.viewed(work).where(columns.in_(places)))
    return {(row.source, row.external_id): row for row in rows}


async def revise(
    work: Work, row: Row[Any], wanted: OpportunityIn, version: int | None = None
) -> bool:
    """Write what `wanted` says otherwise than the row; whether it does. `follow` comes after."""
    patch = _patch(wanted, OpportunityPatch.model_construct, _differing(row, wanted))
    if patch is None:
        return False
    await opportunities.alter(work, row.id, version, patch)
    return True


async def _put(
    work: Work,
    find: Callable[[], Awaitable[Row[Any] | None]],
    create: Callable[[], Awaitable[Any]],
    change: Callable[[Row[Any]], Awaitable[Any]],
    what: str,
    version: int | None,
) -> Put:
    """Of twins that find nothing and create at once, the database lets one; the others change."""
    row = await find()
    if row is None and version is not None:
        raise NotFound(f"There is no such {what} yet; leave If-Match out to create it.")
    if row is None:
        try:
            async with work.db.begin_nested():
                return await create(), True
        except (IntegrityError, ExternalIdTaken):
            row = await find()
            if row is None:
                raise
    if version is not None and row.version != version:
        raise stale(what, row.version)
    return await change(row), False


def _finder(
    work: Work, table: type[Account] | type[Person], wanted: AccountIn | PersonIn
) -> Callable[[], Awaitable[Row[Any] | None]]:
    async def find() -> Row[Any] | None:
        same: ColumnElement[bool] = table.external_id == wanted.external_id
        return await work.one(work.rows(table).where(table.source == wanted.source, same))

    return find


def _news(seen: Out, wanted: In, kind: type[Patch]) -> Patch | None:
    """The PATCH of what `wanted` says otherwise than what is seen; None when it says the same."""
    named = wanted.model_fields_set & kind.model_fields.keys()
    other = {name for name in named if _other(seen, wanted, name)}
    patch: Patch | None = _patch(wanted, kind.model_construct, other)
    return patch


def _patch(wanted: In, make: Callable[..., Any], names: set[str]) -> Any:
    """A PATCH of these members, which were checked when they came."""
    values = {name: getattr(wanted, name) for name in names}
    return make(names, **values) if names else None


def _other(seen: Any, wanted: In, name: str) -> bool:
    now, said = getattr(seen, name), getattr(wanted, name)
    if name == "attributes":
        said = merged(now, said)
    if isinstance(said, MoneyIn):
        said = money_out(said.amount, said.currency)
    return bool(now != said)


def _differing(row: Row[Any], wanted: OpportunityIn) -> set[str]:
    now: dict[str, Any] = {
        "value": (row.value, row.currency),
        "product_ids": set(row.product_ids),
        "business_type": row.business_type if row.business_chosen else None,
    }
    said: dict[str, Any] = {
        "value": amount_of(wanted.value),
        "credits": shares_of(wanted.credits),
        "product_ids": set(wanted.product_ids),
        "attributes": merged(row.attributes, wanted.attributes),
    }
    named = wanted.model_fields_set & OpportunityPatch.model_fields.keys()
    return {
        name
        for name in named
        if said.get(name, getattr(wanted, name)) != now.get(name, getattr(row, name, None))
    }
