"""API keys: what they open, and how they come and go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.bearers import Bearer
from app.core.database import enter
from app.core.errors import (
    Conflict,
    InsufficientScope,
    Invalid,
    KeyRevoked,
    NotFound,
    Unauthenticated,
)
from app.core.ids import uuid7
from app.core.keys import digest, hint, new_key, plausible
from app.core.page import Order, Page, page
from app.core.sight import Peers, Role
from app.core.work import Home, Work
from app.domain import identities
from app.domain.identities import Opened
from app.schemas.api_keys import ApiKeyIn, RotateIn, Scope
from app.schemas.base import Listing
from app.tables import ApiKey, Person

__all__ = [
    "Admitted",
    "Scope",
    "admit",
    "admit_bearer",
    "allow",
    "allow_granting",
    "create_key",
    "find_keys",
    "granted",
    "home",
    "issue",
    "revoke_key",
    "rotate",
]

UNKNOWN_TOKEN = "The token is not valid here."  # noqa: S105 - what is said of one
OF_ADMINS = frozenset({Scope.ADMIN, Scope.IMPORTS_WRITE, Scope.PROCESSES_WRITE})
USE_NOTED_EVERY = timedelta(minutes=10)

_WORKSPACE = """w.name AS home_name, w.time_zone, w.currency, w.language, w.fiscal_start, w.secret,
  w.allowed_origins, w.group_orders_count, w.peer_visibility"""
_HOME = text(f"SELECT {_WORKSPACE} FROM workspaces w WHERE w.id = :workspace")
# The policy on api_keys shows exactly the row whose digest the transaction names; the key's
# workspace is the one the transaction is bound to from here on. One after the other: each stands
# beside what the one before has given (OFFSET 0 keeps it so), and is true for the transaction only.
_ADMIT = text(f"""
SELECT k.*, {_WORKSPACE}
FROM (SELECT set_config('app.key_digest', :digest, true) AS digest OFFSET 0) named
CROSS JOIN LATERAL (
  SELECT * FROM api_keys WHERE api_keys.digest = decode(named.digest, 'hex') OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT set_config('app.ws', k.workspace_id::text, true)::uuid AS id OFFSET 0) entered
CROSS JOIN LATERAL (SELECT * FROM workspaces WHERE workspaces.id = entered.id OFFSET 0) w""")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who came through the door: the key (or what stands for it), and the workspace it opens."""

    key: Any
    home: Home
    peers: Peers
    actor: str

    @property
    def role(self) -> Role:
        return Role(self.key.role)


async def admit(db: AsyncConnection, secret: str, now: datetime) -> Admitted:
    """Find the key, bind the transaction to its workspace, and note that it was used.

    The same answer for every key that is not ours, after the same work.
    """
    if not plausible(secret):
        raise Unauthenticated("The API key is unknown.")
    found = digest(secret)
    key = (await db.execute(_ADMIT, {"digest": found.hex()})).one_or_none()
    if key is None:
        raise Unauthenticated("The API key is unknown.")
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyRevoked("The API key was revoked or has expired; ask for a new one.")
    if key.person_id is not None and not await identities.here(db, key.workspace_id, key.person_id):
        raise KeyRevoked("The API key belongs to somebody who is not here any more.")
    if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
        await _note_use(db, key, now)
    return Admitted(key, _home(key), Peers(key.peer_visibility), f"key:{key.id}")


async def admit_bearer(db: AsyncConnection, bearer: Bearer, now: datetime) -> Admitted:
    """Bind the transaction to the workspace the token names, as the person it knows there.

    The workspace is the issuer's word, and signed: nothing is looked up before it is entered.
    """
    await enter(db, bearer.workspace_id)
    found = await db.execute(_HOME, {"workspace": bearer.workspace_id})
    row = found.one_or_none()
    who = None if row is None else await identities.who(db, bearer, now)
    if row is None or who is None:
        raise Unauthenticated(UNKNOWN_TOKEN)
    scopes = [
        scope
        for scope in granted(bearer.role)
        if bearer.scopes is None or scope.value in bearer.scopes
    ]
    opened = Opened(bearer, who, [scope.value for scope in scopes])
    return Admitted(opened, _home(row), Peers(row.peer_visibility), f"person:{who.person_id}")


def granted(role: Role) -> list[Scope]:
    """What a token of this role may do; how far it sees is said in `app.domain.sight`."""
    return [scope for scope in Scope if role is Role.ADMIN or scope not in OF_ADMINS]


