"""The headers of an answer that carries an object: its ETag, and its place when it is new."""

from typing import Any, TypeVar

from fastapi import Response

Object = TypeVar("Object", bound=Any)


def tagged(response: Response, seen: Object) -> Object:
    """The same object, its version as the ETag that the next change has to match."""
    response.headers["ETag"] = f'"{seen.version}"'
    return seen


def placed(response: Response, path: str, seen: Object) -> Object:
    """The same object, with the address at which it can be read from now on."""
    response.headers["Location"] = f"/v1/{path}/{seen.id}"
    return seen
