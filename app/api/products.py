"""The endpoints of products."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, shaped, shaped_page
from app.domain import products
from app.schemas.products import ProductIn, ProductOut, ProductPatch, ProductQuery, ProductShape
from app.schemas.shapes import CountedPageOut
from app.tables import Product

router = APIRouter(prefix="/products", tags=["products"])
Pages = CountedPageOut[ProductOut]


@router.get("", response_model=Pages, responses=OR_PARTIAL)
async def list_products(work: ReadAccounts, asked: Annotated[ProductQuery, Query()]) -> Any:
    """The products of the workspace, page by page."""
    found = await products.find(work, asked)
    seen = replace(found, data=[ProductOut.of(row) for row in found.data])
    return shaped_page(ProductOut, seen, asked)


@router.post("", status_code=201)
async def create_product(work: WriteAccounts, product: ProductIn, response: Response) -> ProductOut:
    """Enter something that is sold."""
    row = await products.create(work, product)
    return ProductOut.of(tagged(response, placed(response, "products", row)))


@router.get("/{id}", response_model=ProductOut, responses=OR_PARTIAL)
async def read_product(
    work: ReadAccounts, id: UUID, asked: Annotated[ProductShape, Query()], response: Response
) -> Any:
    """One product."""
    row = tagged(response, await work.get(Product, id))
    return shaped(response, ProductOut.of(row), asked)


@router.patch("/{id}")
async def change_product(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: ProductPatch, response: Response
) -> ProductOut:
    """Change what is named and leave the rest; members of `attributes` merge as well."""
    return ProductOut.of(tagged(response, await products.change(work, id, version, patch)))


@router.delete("/{id}", status_code=204)
async def delete_product(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Take the product out of all lists. Opportunities about it keep referring to it."""
    await work.remove(Product, id, version)
