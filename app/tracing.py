"""Traces for whoever collects them: a span for each request, and one for each of its statements.

Loaded only where it is switched on. Statements are our own texts; what stands in their parameters
never enters a span.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import asyncpg
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.frame import template_of
from app.core.lane import Lane

WANTED = (b"traceparent", b"tracestate")
BROKEN = 500
NANO = 1_000_000_000


class Tracing:
    """The tracer of one service; without an exporter of its own, OTLP as `OTEL_…` says."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        named = {"service.name": "backcast", "service.version": version("backcast")}
        self.provider = TracerProvider(resource=Resource.create(named))
        self.provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self.tracer = self.provider.get_tracer("backcast")

    def around(self, app: ASGIApp) -> "Traced":
        return Traced(app, self.tracer)

    def watch(self, engine: AsyncEngine, lane: Lane) -> None:
        """A span for each statement, on whichever way it goes."""
        spans = Statements(self.tracer)
        event.listen(engine.sync_engine, "before_cursor_execute", spans.begin)
        event.listen(engine.sync_engine, "after_cursor_execute", spans.end)
        event.listen(engine.sync_engine, "handle_error", spans.fail)
        lane.options["connection_class"] = _telling(spans)

    def close(self) -> None:
        """Send what is not sent yet."""
        self.provider.shutdown()


class Traced:
    """Outermost: one span from the first byte that is known to the last one sent."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self.tracer = tracer
        self.carried = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = {k.decode(): v.decode("latin-1") for k, v in scope["headers"] if k in WANTED}
        method, status = scope["method"], 0

        async def told(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        parent = self.carried.extract(said)
        # What an exception says may hold values; that there was one shows in the status.
        with self.tracer.start_as_current_span(
            method,
            parent,
            SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            await self.app(scope, receive, told)
            route = template_of(scope)
            span.update_name(f"{method} {route}" if route else method)
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route or "")
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("backcast.request_id", scope.get("state", {}).get("request_id", ""))
            if status >= BROKEN:
                span.set_status(Status(StatusCode.ERROR))


class Statements:
    """Spans of statements, below the request that is being answered."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    def begin(self, connection: Connection, _: object, statement: str, *__: object) -> None:
        connection.info["span"] = self.tracer.start_span(
            _verb(statement), kind=SpanKind.CLIENT, attributes=_about(statement)
        )

    def end(self, connection: Connection, *_: object) -> None:
        if (span := connection.info.pop("span", None)) is not None:
            span.end()

    def fail(self, context: ExceptionContext) -> None:
        span = None if context.connection is None else context.connection.info.pop("span", None)
        if span is not None:
            span.set_status(Status(StatusCode.ERROR, type(context.original_exception).__name__))
            span.end()

    def note(self, told: Any) -> None:
        """A statement of the short way, which the driver tells of when it is over."""
        now = time.time_ns()
        span = self.tracer.start_span(
            _verb(told.query),
            kind=SpanKind.CLIENT,
            attributes=_about(told.query),
            start_time=now - int(told.elapsed * NANO),
        )
        if told.exception is not None:
            span.set_status(Status(StatusCode.ERROR, type(told.exception).__name__))
        span.end(now)


def _telling(spans: Statements) -> type[asyncpg.Connection]:
    """A connection of the driver that tells of its statements."""

    class Telling(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.add_query_logger(spans.note)

    return Telling


def _verb(statement: str) -> str:
    """
    >>> _verb("SELECT 1"), _verb("")
    ('SELECT', 'statement')
    """
    words: Sequence[str] = statement.split(None, 1)
    return words[0].upper() if words else "statement"


def _about(statement: str) -> dict[str, str]:
    return {"db.system.name": "postgresql", "db.query.text": statement}
