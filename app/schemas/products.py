"""What the world sees of a product."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.schemas.attributes import Attributes
from app.schemas.base import In, Key, MoneyIn, MoneyOut, Name, Out, money_out
from app.schemas.patch import ABSENT
from app.schemas.shapes import ONLY, Counting, OneOf
from app.schemas.sorting import Sort


class ProductIn(In):
    key: Annotated[Key | None, Field(description="Default: made of the name.")] = None
    name: Name
    list_price: MoneyIn | None = None
    active: Annotated[bool, Field(strict=True)] = True
    attributes: Attributes = Field(default_factory=dict)


class ProductPatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    key: Key = ABSENT
    name: Name = ABSENT
    list_price: MoneyIn | None = ABSENT
    active: Annotated[bool, Field(strict=True)] = ABSENT
    attributes: Attributes = ABSENT


class ProductOut(Out):
    id: UUID
    key: str
    name: str
    list_price: MoneyOut | None
    active: bool
    attributes: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `products`, where a price is two columns."""
        columns = {name: getattr(row, name) for name in cls.model_fields if name != "list_price"}
        return cls(**columns, list_price=money_out(row.list_price, row.currency))


class ProductShape(In):
    fields: Annotated[
        list[str], OneOf.fields(ProductOut), Field(default_factory=list, description=ONLY)
    ]


class ProductQuery(Counting, ProductShape):
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    key: str | None = None
    active: bool | None = None
    sort: Sort = Sort.OLDEST
