"""Requests to receivers that nobody here knows: to a judged address, once, and not for long.

Nothing a receiver does can cost more than its time limit and a few kilobytes: no redirect is
followed, an answer is neither unpacked nor read to its end, and nothing of it is kept for the next.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import httpx2 as httpx

from app.core.addresses import Blocked, Resolve, Target, Unresolved, judged, resolved
from app.core.settings import Settings

READ_AT_MOST = 64 * 1024
SHOWN = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a status, or an error in a word."""

    status: int | None
    error: str | None
    excerpt: str | None
    duration_ms: int
    blocked: bool = False

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - success


class Outbound:
    """Sends. Connections are not kept: the next request to this name may go elsewhere."""

    def __init__(
        self, *, seconds: float, loopback: bool = False, resolve: Resolve = resolved
    ) -> None:
        self.seconds = seconds
        self.loopback = loopback
        self.resolve = resolve
        self.trusted: ssl.SSLContext | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(seconds=settings.webhook_timeout_seconds, loopback=settings.webhooks_to_loopback)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send these very bytes; whatever happens is an answer."""
        if self.trusted is None:
            self.trusted = httpx.create_ssl_context()
        began = time.perf_counter()
        status, error, seen, blocked = None, None, b"", False
        try:
            async with asyncio.timeout(self.seconds):
                target = await judged(url, loopback=self.loopback, resolve=self.resolve)
                status, seen = await self._sent(target, body, headers)
        except Blocked:
            error, blocked = "blocked_target", True
        except Unresolved:
            error = "name"
        except (TimeoutError, httpx.TimeoutException):
            status, error = None, "timeout"
        except (httpx.HTTPError, ssl.SSLError, OSError, ValueError) as fault:
            status, error = None, _word(fault)
        took = round((time.perf_counter() - began) * 1000)
        return Answer(status, error, _text(seen), took, blocked)

    async def _sent(
        self, target: Target, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        assert self.trusted is not None
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        wait = dict.fromkeys(("connect", "read", "write", "pool"), self.seconds)
        request = httpx.Request(
            "POST",
            target.url,
            content=body,
            headers={"Host": target.authority, **headers},
            extensions={"sni_hostname": target.host, "timeout": wait},
        )
        async with httpx.AsyncHTTPTransport(
            verify=self.trusted, trust_env=False, limits=limits
        ) as transport:
            response = await transport.handle_async_request(request)
            try:
                return response.status_code, await _beginning(response)
            finally:
                await response.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    """The first bytes, as they came: what is packed stays packed."""
    seen = b""
    async for piece in response.aiter_raw():
        seen += piece[: READ_AT_MOST - len(seen)]
        if len(seen) >= READ_AT_MOST:
            break
    return seen


def _word(fault: Exception) -> str:
    """What went wrong, for who reads the log of the receiver; never more than that."""
    if not isinstance(fault, httpx.NetworkError | OSError):
        return "protocol"
    told = str(fault).lower()
    return "tls" if "ssl" in told or "certificate" in told else "connection"


def _text(seen: bytes) -> str | None:
    """What people look at in the log; no control characters."""
    told = seen[:SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in told) or None
