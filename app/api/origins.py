"""Which web pages may ask: browsers say where a page comes from, the workspace says from where."""

from fastapi import Request
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.core.errors import OriginNotAllowed
from app.core.work import Home

EVERY_ORIGIN = "*"
EXPOSED = (
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
    "Deprecation",
    "Sunset",
    "Idempotency-Replayed",
    "Backcast-Position",
)
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
TWO_HOURS = 7200


class Cors(CORSMiddleware):
    """Lets pages of any origin ask and read the answer; what they may ask, the door decides.

    A browser asks ahead (OPTIONS) without the key, so that nobody can know whose page it is. What
    comes without a key gets nothing of a workspace; what comes with one meets `check_origin`.
    Credentials of the browser itself (cookies) play no part, and are never allowed.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            allow_origin_regex=".*",
            allow_methods=METHODS,
            allow_headers=("*",),
            expose_headers=EXPOSED,
            max_age=TWO_HOURS,
        )


def check_origin(request: Request, home: Home) -> None:
    """`OriginNotAllowed` for a page that this workspace does not know; its own pages may ask.

    Programs send no Origin and are not meant.
    """
    origin = request.headers.get("origin")
    if origin is None or origin in home.allowed_origins or EVERY_ORIGIN in home.allowed_origins:
        return
    # By host alone: behind a proxy that ends TLS, the scheme of the request is another one.
    if origin.partition("://")[2] == request.headers.get("host"):
        return
    raise OriginNotAllowed(
        "The workspace of this key does not allow the origin of this page; see `allowed_origins`."
    )
