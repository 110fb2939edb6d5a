"""How much one caller may ask for in a while: counted in this process, or in a shared Redis."""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from math import ceil
from typing import NamedTuple, TypeVar

from limits import RateLimitItem, RateLimitItemPerSecond, WindowStats
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from app.core.errors import QuotaExceeded
from app.core.settings import Settings

log = logging.getLogger("backcast.limits")

Found = TypeVar("Found")

# A Redis that does not answer is left alone for so long; until then this process counts by itself.
AWAY_SECONDS = 5.0
PATIENCE_SECONDS = 0.5
# Callers refused at the same moment come back spread over this share of the window.
SPREAD = 10


class Bucket(StrEnum):
    """What is counted apart, so that an import cannot use up what a page of lights needs."""

    DEFAULT = "default"
    SEARCH = "search"
    FORECAST = "forecast"
    IMPORTS = "imports"


FAILED_KEYS = "failed-keys"


class Standing(NamedTuple):
    """Where a caller stands in a bucket: `left` of `quota`, all of it back in `wait` seconds."""

    policy: str
    quota: int
    window: int
    left: int
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        """As in draft-ietf-httpapi-ratelimit-headers-10; seconds to wait, since clocks differ."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.wait}',
        }


class Spent(NamedTuple):
    """What a request has cost its caller, and where that left them."""

    who: str
    bucket: Bucket
    cost: int
    standing: Standing


class Windows:
    """The count of this process: as the library's own in memory, without its tasks and timers."""

    MOST = 100_000

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    async def test(self, quota: RateLimitItem, who: str, *, cost: int = 1) -> bool:
        return self._count(_key(quota, who)) <= quota.amount - cost

    async def hit(self, quota: RateLimitItem, who: str, *, cost: int = 1) -> bool:
        return self.add(_key(quota, who), quota.get_expiry(), cost) <= quota.amount

    async def get_window_stats(self, quota: RateLimitItem, who: str) -> WindowStats:
        key = _key(quota, who)
        left = quota.amount - self._count(key)
        return WindowStats(self.ends.get(key, time.time()), max(0, left))

    def add(self, key: str, seconds: int, cost: int) -> int:
        """A window begins with the first that is counted in it."""
        count = self._count(key) + cost
        if count == cost:
            self._forget_if_many()
            self.ends[key] = time.time() + seconds
        self.counts[key] = count
        return count

    def taken(self, quota: RateLimitItem, who: str) -> tuple[int, float] | None:
        """Count one; what is left then, and when all is back. None: there was nothing left."""
        key = _key(quota, who)
        if self._count(key) >= quota.amount:
            return None
        return quota.amount - self.add(key, quota.get_expiry(), 1), self.ends[key]

    def _count(self, key: str) -> int:
        if self.ends.get(key, 0.0) > time.time():
            return self.counts[key]
        self.ends.pop(key, None)
        self.counts.pop(key, None)
        return 0

    def _forget_if_many(self) -> None:
        if len(self.counts) >= self.MOST:
            for key in [*self.counts]:
                self._count(key)


Count = FixedWindowRateLimiter | Windows
Question = Callable[[Count], Awaitable[Found]]


