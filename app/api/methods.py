"""The methods of an address: of the routes that share it, each knows only its own."""

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts


def methods_of(app: FastAPI, path: str) -> list[str]:
    """The methods of the template that fits the path with the fewest variable parts."""
    found: dict[str, set[str]] = {}
    for context in iter_route_contexts(app.routes):
        template = str(context.path_format)
        if _pattern(template).fullmatch(path):
            found.setdefault(template, set()).update(context.methods or ())
    return sorted(found[min(found, key=lambda template: template.count("{"))]) if found else []


def _pattern(template: str) -> re.Pattern[str]:
    literal = re.split(r"\{\w+(?::\w+)?\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in literal))
