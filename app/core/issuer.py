"""The public keys of the issuer of tokens: fetched, kept, and fetched again when there are new."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2 as httpx
from joserfc.errors import JoseError
from joserfc.jwk import Key, RSAKey, import_key

from app.core.errors import IdentityUnavailable

KEPT_FOR = 600.0
# Keys that cannot be fetched again are still those of the issuer, but not for ever.
KEPT_WITHOUT_NEWS_FOR = 86_400.0
# Whoever makes up names of keys makes us ask no more often than this.
ASKED_EVERY = 30.0
PATIENCE = 5.0
LARGEST = 256 * 1024
# The kind of key each algorithm takes: with one of another kind nothing is even tried.
KINDS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
_CURVES = {"RSA": None, "EC": "P-256", "OKP": "Ed25519"}
_FEWEST_BITS = 2048


class IssuerKeys:
    """What stands at the address of a key set, by name (`kid`)."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url, self.clock = url, clock
        # No redirects: the address that was configured is the one that is trusted.
        self.client = httpx.AsyncClient(
            timeout=PATIENCE, follow_redirects=False, trust_env=False, transport=transport
        )
        self.known: Mapping[str, Key] = {}
        self.fetched = self.asked = -KEPT_WITHOUT_NEWS_FOR
        self.turn = asyncio.Lock()

    async def named(self, kid: str) -> Key | None:
        """The key with this name; None if the issuer has none.

        `IdentityUnavailable` when nothing is known and nothing can be learned.
        """
        if kid not in self.known or self._older_than(KEPT_FOR):
            await self._refresh(kid)
        if self._older_than(KEPT_WITHOUT_NEWS_FOR):
            raise IdentityUnavailable("The keys of the issuer cannot be fetched; try again.")
        return self.known.get(kid)

    async def close(self) -> None:
        await self.client.aclose()

    def _older_than(self, age: float) -> bool:
        return self.clock() - self.fetched >= age

    async def _refresh(self, kid: str) -> None:
        """One at a time; who waited finds the keys that were fetched meanwhile."""
        async with self.turn:
            fresh = kid in self.known and not self._older_than(KEPT_FOR)
            if fresh or self.clock() - self.asked < ASKED_EVERY:
                return
            self.asked = self.clock()
            try:
                self.known = _keys(await self._fetch())
            except (httpx.HTTPError, OSError, TimeoutError, ValueError):
                return  # what was known stays known for a while
            self.fetched = self.clock()

    async def _fetch(self) -> bytes:
        """At most so much, within so many seconds, however slowly it comes."""
        async with asyncio.timeout(PATIENCE), self.client.stream("GET", self.url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ValueError(answer.status_code)
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise ValueError("too large")
            return bytes(body)


def _keys(body: bytes) -> dict[str, Key]:
    """Those that sign; one that cannot be read does not take the others with it."""
    said = json.loads(body)
    listed = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no key set")  # noqa: TRY004 - as everything that is no JSON of this form
    found: dict[str, Key] = {}
    for each in listed:
        key = _key(each)
        if key is not None:
            found[each["kid"]] = key
    return found


def _key(said: Any) -> Key | None:
    if not isinstance(said, dict) or said.get("use", "sig") != "sig":
        return None
    kind = said.get("kty")
    if kind not in _CURVES or said.get("crv") != _CURVES[kind]:
        return None
    if not isinstance(said.get("kid"), str):
        return None
    public = {name: value for name, value in said.items() if name not in {"d", "p", "q"}}
    try:
        key: Key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None if isinstance(key, RSAKey) and key.public_key.key_size < _FEWEST_BITS else key
