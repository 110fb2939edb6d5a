"""Objects in the shape the caller asked for: whole, with companions, or only some members."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from app.core.page import Page
from app.domain.access import allow
from app.domain.companions import SCOPES
from app.schemas.base import Out
from app.schemas.shapes import CountedPageOut

# A partial object is of a type of its own, so that the members of a whole one are never optional.
PARTIAL = "application/vnd.backcast.partial+json"

# What every operation with `fields` says of its other answer; the rest follows from the whole one.
OR_PARTIAL: dict[int | str, dict[str, Any]] = {200: {"content": {PARTIAL: {}}}}

Whole = TypeVar("Whole", bound=Out)


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


def _counted(found: Page) -> dict[str, Any]:
    return {} if found.total_count is None else {"total_count": found.total_count}
