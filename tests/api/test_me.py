from datetime import timedelta

from app.core.ids import uuid7
from app.core.keys import new_key as random_key
from app.domain.access import Scope
from tests.conftest import client_with, new_key


async def test_a_key_knows_its_workspace_and_scopes(client, workspace):
    answer = await client.get("/v1/me")
    assert answer.status_code == 200, answer.text
    assert answer.json()["workspace"]["id"] == str(workspace[0])
    assert answer.json()["scopes"] == list(Scope)


async def test_a_stranger_is_asked_for_a_key(stranger):
    answer = await stranger.get("/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


async def test_a_well_formed_key_that_nobody_made_opens_nothing(app):
    async with client_with(app, random_key(uuid7())) as guesser:
        assert (await guesser.get("/v1/me")).status_code == 401


async def test_an_expired_key_says_so(app, engine, workspace, clock):
    key = await new_key(engine, workspace[0], [Scope.ADMIN], clock.now + timedelta(hours=1))
    async with client_with(app, key) as client:
        assert (await client.get("/v1/me")).status_code == 200
        clock.forward(hours=1)
        answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-revoked")
