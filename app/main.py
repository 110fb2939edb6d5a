"""Puts the floors together."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from app.api import ROUTERS, docs, health, metrics, problems
from app.api.answers import add_answers
from app.api.compression import Compression
from app.api.directory import Directory
from app.api.frame import Envelope, Gate
from app.api.limits import Quotas
from app.api.openapi import describe
from app.api.origins import Cors
from app.api.short import WAYS, Known, Shortcut
from app.api.streams import Streams
from app.core.bearers import Verifier
from app.core.database import Database, check_role
from app.core.lane import Lane
from app.core.limits import Limits
from app.core.replica import Replica
from app.core.settings import Settings
from app.worker import Worker

if TYPE_CHECKING:
    from app.core.metrics import Metrics
    from app.tracing import Tracing

Clock = Callable[[], datetime]
# Its own traces would name endpoints, not statements; its settings would come from elsewhere.
SILENT = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)


class Service(FastAPI):
    """Asks the short way before all that stands around routes, FastAPI's own layers included."""

    def build_middleware_stack(self) -> Any:
        around = super().build_middleware_stack()
        short = Shortcut(around, ways=WAYS, body_limit=self.state.settings.body_limit)
        return short if self.state.tracing is None else self.state.tracing.around(short)


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    database: Database,
    *,
    clock: Clock = utc_now,
    tracing: "Tracing | None" = None,
) -> FastAPI:
    app = Service(
        title="Backcast",
        lifespan=_lifespan(settings, database, clock),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry=SILENT,
    )
    app.state.clock, app.state.settings, app.state.limits = clock, settings, Limits(settings)
    app.state.known, app.state.tokens = Known(), _tokens(settings)
    app.state.streams, app.state.replica = Streams(settings, clock), None
    # Set when the process is told to stop: from then on it is not ready.
    app.state.leaving = asyncio.Event()
    app.state.metrics = _metrics(settings)
    app.state.tracing = tracing or _tracing(settings)
    add_answers(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    for router in (health.router, metrics.router, problems.router, docs.router):
        app.include_router(router)
    describe(app)
    app.router.routes.insert(0, Directory(app))
    _surround(app, settings)
    return app


def _lifespan(settings: Settings, database: Database, clock: Clock) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = database.engine(settings)
        await check_role(engine)
        worker = Worker(database, settings, clock)
        app.state.engine, app.state.worker = engine, worker
        app.state.lane = Lane(database, settings)
        _watch(app)
        working = worker.running() if settings.worker else nullcontext()
        async with _followed(app, settings, database), working:
            yield
        app.state.streams.close()
        if app.state.tokens is not None:
            await app.state.tokens.close()
        await app.state.limits.close()
        await app.state.lane.close()
        await engine.dispose()
        if app.state.tracing is not None:
            await asyncio.to_thread(app.state.tracing.close)

    return lifespan


def _tokens(settings: Settings) -> Verifier | None:
    """Loaded only where it is needed: the cryptography behind it takes its time to load."""
    if not settings.oidc_issuer:
        return None
    verifier: Verifier = import_module("app.core.tokens").Tokens(settings)
    return verifier


@asynccontextmanager
async def _followed(app: FastAPI, settings: Settings, database: Database) -> AsyncIterator[None]:
    """With a replica, if there is one."""
    if not settings.replica_url.get_secret_value():
        yield
        return
    app.state.replica = Replica(database, settings, app.state.engine)
    async with app.state.replica.watched():
        yield


def _surround(app: FastAPI, settings: Settings) -> None:
    """What stands around the routes behind the short way, from the inside out."""
    app.add_middleware(Gate, body_limit=settings.body_limit, upload_limit=settings.upload_limit)
    app.add_middleware(Envelope)
    app.add_middleware(Quotas, limits=app.state.limits)
    app.add_middleware(Compression)
    # Outermost: an answer without these headers is a network error to a page, whatever it says.
    app.add_middleware(Cors)


def _metrics(settings: Settings) -> "Metrics | None":
    """What counts, if there is somebody who may look. Loaded then only: most starts do without."""
    if not settings.metrics_token.get_secret_value():
        return None
    made: Metrics = import_module("app.core.metrics").Metrics()
    return made


def _tracing(settings: Settings) -> "Tracing | None":
    if not settings.otel:
        return None
    made: Tracing = import_module("app.tracing").Tracing()
    return made


def _watch(app: FastAPI) -> None:
    state = app.state
    if state.tracing is not None:
        state.tracing.watch(state.engine, state.lane)
    if state.metrics is not None:
        pool = state.engine.pool
        state.metrics.gauge("pool_in_use", "Connections that answer a request.", pool.checkedout)
        state.metrics.gauge("pool_size", "Connections there may be.", pool.size)
        state.metrics.gauge(
            "worker_busy", "Workspaces whose imports run here.", lambda: len(state.worker.busy)
        )


def document() -> dict[str, Any]:
    """The contract of this release, keys sorted. Nothing is connected to: no database is needed."""
    settings = Settings.model_construct()
    app = create_app(settings, Database.of("postgresql://nobody@nowhere/none"))
    contract: dict[str, Any] = json.loads(json.dumps(app.openapi(), sort_keys=True))
    return contract
