"""A trace shows a request and its statements, and nothing of what they are about."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.core.settings import Settings
from app.main import create_app
from app.tracing import Tracing
from tests.conftest import CLOCK
from tests.faults.conftest import caller

UNLOADED = """
import sys
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
create_app(Settings(_env_file=None), Database.of("postgresql://nobody@nowhere/none"))
never = ("opentelemetry.sdk", "opentelemetry.exporter", "prometheus_client", "app.tracing")
print(*[name for name in sys.modules if name.startswith(never)])
"""
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
async def traced(database):
    """A service and a way to get the spans of what was asked of it."""
    kept = InMemorySpanExporter()
    tracing = Tracing(kept)
    app = create_app(Settings(_env_file=None, rounds=False), database, clock=CLOCK, tracing=tracing)

    def spans():
        tracing.provider.force_flush()
        found = kept.get_finished_spans()
        kept.clear()
        return found

    async with app.router.lifespan_context(app):
        yield app, spans


def below(spans, name):
    """The span with this name, and those of the same trace."""
    top = next(span for span in spans if span.name == name)
    others = [s for s in spans if s.context.trace_id == top.context.trace_id and s is not top]
    return top, others


async def test_a_request_is_a_span_and_each_statement_one_below_it(traced, workspace):
    app, spans = traced
    async with caller(app, workspace[1]) as client:
        answer = await client.post("/v1/products", json={"key": "s", "name": "Secret sensors"})
    top, statements = below(spans(), "POST /v1/products")
    assert top.attributes["http.response.status_code"] == 201
    assert top.attributes["backcast.request_id"] == answer.headers["x-request-id"]
    assert {span.parent.span_id for span in statements} == {top.context.span_id}
    texts = [span.attributes["db.query.text"] for span in statements]
    assert any("INSERT INTO products" in text for text in texts)
    assert all(top.start_time <= s.start_time <= s.end_time <= top.end_time for s in statements)


async def test_the_short_way_is_traced_as_well(traced, workspace):
    app, spans = traced
    async with caller(app, workspace[1]) as client:
        # The key becomes known, and the connection learns its types.
        for _ in range(2):
            await client.get("/v1/opportunities")
        await asyncio.sleep(0)
        spans()
        await client.get("/v1/opportunities")
    await asyncio.sleep(0)  # the driver tells of a statement in the next turn of the loop
    top, statements = below(spans(), "GET /v1/opportunities")
    assert top.attributes["http.route"] == "/v1/opportunities"
    assert [span.name for span in statements] == ["WITH"]


async def test_a_trace_that_was_begun_elsewhere_goes_on(traced, workspace):
    app, spans = traced
    async with caller(app, workspace[1]) as client:
        await client.get("/v1/me", headers={"traceparent": PARENT})
    top, _ = below(spans(), "GET /v1/me")
    assert f"{top.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{top.parent.span_id:016x}" == PARENT.split("-")[2]


async def test_no_value_and_no_key_is_in_a_span(traced, workspace):
    app, spans = traced
    async with caller(app, workspace[1]) as client:
        await client.post("/v1/products", json={"key": "s", "name": "Secret sensors"})
    told = "".join(span.to_json() for span in spans())
    assert "Secret sensors" not in told
    assert workspace[1] not in told


def test_nothing_of_it_is_loaded_where_it_is_off():
    """The API package alone comes along with FastAPI; it does nothing by itself."""
    told = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", UNLOADED],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == ""
