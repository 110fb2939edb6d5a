"""Which members of an object a caller wants to see, and what shall come along with it."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic

from pydantic import Field, GetCoreSchemaHandler
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import CoreSchema, core_schema

from app.core.counting import Accuracy
from app.schemas.base import Item, Listing, Out, PageOut


@dataclass(frozen=True, slots=True)
class OneOf:
    """Names out of a closed list; in a question they may share a parameter: `a,b`."""

    names: tuple[str, ...]

    @classmethod
    def fields(cls, model: type[Out]) -> "OneOf":
        """The members of a model that are always there."""
        found = model.model_fields.items()
        return cls(tuple(name for name, field in found if field.is_required()))

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        named = core_schema.list_schema(core_schema.literal_schema([*self.names]))
        return core_schema.chain_schema(
            [
                core_schema.no_info_before_validator_function(split, named),
                core_schema.no_info_plain_validator_function(_once),
            ]
        )

    def __get_pydantic_json_schema__(self, *_: Any) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": [*self.names]}}


def split(value: Any) -> Any:
    """
    >>> split(["a,b", "c"])
    ['a', 'b', 'c']
    """
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list):
        return several
    parts = [each.split(",") if isinstance(each, str) else [each] for each in several]
    return [part for each in parts for part in each]


def _once(names: list[str]) -> list[str]:
    return [*dict.fromkeys(names)]


ONLY = "Only these members, separated by commas. What comes is a partial object."
ALONG = "What shall come along, separated by commas."


class Counting(Listing):
    """A list that can tell how long it is."""

    include: Annotated[
        list[str],
        OneOf(("total_count",)),
        Field(
            default_factory=list,
            description="`total_count`: how many there are on all pages together.",
        ),
    ]

    @property
    def counts(self) -> bool:
        return "total_count" in self.include


class TotalCountOut(Out):
    count: int
    accuracy: Annotated[Accuracy, Field(description="Exact up to 10,000; beyond that an estimate.")]


class CountedPageOut(PageOut[Item], Generic[Item]):
    total_count: Annotated[
        TotalCountOut | SkipJsonSchema[None],
        Field(
            exclude_if=lambda total: total is None,
            description="With `include=total_count`.",
        ),
    ] = None
