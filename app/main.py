"""Puts the floors together."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI

from app.api import ROUTERS, docs, health, problems
from app.api.answers import add_answers
from app.api.compression import Compression
from app.api.directory import Directory
from app.api.frame import Envelope, Gate
from app.api.limits import Quotas
from app.api.openapi import describe
from app.api.origins import Cors
from app.api.short import WAYS, Known, Shortcut
from app.core.database import Database, check_role
from app.core.lane import Lane
from app.core.limits import Limits
from app.core.settings import Settings
from app.worker import Worker

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, database: Database, *, clock: Clock = utc_now) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = database.engine(settings)
        await check_role(engine)
        worker = Worker(database, settings, clock)
        app.state.engine, app.state.worker = engine, worker
        app.state.lane = Lane(database, settings)
        async with worker.running() if settings.worker else nullcontext():
            yield
        await limits.close()
        await app.state.lane.close()
        await engine.dispose()

    app = FastAPI(
        title="Backcast",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    limits = Limits(settings)
    app.state.clock, app.state.settings, app.state.limits = clock, settings, limits
    app.state.known = Known()
    add_answers(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    for router in (health.router, problems.router, docs.router):
        app.include_router(router)
    describe(app)
    app.router.routes.insert(0, Directory(app))
    _surround(app, settings, limits)
    return app


def _surround(app: FastAPI, settings: Settings, limits: Limits) -> None:
    """What stands around the routes, from the inside out."""
    app.add_middleware(Gate, body_limit=settings.body_limit, upload_limit=settings.upload_limit)
    app.add_middleware(Envelope)
    app.add_middleware(Quotas, limits=limits)
    app.add_middleware(Compression)
    # Outermost: an answer without these headers is a network error to a page, whatever it says.
    app.add_middleware(Cors)
    app.add_middleware(Shortcut, ways=WAYS, body_limit=settings.body_limit)


def document() -> dict[str, Any]:
    """The contract of this release, keys sorted. Nothing is connected to: no database is needed."""
    settings = Settings.model_construct()
    app = create_app(settings, Database.of("postgresql://nobody@nowhere/none"))
    contract: dict[str, Any] = json.loads(json.dumps(app.openapi(), sort_keys=True))
    return contract
