"""Objects in the shape the caller asked for: whole, with companions, or only some members."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.core.page import Page
from app.domain.access import allow
from app.domain.companions import SCOPES
from app.schemas.base import PageOut
from app.schemas.shapes import CountedPageOut

# A partial object is of a type of its own, so that the members of a whole one are never optional.
PARTIAL = "application/vnd.backcast.partial+json"

Whole = TypeVar("Whole", bound=BaseModel)


class Asked(Protocol):
    @property
    def fields(self) -> list[str]: ...


def may_see(request: Request, include: Sequence[str]) -> None:
    """`InsufficientScope` when something shall come along that the key could not ask for alone."""
    for name in include:
        if name in SCOPES:
            allow(request.state.admitted.key.scopes, SCOPES[name])


class PartialResponse(JSONResponse):
    media_type = PARTIAL


def shaped(response: Response, seen: Whole, asked: Asked, also: Sequence[str] = ()) -> Any:
    """The object, or only the members asked for and those that shall come along (`also`)."""
    if not asked.fields:
        return seen
    kept = seen.model_dump(mode="json", include={*asked.fields, *also}, exclude_unset=True)
    return PartialResponse(kept, headers=dict(response.headers))


def shaped_page(
    kind: type[Whole], found: Page, asked: Asked, also: Sequence[str] = ()
) -> CountedPageOut[Whole] | Response:
    """A page of objects, or of only those members of them."""
    data = [each if isinstance(each, kind) else kind.model_validate(each) for each in found.data]
    page: CountedPageOut[Whole] = CountedPageOut[kind].model_validate(  # type: ignore[valid-type]  # the parameter is a model
        {"data": data, "next_cursor": found.next_cursor} | _counted(found)
    )
    if not asked.fields:
        return page
    members: Any = {"__all__": {*asked.fields, *also}}
    kept = {"data": members, "next_cursor": True, "total_count": True}
    return PartialResponse(page.model_dump(mode="json", include=kept, exclude_unset=True))


def parts_of(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """What the contract says of the partial answer of an operation that answers `model`."""
    schema = _partial(model)
    if issubclass(model, PageOut):
        [item] = model.model_fields["data"].annotation.__args__  # type: ignore[union-attr]
        schema["properties"]["data"] = {"type": "array", "items": _partial(item)}
        schema["required"] = ["data", "next_cursor"]
    return {200: {"content": {PARTIAL: {"schema": schema}}}}


def _counted(found: Page) -> dict[str, Any]:
    return {} if found.total_count is None else {"total_count": found.total_count}


def _partial(model: type[BaseModel]) -> dict[str, Any]:
    """Every member as it is in the whole object, none of them required."""
    template = "#/components/schemas/{model}"
    schema = model.model_json_schema(mode="serialization", ref_template=template)
    members = schema["properties"].items()
    plain = {name: {k: v for k, v in part.items() if k != "title"} for name, part in members}
    return {"type": "object", "properties": plain}
