"""The heads of answers of the short way: as the ordinary ones look once all have added theirs."""

from app.api.compression import WORTH_IT
from app.api.frame import SAFE
from app.api.headers import ASK_AGAIN, SEEN_BY
from app.core.limits import Standing

Head = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_ASK_AGAIN = (
    (b"cache-control", ASK_AGAIN.encode()),
    (b"vary", ", ".join((*SEEN_BY, "Origin")).encode()),
)
_NO_STORE = (b"cache-control", b"no-store")
_VARY, _VARY_LARGE = (b"vary", b"Origin"), (b"vary", b"Accept-Encoding, Origin")


def to_question(body: bytes, tag: str, request_id: str, standing: Standing) -> Head:
    """Of what was asked, and may be asked again with its tag."""
    return [
        (b"content-length", b"%d" % len(body)),
        _JSON,
        (b"etag", tag.encode()),
        *_ASK_AGAIN,
        (b"x-request-id", request_id.encode()),
        *SAFE,
        *_limits(standing),
    ]


def to_change(
    body: bytes, location: str | None, version: int | None, request_id: str, standing: Standing
) -> Head:
    """Of what was done."""
    head = [(b"content-length", b"%d" % len(body)), _JSON]
    if location is not None:
        head.append((b"location", location.encode()))
    if version is not None:
        head.append((b"etag", b'"%d"' % version))
    return [
        *head,
        (b"x-request-id", request_id.encode()),
        *SAFE,
        _NO_STORE,
        *_limits(standing),
        _VARY_LARGE if len(body) >= WORTH_IT else _VARY,
    ]


def _limits(standing: Standing) -> Head:
    policy = standing.policy
    return [
        (b"ratelimit-policy", f'"{policy}";q={standing.quota};w={standing.window}'.encode()),
        (b"ratelimit", f'"{policy}";r={standing.left};t={standing.wait}'.encode()),
    ]
