"""The headers of an answer: the tag it is known by, and the place of what is new."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from fastapi import Request, Response

Object = TypeVar("Object", bound=Any)

# The version of an object, and in answers that move while it stands still also a digest of all:
# the version says whether a change would overwrite another, the digest whether there is news.
# Another key or another language may see something else; nobody but the caller keeps it, and the
# caller asks before using it again.
SEEN_BY = ("Authorization", "Accept-Language", "Accept-Encoding")
ASK_AGAIN = "private, no-cache"
TAG = re.compile(r'"([1-9][0-9]{0,17})(?:-[0-9a-f]{16})?"')


def tagged(response: Response, seen: Object) -> Object:
    """The same object, its version as the ETag that the next change has to match."""
    response.headers["ETag"] = f'"{seen.version}"'
    return seen


def placed(response: Response, path: str, seen: Object) -> Object:
    """The same object, with the address at which it can be read from now on."""
    response.headers["Location"] = f"/v1/{path}/{seen.id}"
    return seen


def tag_of(version: str | None, body: bytes, now: datetime) -> str:
    """The ETag of an answer: made of all its bytes, so that it cannot outlive a single one.

    A computed answer that holds for the moment of the question says so in `as_of`. That alone makes
    no news: such an answer gets a weak tag (RFC 9110, 8.8.1) that does not count the moment.
    """
    timeless = body
    if b'"as_of":"' in body:
        moment = f'"as_of":"{now.isoformat().replace("+00:00", "Z")}"'.encode()
        timeless = body.replace(moment, b"")
    digest = sha256(timeless).hexdigest()[:16]
    strong = f'"{version.strip(chr(34))}-{digest}"' if version else f'"{digest}"'
    return strong if timeless == body else f"W/{strong}"


def known_by_tag(sent: Sequence[str], tag: str) -> bool:
    """Whether If-None-Match names the tag; weak tags match as well (RFC 9110, 13.1.2)."""
    named = {each.strip().removeprefix("W/") for value in sent for each in value.split(",")}
    return "*" in named or tag.removeprefix("W/") in named


def conditional(request: Request, response: Response, now: datetime, *, plain: bool) -> Response:
    """The answer to a question with its tag, or 304 for a caller who has just that answer.

    `plain`: its version alone makes the tag.
    """
    seen = getattr(response, "body", None)
    if response.status_code != 200 or seen is None:  # noqa: PLR2004 - OK
        return response
    version = response.headers.get("etag")
    tag = version if version and plain else tag_of(version, bytes(seen), now)
    headers = {"ETag": tag, "Cache-Control": ASK_AGAIN, "Vary": ", ".join(SEEN_BY)}
    if known_by_tag(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
