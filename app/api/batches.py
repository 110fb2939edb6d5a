"""Many opportunities in one request, and objects by the ids other systems gave them."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from app.api.door import WriteAccounts, WriteOpportunities, matched_version
from app.api.faults import refusal
from app.api.headers import placed, tagged
from app.domain import batches, upserts
from app.schemas.accounts import AccountIn, AccountOut
from app.schemas.base import ExternalId, Key, Source
from app.schemas.batches import BatchIn, BatchOut, BatchQuery, Refused
from app.schemas.opportunities import OpportunityIn, OpportunityOut
from app.schemas.people import PersonIn, PersonOut
from app.schemas.products import ProductIn, ProductOut

router = APIRouter()

IN_SOURCE = "/by-external-id/{source}/{external_id:path}"
From = Annotated[Source, Path(description="The system that gave the id.")]
Given = Annotated[
    ExternalId, Path(description="As it was given: no case is changed, no space cut.")
]


def wished_version(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", description="The ETag it must still have; default: any."),
    ] = None,
) -> int | None:
    return None if if_match is None else matched_version(request)


Seen = TypeVar("Seen", bound=Any)
Wished = Annotated[int | None, Depends(wished_version)]


def new(model: Any) -> dict[int | str, dict[str, Any]]:
    return {201: {"model": model, "description": "Created."}}


@router.post("/opportunities/batch", tags=["opportunities"])
async def write_opportunities(
    work: WriteOpportunities, asked: Annotated[BatchQuery, Query()], batch: BatchIn
) -> BatchOut:
    """Create up to 200 opportunities, all or none or each alone; with `upsert` change those there.

    The results are in the order of the items, and say of each what became of it. With
    `all_or_nothing` an item that fails is answered with its problem, and nothing was written.
    """
    sent = [refused(each) if isinstance(each, Refused) else each for each in batch.items]
    wishes = batches.Wishes(batch.mode, upsert=batch.upsert, dry_run=asked.dry_run)
    return await batches.write(work, sent, wishes)


@router.put(f"/opportunities{IN_SOURCE}", tags=["opportunities"], responses=new(OpportunityOut))
async def put_opportunity(
    work: WriteOpportunities,
    source: From,
    external_id: Given,
    version: Wished,
    wanted: OpportunityIn,
    response: Response,
) -> OpportunityOut:
    """Create the opportunity that another system knows by this id, or change what is named.

    What the body leaves out stays. `process_id`, `account` and `created_at` say how it is created,
    and change nothing later. The same again changes nothing.
    """
    named = upserts.at((source, external_id), wanted)
    seen: OpportunityOut
    seen, fresh = await upserts.put_opportunity(work, named, version)
    return _answered(response, "opportunities", seen, fresh=fresh)


@router.put(
    f"/accounts{IN_SOURCE}", tags=["accounts"], response_model=AccountOut, responses=new(AccountOut)
)
async def put_account(
    work: WriteAccounts,
    source: From,
    external_id: Given,
    version: Wished,
    wanted: AccountIn,
    response: Response,
) -> Any:
    """Create the account that another system knows by this id, or change what is named."""
    named = upserts.at((source, external_id), wanted)
    seen, fresh = await upserts.put_account(work, named, version)
    return _answered(response, "accounts", seen, fresh=fresh)


@router.put(
    f"/people{IN_SOURCE}", tags=["people"], response_model=PersonOut, responses=new(PersonOut)
)
async def put_person(
    work: WriteAccounts,
    source: From,
    external_id: Given,
    version: Wished,
    wanted: PersonIn,
    response: Response,
) -> Any:
    """Create the person that another system knows by this id, or change what is named."""
    named = upserts.at((source, external_id), wanted)
    seen, fresh = await upserts.put_person(work, named, version)
    return _answered(response, "people", seen, fresh=fresh)


@router.put("/products/by-key/{key}", tags=["products"], responses=new(ProductOut))
async def put_product(
    work: WriteAccounts,
    key: Annotated[Key, Path()],
    version: Wished,
    wanted: ProductIn,
    response: Response,
) -> ProductOut:
    """Create the product with this key, or change what is named."""
    named = upserts.keyed(key, wanted)
    seen, fresh = await upserts.put_product(work, named, version)
    return ProductOut.of(_answered(response, "products", seen, fresh=fresh))


def refused(item: Refused) -> Any:
    """The problem of an item that is none; its pointers start at the item."""
    return refusal([fault | {"loc": ("body", *fault["loc"])} for fault in item.faults])


def _answered(response: Response, path: str, seen: Seen, *, fresh: bool) -> Seen:
    if not fresh:
        return tagged(response, seen)
    response.status_code = 201
    return tagged(response, placed(response, path, seen))
