"""How a JSON body is read: one way only, so that nobody before us reads it differently."""

import json
from typing import Any

from fastapi import Request

from app.core.errors import MalformedBody


class Body(Request):
    """A request whose JSON is that of RFC 8259, not all that Python would take for it."""

    @property
    def whole(self) -> bool:
        """Whether it can be read from the beginning; a stream that was taken cannot."""
        return hasattr(self, "_body") or not self._stream_consumed

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parsed(await self.body())
        return self._json


def parsed(body: bytes) -> Any:
    """UTF-8 (with or without a byte order mark), every name of an object once, numbers only.

    >>> parsed(b'{"a": [1, "b"]}')
    {'a': [1, 'b']}
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8.") from error
    return json.loads(text, object_pairs_hook=_named_once, parse_constant=_refuse)


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise MalformedBody("An object in the body has two members of the same name.")
    return named


def _refuse(constant: str) -> None:
    raise MalformedBody(f"{constant} is no JSON number.")
