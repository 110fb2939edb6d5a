"""How a PATCH reaches into the attributes of an object."""

from typing import Any
from uuid import UUID

from app.core.errors import Invalid
from app.core.work import Work
from app.schemas.attributes import merged, objection
from app.tables import Account, Opportunity, Product

Attributed = type[Account] | type[Opportunity] | type[Product]


async def merge(work: Work, table: Attributed, id: UUID, values: dict[str, Any]) -> dict[str, Any]:
    """`values` with its `attributes`, if it has any, merged into those the object has."""
    if "attributes" not in values:
        return values
    row = await work.get(table, id)
    attributes = merged(row.attributes, values["attributes"])
    if fault := objection(attributes):
        raise Invalid.at("/attributes", *fault)
    return values | {"attributes": attributes}
