"""Nobody knows whether it was stored: the line, or the service itself, is lost after the commit."""

import signal
from uuid import uuid4

import httpx2 as httpx
import pytest

from tests.conftest import new_workspace
from tests.deals import make_deal, make_process, tell
from tests.faults.conftest import caller, through

PRODUCT = {"key": "sensors", "name": "Sensors"}


@pytest.fixture
async def deal(client):
    await make_process(client)
    return await make_deal(client)


@pytest.fixture
async def products(client):
    async def names() -> list[str]:
        return [each["name"] for each in (await client.get("/v1/products")).json()["data"]]

    return names


async def test_a_lost_commit_is_said_and_the_same_key_finds_what_happened(
    far, line, workspace, products
):
    once = {"Idempotency-Key": str(uuid4())}
    async with caller(far, workspace[1]) as client:
        line.lose_answer_to(b"INSERT INTO products", b"COMMIT")
        lost = await client.post("/v1/products", json=PRODUCT, headers=once)
        assert (lost.status_code, lost.json()["code"]) == (503, "outcome-unknown")
        assert int(lost.headers["Retry-After"]) > 0
        assert "Idempotency-Key" in lost.json()["detail"]
        again = await client.post("/v1/products", json=PRODUCT, headers=once)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert await products() == ["Sensors"]


async def test_what_was_lost_before_its_commit_was_not_done(far, line, workspace, products):
    async with caller(far, workspace[1]) as client:
        line.lose_answer_to(b"INSERT INTO products")
        lost = await client.post("/v1/products", json=PRODUCT)
    assert (lost.status_code, lost.json()["code"]) == (503, "database-unavailable")
    assert await products() == []


async def test_a_question_that_was_cut_off_is_asked_once_more(far, line, workspace):
    async with caller(far, workspace[1]) as client:
        line.lose_answer_to(b"FROM products")
        assert (await client.get("/v1/products")).status_code == 200


async def test_the_short_way_does_not_pretend_to_know_either(far, line, client, workspace, deal):
    """After a hold a step is derived, in a transaction; a plain one is a single statement."""
    await tell(client, deal, "hold", until="2026-12-01T00:00:00Z", reason="summer")
    await tell(client, deal, "resume")
    path = f"/v1/opportunities/{deal['id']}/reach"
    told = {"milestone": "interest", "act": "said", "what": "is interested"}
    async with caller(far, workspace[1]) as caller_of_far:
        await caller_of_far.get(f"/v1/opportunities/{deal['id']}")  # so that its key is known
        line.lose_answer_to(b"INSERT INTO events", b"COMMIT")
        lost = await caller_of_far.post(path, json=told)
    assert (lost.status_code, lost.json()["code"]) == (503, "outcome-unknown")
    seen = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert (seen["milestone"], seen["version"]) == ("interest", 4)


async def test_killed_between_commit_and_answer_a_service_has_done_it_once(
    app, database, engine, line, serve, clock
):
    _, key = await new_workspace(engine)
    reached = through(line, database.app).render_as_string(hide_password=False)
    process = serve(database_url=reached)
    once = {"Idempotency-Key": str(uuid4()), "Authorization": f"Bearer {key}"}

    def kill() -> None:
        process.tell(signal.SIGKILL)

    async with httpx.AsyncClient(base_url=await process.address(), timeout=60) as client:
        line.lose_answer_to(b"INSERT INTO products", b"COMMIT", then=kill)
        with pytest.raises(httpx.TransportError):
            await client.post("/v1/products", json=PRODUCT, headers=once)
    assert await process.gone(60) == -signal.SIGKILL
    async with caller(app, key) as client:
        again = await client.post("/v1/products", json=PRODUCT, headers=once)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert len((await client.get("/v1/products")).json()["data"]) == 1
