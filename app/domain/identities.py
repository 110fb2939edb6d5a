"""People as the issuer of tokens knows them: told by an admin, or found by e-mail, once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import audit
from app.core.bearers import Bearer
from app.core.ids import uuid7
from app.core.page import Order, Page, page
from app.core.work import Work, named
from app.schemas.base import Listing
from app.schemas.identities import IdentityIn
from app.tables import AuditEntry, Identity, Person

HINT = "token"


@dataclass(frozen=True, slots=True)
class _Linked:
    """Who comes for the first time, as the audit log knows who does something."""

    workspace_id: UUID
    now: datetime
    actor: str
    request_id: None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token stands for, in the place of a key."""

    bearer: Bearer
    who: Row[Any]
    scopes: list[str]
    hint: str = HINT
    replaces_id: None = None
    revoked_at: None = None
    last_used_at: None = None

    @property
    def id(self) -> UUID:
        id: UUID = self.who.id
        return id

    @property
    def digest(self) -> bytes:
        return self.bearer.digest

    @property
    def name(self) -> str:
        return str(self.who.name)

    @property
    def workspace_id(self) -> UUID:
        return self.bearer.workspace_id

    @property
    def role(self) -> str:
        return self.bearer.role.value

    @property
    def person_id(self) -> UUID:
        id: UUID = self.who.person_id
        return id

    @property
    def created_at(self) -> datetime:
        at: datetime = self.who.created_at
        return at

    @property
    def expires_at(self) -> datetime:
        return self.bearer.expires_at


async def here(db: AsyncConnection, workspace_id: UUID, person_id: UUID) -> bool:
    """Whether this person still works here."""
    return await db.scalar(active(workspace_id).where(Person.id == person_id)) is not None


def active(workspace_id: UUID) -> Select[Any]:
    """The ids of those who work here."""
    return select(Person.id).where(*_active(workspace_id))


async def who(db: AsyncConnection, bearer: Bearer, now: datetime) -> Row[Any] | None:
    """The identity and the name of who comes with the token; None for nobody who works here.

    A subject that was never here is linked by a verified e-mail address. From then on the subject
    decides: an address may go to somebody else.
    """
    person = (Person.workspace_id == Identity.workspace_id) & (Person.id == Identity.person_id)
    columns: tuple[Any, ...] = (
        Identity.id,
        Identity.person_id,
        Identity.created_at,
        Person.name,
    )
    query: Select[Any] = select(*columns)
    known = query.join(Person, person).where(
        *_active(bearer.workspace_id),
        Identity.issuer == bearer.issuer,
        Identity.subject == bearer.subject,
    )
    found: Row[Any] | None = (await db.execute(known)).one_or_none()
    if found is None and bearer.email is not None and await _link(db, bearer, now):
        found = (await db.execute(known)).one_or_none()
    return found


async def known(db: AsyncConnection, workspace_id: UUID, ids: Collection[UUID]) -> dict[UUID, Any]:
    """Those of the identities whose people work here, by id."""
    person = (Person.workspace_id == Identity.workspace_id) & (Person.id == Identity.person_id)
    query = select(Identity.id, Identity.issuer, Identity.subject).join(Person, person)
    rows = await db.execute(query.where(*_active(workspace_id), Identity.id.in_(ids)))
    return {row.id: row for row in rows}


async def find(work: Work, asked: Listing) -> Page:
    order = Order("created_at", Identity.created_at, Identity.id)
    return await page(work, work.rows(Identity), order, asked)


async def create(work: Work, wanted: IdentityIn) -> Row[Any]:
    await work.get(Person, wanted.person_id)
    return await work.add(Identity, **wanted.model_dump())


async def remove(work: Work, id: UUID) -> None:
    """Whoever comes with such a token is nobody here any more, at once."""
    row = await work.get(Identity, id)
    own = (Identity.workspace_id == work.workspace_id, Identity.id == id)
    await work.db.execute(delete(Identity).where(*own))
    await work.note("deleted", Identity, id, issuer=row.issuer, subject=row.subject)


async def _link(db: AsyncConnection, bearer: Bearer, now: datetime) -> bool:
    assert bearer.email is not None
    mine = func.lower(Person.email) == bearer.email.lower()
    person_id = await db.scalar(select(Person.id).where(*_active(bearer.workspace_id), mine))
    if person_id is None:
        return False
    said = {"issuer": bearer.issuer, "subject": bearer.subject, "person_id": person_id}
    id = uuid7()
    entry = insert(Identity).values(workspace_id=bearer.workspace_id, id=id, created_at=now, **said)
    if (await db.execute(entry.on_conflict_do_nothing())).rowcount:
        who = _Linked(bearer.workspace_id, now, f"person:{person_id}")
        told = audit.line(who, "created", named(Identity), id, said)
        await db.execute(insert(AuditEntry).values(told))
    return True


def _active(workspace_id: UUID) -> tuple[Any, ...]:
    return (
        Person.workspace_id == workspace_id,
        Person.active.is_(True),
        Person.deleted_at.is_(None),
    )