class Limits:
    """Windows that begin with a caller's first request: callers do not all start at the minute."""

    def __init__(self, settings: Settings) -> None:
        self.window = settings.limit_seconds
        quotas = {
            Bucket.DEFAULT: settings.limit_default,
            Bucket.SEARCH: settings.limit_search,
            Bucket.FORECAST: settings.limit_forecast,
            Bucket.IMPORTS: settings.limit_imports,
        }
        self.quotas = {bucket: self._quota(bucket, most) for bucket, most in quotas.items()}
        self.failures = self._quota(FAILED_KEYS, settings.limit_failed_keys)
        self.own = Windows()
        self.shared: Count = _shared(settings.redis_url.get_secret_value()) or self.own
        self.away_until = 0.0

    async def spend(self, who: str, bucket: Bucket, cost: int) -> Spent:
        """Count a request; `QuotaExceeded`, and nothing counted, when it does not fit any more.

        What costs more than a whole window holds, costs a whole window.
        """
        quota = self.quotas[bucket]
        cost = min(cost, quota.amount)
        if not await self._ask(lambda count: _taken(count, quota, who, cost)):
            raise _used_up(await self._standing(quota, who), cost)
        return Spent(who, bucket, cost, await self._standing(quota, who))

    def spend_here(self, who: str, bucket: Bucket) -> Spent | None:
        """`spend` one, where this process counts alone. None: that has to find out more."""
        quota = self.quotas[bucket]
        if self.shared is not self.own or (taken := self.own.taken(quota, who)) is None:
            return None
        left, end = taken
        return Spent(who, bucket, 1, _standing(quota, left, end))

    async def give_back(self, spent: Spent) -> Standing:
        """Undo `spend`; where the caller stands then."""
        quota = self.quotas[spent.bucket]
        await self._ask(lambda count: _incremented(count, quota, spent.who, -spent.cost))
        return await self._standing(quota, spent.who)

    async def refuse_guesses(self, address: str, who: str) -> None:
        """`QuotaExceeded` for an address that has sent too many keys that are none.

        A key that was in use lately still passes: others may sit behind the same address. Only
        this server's own count, so that strangers cannot fill the shared one.
        """
        if not await self.own.test(self.failures, address) and not await self._in_use(who):
            raise _guessing(await _stand(self.own, self.failures, address))

    def calm(self, address: str) -> bool:
        """Whether no key that is none came from this address lately."""
        return _key(self.failures, address) not in self.own.ends

    async def note_failure(self, address: str) -> None:
        """An address has sent a key that is none."""
        await self.own.hit(self.failures, address)

    async def close(self) -> None:
        """Let the connections to Redis go."""
        bridge = getattr(getattr(self.shared, "storage", None), "bridge", None)
        if isinstance(bridge, RedispyBridge):
            await bridge.storage.aclose()

    async def _in_use(self, who: str) -> bool:
        for quota in self.quotas.values():
            if (await self._standing(quota, who)).left < quota.amount:
                return True
        return False

    async def _standing(self, quota: RateLimitItem, who: str) -> Standing:
        return await self._ask(lambda count: _stand(count, quota, who))

    async def _ask(self, question: Question[Found]) -> Found:
        """The shared count while it answers; without it, limits would take the service down."""
        if time.monotonic() >= self.away_until:
            try:
                return await question(self.shared)
            except StorageError:
                self.away_until = time.monotonic() + AWAY_SECONDS
                log.warning("Redis does not answer; requests are counted in this process meanwhile")
        return await question(self.own)

    def _quota(self, name: str, most: int) -> RateLimitItem:
        return RateLimitItemPerSecond(most, self.window, namespace=f"backcast/{name}")


def _shared(address: str) -> FixedWindowRateLimiter | None:
    if not address:
        return None
    storage = RedisStorage(
        f"async+{address}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="backcast",
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )
    return FixedWindowRateLimiter(storage)


async def _taken(count: Count, quota: RateLimitItem, who: str, cost: int) -> bool:
    """Asked first, then taken: what is refused because it is large leaves room for small things."""
    return await count.test(quota, who, cost=cost) and await count.hit(quota, who, cost=cost)


async def _incremented(count: Count, quota: RateLimitItem, who: str, cost: int) -> int:
    seconds = quota.get_expiry()
    if isinstance(count, Windows):
        return count.add(_key(quota, who), seconds, cost)
    return await count.storage.incr(quota.key_for(who), seconds, cost)


def _key(quota: RateLimitItem, who: str) -> str:
    return f"{quota.namespace}/{who}"


async def _stand(count: Count, quota: RateLimitItem, who: str) -> Standing:
    found = await count.get_window_stats(quota, who)
    return _standing(quota, min(found.remaining, quota.amount), found.reset_time)


def _standing(quota: RateLimitItem, left: int, end: float) -> Standing:
    policy = quota.namespace.rpartition("/")[2]
    return Standing(policy, quota.amount, quota.get_expiry(), left, max(0, ceil(end - time.time())))


def _used_up(standing: Standing, cost: int) -> QuotaExceeded:
    """`RateLimit` and `Retry-After` name the same moment."""
    later = standing._replace(wait=_spread(standing))
    problem = _refusal(
        later,
        f"This costs {cost}, and the key has {later.left} of {later.quota} left in"
        f" `{later.policy}`; all of it is back in {later.wait} seconds.",
    )
    problem.more_headers |= later.headers
    return problem


def _guessing(standing: Standing) -> QuotaExceeded:
    """Without `RateLimit`: whoever has no key is not told how many guesses are left."""
    later = standing._replace(wait=_spread(standing))
    return _refusal(
        later,
        "Too many API keys that are not known here came from this address;"
        f" wait {later.wait} seconds.",
    )


def _refusal(standing: Standing, detail: str) -> QuotaExceeded:
    problem = QuotaExceeded(detail)
    problem.extra["violated-policies"] = [standing.policy]
    problem.more_headers["Retry-After"] = str(standing.wait)
    return problem


def _spread(standing: Standing) -> int:
    """Seconds until there is room again, for everybody a little different."""
    return max(1, standing.wait) + secrets.randbelow(standing.window // SPREAD + 1)
