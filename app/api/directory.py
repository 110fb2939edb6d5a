"""Finds the route of a request by its address at once, instead of asking every route in turn."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

# Method, number of parts, and the noun (the second part, after the version).
Place = tuple[str, int, str]
CHOSEN = "backcast.route"


class Directory(BaseRoute):
    """The first route of an application: knows all the others, and lets what it does not find pass.

    Routes of one place are asked in their order, so that the same one answers as would without.
    """

    def __init__(self, app: FastAPI) -> None:
        self.places: dict[Place, list[Any]] = {}
        for context in iter_route_contexts(app.routes):
            if isinstance(context.original_route, APIRoute):
                for place in _places(context):
                    self.places.setdefault(place, []).append(context)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        parts = scope["path"].split("/")
        noun = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - "", "v1", noun
        for context in self.places.get((scope["method"], len(parts), noun), ()):
            match, found = context.matches(scope)
            if match is Match.FULL:
                return match, found | {"route": context.original_route, CHOSEN: context}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[CHOSEN].app(scope, receive, send)


def _places(context: Any) -> Iterator[Place]:
    parts = context.path_format.split("/")
    noun = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - "", "v1", noun
    if ":" not in context.path and "{" not in noun:
        yield from ((method, len(parts), noun) for method in context.methods)