def allow(scopes: list[str], scope: Scope) -> None:
    if scope not in scopes:
        raise InsufficientScope(f"This needs a key with the scope {scope}.", scope=scope)


def allow_granting(held: list[str], wanted: list[Scope]) -> None:
    """A key hands on only what it may do itself: otherwise any key could become every key."""
    missing = [scope for scope in wanted if scope not in held]
    if missing:
        raise InsufficientScope(
            f"This key cannot grant what it does not hold: {', '.join(missing)}.",
            scope=missing[0],
        )


async def home(db: AsyncConnection, workspace_id: UUID) -> Home:
    return _home((await db.execute(_HOME, {"workspace": workspace_id})).one())


async def find_keys(work: Work, asked: Listing) -> Page:
    order = Order("created_at", ApiKey.created_at, ApiKey.id)
    query = work.rows(ApiKey)
    return await page(work, query, order, asked)


async def issue(work: Work, wanted: ApiKeyIn) -> tuple[Row[Any], str]:
    """A key as asked for, as (stored row, secret); `Invalid` when it would be born expired."""
    _not_over(work, wanted.expires_at)
    scopes = list(dict.fromkeys(wanted.scopes))
    whose = {"role": wanted.role.value, "person_id": wanted.person_id}
    if wanted.person_id is not None:
        await work.get(Person, wanted.person_id)
    return await create_key(work, wanted.name, scopes, wanted.expires_at, **whose)


async def rotate(work: Work, id: UUID, wanted: RotateIn, held: list[str]) -> tuple[Row[Any], str]:
    """A new key in the place of this one, which has its end after a while of grace.

    `Conflict` for a key that opens nothing any more, or has a successor already.
    """
    old = await work.one(work.rows(ApiKey).where(ApiKey.id == id).with_for_update())
    if old is None:
        raise NotFound(f"There is no api key {id}.")
    allow_granting(held, [Scope(scope) for scope in old.scopes])
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= work.now):
        raise Conflict("The key opens nothing any more; make another.")
    _not_over(work, wanted.expires_at)
    end = work.now + timedelta(seconds=wanted.grace_seconds)
    old_end = end if old.expires_at is None else min(end, old.expires_at)
    own = (ApiKey.workspace_id == work.workspace_id, ApiKey.id == id)
    await work.db.execute(update(ApiKey).where(*own).values(expires_at=old_end))
    await work.note("rotated", ApiKey, id, expires_at=old_end)
    scopes, until = [Scope(scope) for scope in old.scopes], wanted.expires_at or old.expires_at
    whose = {"role": old.role, "person_id": old.person_id, "replaces_id": old.id}
    return await create_key(work, old.name, scopes, until, **whose)


def _not_over(work: Work, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= work.now:
        detail = "The key would already have expired."
        raise Invalid.at("/expires_at", "in_the_past", detail)


async def create_key(
    work: Work, name: str, scopes: list[Scope], expires_at: datetime | None, **whose: Any
) -> tuple[Row[Any], str]:
    """A new key as (stored row, secret). The secret is not kept and cannot be asked for again."""
    id = uuid7()
    secret = new_key(id)
    row = await work.add(
        ApiKey,
        id=id,
        name=name,
        digest=digest(secret),
        hint=hint(secret),
        scopes=[scope.value for scope in scopes],
        expires_at=expires_at,
        **whose,
    )
    return row, secret


async def revoke_key(work: Work, id: UUID) -> None:
    """Twice is no error; the first time stands."""
    await work.get(ApiKey, id)
    own = (ApiKey.workspace_id == work.workspace_id, ApiKey.id == id)
    revoked = update(ApiKey).where(*own, ApiKey.revoked_at.is_(None)).values(revoked_at=work.now)
    if (await work.db.execute(revoked)).rowcount:
        await work.note("revoked", ApiKey, id)


async def _note_use(db: AsyncConnection, key: Row[Any], now: datetime) -> None:
    """SKIP LOCKED: a long request that came with the same key must not hold this one up."""
    await db.execute(
        text(
            "UPDATE api_keys SET last_used_at = :now WHERE (workspace_id, id) IN (SELECT"
            " workspace_id, id FROM api_keys WHERE workspace_id = :workspace AND id = :id"
            " FOR UPDATE SKIP LOCKED)"
        ),
        {"now": now, "workspace": key.workspace_id, "id": key.id},
    )


def _home(row: Row[Any]) -> Home:
    return Home(
        row.home_name,
        row.time_zone,
        row.currency,
        row.language,
        row.fiscal_start,
        row.secret,
        tuple(row.allowed_origins),
        row.group_orders_count,
    )
