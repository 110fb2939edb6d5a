"""As it comes: closed to pages of others, silent about itself, and with a database of its own."""

import os
import stat
from pathlib import Path

import pytest

from app.cli.serve import serve
from app.core.database import driven
from app.core.settings import Settings
from tests.conftest import SERVER

BROKEN = "the light went out"
PAGE = {"Origin": "https://evil.example"}


@pytest.fixture
async def answers(client, stranger, monkeypatch):
    """One of each kind: good, refused in every way, and broken."""
    monkeypatch.setattr("app.domain.accounts.create", broken)
    sent = [
        client.get("/v1/me", headers=PAGE),
        client.get("/v1/opportunities", headers=PAGE),
        client.get("/v1/nothing", headers=PAGE),
        client.put("/v1/me", headers=PAGE),
        client.post("/v1/accounts", content=b"x"),
        client.post("/v1/accounts", json={"name": "x" * 2**20}),
        client.post("/v1/accounts", json={}),
        client.post("/v1/accounts", json={"name": "Alder"}),
        stranger.get("/v1/me", headers=PAGE),
        stranger.get("/docs", headers=PAGE),
        stranger.get("/livez", headers=PAGE),
    ]
    return [await each for each in sent]


async def broken(work, account):
    raise RuntimeError(BROKEN)


async def test_every_answer_is_sealed_and_says_nothing_of_the_kitchen(answers):
    assert {each.status_code for each in answers} == {200, 401, 403, 404, 405, 413, 415, 422, 500}
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Request-Id"]
        assert {"x-powered-by", "server", "set-cookie"}.isdisjoint(answer.headers)
        # A page may read that it is refused, and what needs no key; nothing of a workspace.
        if answer.is_success and answer.request.url.path.startswith("/v1/"):
            assert "access-control-allow-origin" not in answer.headers
        told = answer.text if answer.is_error else ""
        for word in ("Traceback", "RuntimeError", BROKEN, "sqlalchemy", "asyncpg", ".py"):
            assert word not in told


async def test_pages_for_people_load_nothing_from_elsewhere(stranger):
    for path in ("/docs", "/problems/not-found"):
        answer = await stranger.get(path, headers={"Accept": "text/html"})
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_what_a_workspace_says_is_kept_by_nobody_on_the_way(client):
    for path in ("/v1/me", "/v1/accounts", "/v1/opportunities"):
        kept = (await client.get(path)).headers["Cache-Control"]
        assert "no-store" in kept or "private" in kept


def test_it_listens_to_its_own_machine_and_trusts_no_origin_until_told():
    assert serve.__defaults__[0] == "127.0.0.1"
    settings = Settings(_env_file=None)
    assert settings.app_role == "backcast_app"
    assert not [name for name in type(settings).model_fields if "origin" in name or "debug" in name]


def test_the_embedded_database_opens_to_one_user_of_the_machine():
    place = Path(str(driven(os.environ[SERVER]).query.get("host", "/nowhere")))
    if not place.is_dir():
        pytest.skip("the database of this run is not the embedded one")
    for each in (place, *place.glob(".s.PGSQL.*[0-9]")):
        mode = stat.S_IMODE(each.stat().st_mode)
        assert mode & 0o077 == 0, (each, oct(mode))
