"""Who comes with a token for a stream: the key it was made with, as long as that is good."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import stream_tokens
from app.core.bearers import Bearer
from app.core.database import enter
from app.core.errors import KeyRevoked, Unauthenticated
from app.core.sight import Peers, Role
from app.core.stream_tokens import Claim
from app.core.work import Work
from app.domain import identities
from app.domain.access import Admitted, Scope, admit_bearer, home
from app.schemas.streams import StreamTokenMade
from app.tables import ApiKey, Workspace

ENDED = "The token has expired, or its key is no longer valid; ask for a new one."


def make(work: Work, key_id: UUID) -> StreamTokenMade:
    token, claim = stream_tokens.new_token(work.workspace_id, key_id, work.home.secret, work.now)
    return StreamTokenMade(token=token, expires_at=claim.expires_at)


async def admit(db: AsyncConnection, token: str, now: datetime) -> Admitted:
    """Bind the transaction to the workspace of a token, once its signature is found good.

    The same answer for every token that is not ours.
    """
    claim = stream_tokens.read(token)
    if claim is None:
        raise _unknown()
    await enter(db, claim.workspace_id)
    there = select(Workspace.secret).where(Workspace.id == claim.workspace_id)
    secret = await db.scalar(there)
    if secret is None or not claim.signed_by(secret):
        raise _unknown()
    own = (ApiKey.workspace_id == claim.workspace_id, ApiKey.id == claim.key_id)
    key = (await db.execute(select(*ApiKey.__table__.columns).where(*own))).one_or_none()
    if key is None:
        return await _person(db, claim, now)
    ended = key.revoked_at is not None or claim.expires_at <= now
    if ended or (key.expires_at is not None and key.expires_at <= now):
        raise KeyRevoked(ENDED)
    whose = key.person_id
    if whose is not None and not await identities.here(db, claim.workspace_id, whose):
        raise KeyRevoked(ENDED)
    return Admitted(key, await home(db, claim.workspace_id), Peers.NAMED, f"key:{key.id}")


async def _person(db: AsyncConnection, claim: Claim, now: datetime) -> Admitted:
    """Whoever made it with a token of an issuer, which only who sees the whole workspace can."""
    found = (await identities.known(db, claim.workspace_id, [claim.key_id])).get(claim.key_id)
    if found is None or claim.expires_at <= now:
        raise KeyRevoked(ENDED)
    scopes = frozenset({Scope.EVENTS_READ.value})
    whose = found.issuer, found.subject, claim.workspace_id
    return await admit_bearer(db, Bearer(*whose, Role.ADMIN, None, scopes, claim.expires_at), now)


def _unknown() -> Unauthenticated:
    return Unauthenticated("The token is unknown.")
