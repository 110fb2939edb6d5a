"""What the product is measured against: the floor, and the two usual ways to build such a door.

All read the same database. The floor does nothing but one prepared fetch, without tenancy; `core`
and `orm` are FastAPI with a response model and a transaction bound to its workspace, without keys,
limits, tags or events.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.database import Database
from app.tables import Opportunity

ONE = "SELECT name FROM opportunities WHERE workspace_id = $1 AND id = $2"


class Seen(BaseModel):
    """About as many members as our own answer has."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    process_id: UUID
    version_id: UUID
    account_id: UUID | None
    owner_id: UUID | None
    value: Decimal | None
    currency: str | None
    status: str
    position: int
    milestone_id: UUID | None
    reached_at: datetime | None
    clock_from: datetime
    held_until: datetime | None
    ball: str | None
    waiting_since: datetime | None
    won_at: datetime | None
    ordered_value: Decimal | None
    exited_at: datetime | None
    exit_kind: str | None
    exit_reason: str | None
    business_type: str | None
    business_subtype: str | None
    attributes: dict[str, Any]
    external_probability: Decimal | None
    source: str
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    data: list[Seen]


class Sent(BaseModel):
    name: str
    value: Decimal


def floor(database: Database, workspace: UUID) -> Starlette:
    """Bare Starlette, one connection, one prepared fetch, as a role that no wall stops."""
    prepared: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        url = database.owner.set(drivername="postgresql")
        named = {"application_name": "floor"}
        connection = await asyncpg.connect(
            url.render_as_string(hide_password=False), server_settings=named
        )
        prepared["one"] = await connection.prepare(ONE)
        yield
        await connection.close()

    async def read(request: Request) -> Response:
        name = await prepared["one"].fetchval(workspace, UUID(request.path_params["id"]))
        return Response(f'{{"name":"{name}"}}', media_type="application/json")

    return Starlette(routes=[Route("/v1/opportunities/{id}", read)], lifespan=lifespan)


def _engine(database: Database, name: str) -> AsyncEngine:
    options = {"application_name": name, "timezone": "UTC", "role": database.app_role}
    return create_async_engine(
        database.app, connect_args={"server_settings": options}, pool_pre_ping=True
    )


def core(database: Database, workspace: UUID) -> FastAPI:
    """FastAPI and SQLAlchemy Core, one transaction per request."""
    engine, app = _engine(database, "core"), FastAPI()

    async def transaction() -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as db:
            await db.execute(text(f"SET LOCAL app.ws = '{workspace}'"))
            yield db

    transacted = Annotated[AsyncConnection, Depends(transaction, scope="function")]
    here = select(Opportunity).where(Opportunity.workspace_id == workspace)

    @app.get("/v1/opportunities/{id}")
    async def read(db: transacted, id: UUID) -> Seen:
        row = (await db.execute(here.where(Opportunity.id == id))).one_or_none()
        if row is None:
            raise HTTPException(404)
        return Seen.model_validate(row)

    @app.get("/v1/opportunities")
    async def listed(db: transacted, limit: int = 50) -> Page:
        order = (Opportunity.created_at.desc(), Opportunity.id.desc())
        rows = await db.execute(here.order_by(*order).limit(limit))
        return Page(data=[Seen.model_validate(row) for row in rows])

    @app.post("/v1/opportunities", status_code=201)
    async def create(db: transacted, sent: Sent) -> Seen:
        values = await _values(db, workspace, sent)
        made = insert(Opportunity).values(**values).returning(*Opportunity.__table__.columns)
        return Seen.model_validate((await db.execute(made)).one())

    return app


def orm(database: Database, workspace: UUID) -> FastAPI:
    """The same with sessions of the ORM."""
    sessions, app = async_sessionmaker(_engine(database, "orm"), expire_on_commit=False), FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions.begin() as db:
            await db.execute(text(f"SET LOCAL app.ws = '{workspace}'"))
            yield db

    opened = Annotated[AsyncSession, Depends(session, scope="function")]

    @app.get("/v1/opportunities/{id}")
    async def read(db: opened, id: UUID) -> Seen:
        found = await db.get(Opportunity, (workspace, id))
        if found is None:
            raise HTTPException(404)
        return Seen.model_validate(found)

    @app.get("/v1/opportunities")
    async def listed(db: opened, limit: int = 50) -> Page:
        query = select(Opportunity).where(Opportunity.workspace_id == workspace)
        order = (Opportunity.created_at.desc(), Opportunity.id.desc())
        rows = await db.scalars(query.order_by(*order).limit(limit))
        return Page(data=[Seen.model_validate(row) for row in rows])

    @app.post("/v1/opportunities", status_code=201)
    async def create(db: opened, sent: Sent) -> Seen:
        made = Opportunity(**await _values(db, workspace, sent))
        db.add(made)
        await db.flush()
        return Seen.model_validate(made)

    return app


async def _values(db: Any, workspace: UUID, sent: Sent) -> dict[str, Any]:
    """What a plain insert needs; the process is looked up, as everybody has to."""
    found = await db.execute(
        text("SELECT process_id, id, now() FROM process_versions WHERE workspace_id = :w LIMIT 1"),
        {"w": workspace},
    )
    process, version, now = found.one()
    return {
        "workspace_id": workspace,
        "id": uuid4(),
        "name": sent.name,
        "value": sent.value,
        "currency": "EUR",
        "process_id": process,
        "version_id": version,
        "source": "peer",
        "attributes": {},
        "version": 1,
        "status": "open",
        "position": 0,
        "clock_held_days": Decimal(0),
        "business_chosen": False,
        "clock_from": now,
        "created_at": now,
        "updated_at": now,
    }


PEERS: dict[str, Callable[[Database, UUID], Any]] = {"floor": floor, "core": core, "orm": orm}
