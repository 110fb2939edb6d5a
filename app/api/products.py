"""The endpoints of products."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.domain import products
from app.schemas.base import PageOut
from app.schemas.products import ProductIn, ProductOut, ProductPatch, ProductQuery
from app.tables import Product

router = APIRouter(prefix="/products", tags=["products"])


@router.get("")
async def list_products(
    work: ReadAccounts, asked: Annotated[ProductQuery, Query()]
) -> PageOut[ProductOut]:
    """The products of the workspace, page by page."""
    page = await products.find(work, asked)
    data = [ProductOut.of(row) for row in page.data]
    return PageOut(data=data, next_cursor=page.next_cursor)


@router.post("", status_code=201)
async def create_product(work: WriteAccounts, product: ProductIn, response: Response) -> ProductOut:
    """Enter something that is sold."""
    row = await products.create(work, product)
    return ProductOut.of(tagged(response, placed(response, "products", row)))


@router.get("/{id}")
async def read_product(work: ReadAccounts, id: UUID, response: Response) -> ProductOut:
    """One product."""
    return ProductOut.of(tagged(response, await work.get(Product, id)))


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
