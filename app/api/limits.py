"""What a request counts for, and where its caller stands then: in headers of every answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asgi

from app.api.origins import check_origin
from app.core.bearers import Bearer, Verifier
from app.core.errors import KeyRevoked, Unauthenticated
from app.core.keys import digest
from app.core.limits import Bucket, Limits, Spent
from app.domain.access import Admitted, Scope, admit, admit_bearer

# What a request shows at the door: a key as it came, or a token that was checked.
Shown = str | Bearer
# A list is a search as well: any of its parameters may make it one.
SEARCHES = ("list_", "search_")
# Operations that take as long as so many others; all others count one.
COSTS = {
    "compare_rates": 5,
    "compare_sources": 5,
    "export_matrix_csv": 10,
    "export_matrix_xlsx": 10,
    "infer_process": 10,
    "list_account_scores": 5,
    "list_cells_at_risk": 2,
    "list_next_products": 5,
    "list_next_questions": 5,
    "list_stale_opportunities": 2,
    "list_white_spots": 5,
    "put_cells": 10,
    "rank_sources": 5,
    "read_acquisition": 5,
    "read_drift": 5,
    "read_effect": 5,
    "read_focus_balance": 5,
    "read_forecast": 5,
    "read_forecast_accuracy": 10,
    "read_matrix_stats": 5,
    "read_matrix_value": 5,
    "read_people_lights": 5,
    "read_process_adherence": 5,
    "replay_forecasts": 60,
    "write_touchpoints": 10,
}
# Operations on many things at once count as many: the member of the body that holds them.
BATCHES = {"allocate_target": "to", "write_opportunities": "items"}
UNCHANGED = 304


@asynccontextmanager
async def guarded(request: Request, who: bytes) -> AsyncIterator[None]:
    """Where a key or a token is looked at; one that is none is counted against its address."""
    await refuse_guesses(request, who)
    try:
        yield
    except (Unauthenticated, KeyRevoked):
        await request.app.state.limits.note_failure(address_of(request.scope))
        raise


async def verified(request: Request, tokens: Verifier, token: str) -> Bearer:
    """What the token says, if it is valid."""
    async with guarded(request, digest(token)):
        return await tokens.verify(token, request.app.state.clock())


async def admit_counted(
    request: Request, db: AsyncConnection, shown: Shown, scope: Scope | None
) -> Admitted:
    """Who comes with this key, counted."""
    who = shown.digest if isinstance(shown, Bearer) else digest(shown)
    async with guarded(request, who):
        admitted = await _admit(request, db, shown)
    request.state.admitted = admitted
    request.state.caller = (admitted.key.workspace_id, admitted.key.id)
    if getattr(request.state, "spent", None) is None:  # once, also where it is asked again
        name = request.scope["route"].name
        bucket = bucket_of(name, request.method, scope)
        await spend(request, who, bucket, await _cost(request, name))
    check_origin(request, admitted.home)
    return admitted


async def _admit(request: Request, db: AsyncConnection, shown: Shown) -> Admitted:
    now = request.app.state.clock()
    if isinstance(shown, Bearer):
        return await admit_bearer(db, shown, now)
    admitted = await admit(db, shown, now)
    request.app.state.known.note(digest(shown), admitted.key.workspace_id)
    return admitted


async def refuse_guesses(request: Request, key: bytes) -> None:
    """`QuotaExceeded` for an address that only guesses, unless the key with this digest is used."""
    await request.app.state.limits.refuse_guesses(address_of(request.scope), who(key))


async def spend(request: Request, key: bytes, bucket: Bucket, cost: int = 1) -> None:
    """Count what the key with this digest asks for."""
    limits: Limits = request.app.state.limits
    request.state.spent = await limits.spend(who(key), bucket, cost)


def bucket_of(name: str, method: str, scope: Scope | None) -> Bucket:
    """Where an operation is counted."""
    if scope is Scope.FORECAST_READ:
        return Bucket.FORECAST
    if name.startswith(SEARCHES):
        return Bucket.SEARCH
    if scope is Scope.IMPORTS_WRITE and method.upper() != "GET":
        return Bucket.IMPORTS
    return Bucket.DEFAULT


async def standing_headers(request: Request, status: int) -> list[tuple[bytes, bytes]]:
    """Where the caller stands, for an answer with this status; nothing for one who is not known."""
    spent: Spent | None = getattr(request.state, "spent", None)
    if spent is None:
        return []
    limits: Limits = request.app.state.limits
    standing = await limits.give_back(spent) if status == UNCHANGED else spent.standing
    return [(name.lower().encode(), said.encode()) for name, said in standing.headers.items()]


class Quotas:
    """Says on every answer to a known key where it stands; an answer without news costs nothing."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            spent: Spent | None = scope.get("state", {}).get("spent")
            if spent is not None and message["type"] == "http.response.start":
                standing = spent.standing
                if message["status"] == UNCHANGED:
                    standing = await self.limits.give_back(spent)
                MutableHeaders(scope=message).update(standing.headers)
            await send(message)

        await self.app(scope, receive, told)


async def _cost(request: Request, name: str) -> int:
    cost, member = COSTS.get(name, 1), BATCHES.get(name)
    if member is None or not await request.body():
        return cost
    # Was read before: what is no JSON does not come this far.
    body: Any = await request.json()
    many = body.get(member) if isinstance(body, dict) else None
    return cost * max(1, len(many)) if isinstance(many, list) else cost


def who(key: bytes) -> str:
    return key.hex()[:32]


def address_of(scope: Asgi) -> str:
    client = scope.get("client")
    return _network(client[0] if client else "")


@lru_cache(maxsize=1024)
def _network(host: str) -> str:
    """Whoever has one IPv6 address has the 2^64 others of its network as well."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.exploded[:19]
    return host
