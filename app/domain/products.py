"""Products: what is sold, and what it costs by the list."""

import re
from typing import Any
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.page import Page, listed
from app.core.work import Work
from app.domain import attributes
from app.domain.naming import begins, ordered
from app.schemas.products import ProductIn, ProductPatch, ProductQuery
from app.tables import Product

# German spells its umlauts out; other letters only lose their accents.
SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
KEY_LENGTH = 64


async def find(work: Work, asked: ProductQuery) -> Page:
    query, order = ordered(work.rows(Product), Product, asked.sort)
    if asked.key is not None:
        query = query.where(Product.key == asked.key)
    if asked.active is not None:
        query = query.where(Product.active == asked.active)
    if asked.q is not None:
        query = query.where(begins(Product, asked.q))
    return await listed(work, query, order, asked)


async def create(work: Work, product: ProductIn) -> Row[Any]:
    key = product.key or slug(product.name)
    if not key:
        raise Invalid.at("/key", "missing", "No key can be made of this name; send one.")
    values = product.model_dump(exclude={"key", "list_price"})
    price = product.list_price
    return await work.add(
        Product,
        key=key,
        list_price=price and price.amount,
        currency=price and price.currency,
        **values,
    )


async def change(work: Work, id: UUID, version: int | None, patch: ProductPatch) -> Row[Any]:
    changes = patch.model_dump(exclude_unset=True, exclude={"list_price"})
    values = await attributes.merge(work, Product, id, changes)
    if "list_price" in patch.model_fields_set:
        price = patch.list_price
        values |= {"list_price": price and price.amount, "currency": price and price.currency}
    return await work.change(Product, id, version, **values)


def slug(name: str) -> str:
    """A key made of a name: its letters and digits, with hyphens between; "" when it has none.

    >>> slug("GTX Plus Pro"), slug("Große Anlage (süd)"), slug("配管")
    ('gtx-plus-pro', 'grosse-anlage-sued', '')
    """
    plain = normalize("NFKD", normalize("NFC", name).lower().translate(SPELLED_OUT))
    words = re.findall("[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    return "-".join(words)[:KEY_LENGTH].rstrip("-")
