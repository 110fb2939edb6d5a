"""The headers of an answer that carries an object: its ETag, and its place when it is new."""

from typing import Any

from fastapi import Response
from sqlalchemy import Row


def tagged(response: Response, row: Row[Any]) -> Row[Any]:
    """The same row, its version as the ETag that the next change has to match."""
    response.headers["ETag"] = f'"{row.version}"'
    return row


def placed(response: Response, path: str, row: Row[Any]) -> Row[Any]:
    """The same row, with the address at which it can be read from now on."""
    response.headers["Location"] = f"/v1/{path}/{row.id}"
    return row
