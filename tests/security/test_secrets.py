"""A secret is shown once, to whom it was made for, and stands nowhere else afterwards.

Every operation whose answer holds a member marked `x-shown-once` is asked for one, so a new kind of
secret is planted as soon as the contract has it.
"""

import re
from logging import DEBUG

import pytest
from sqlalchemy import text

from tests.conftest import DOCUMENT, client_with
from tests.faults.test_requests import ID, TAG, WRITES, kinds_of, resolved
from tests.security.grounds import OWNED

PART = 12  # letters: as many as nobody guesses


def parts(secret):
    """Pieces of which each would give something away; the id of a key is none."""
    said = re.sub(r"^[a-z]+_(?:[0-9a-f]{32}_)?", "", secret)
    return {said[n : n + PART] for n in range(len(said) - PART + 1)}


def shown_once():
    """(method, path, example of what is sent, members) of whatever makes a secret."""
    for path, methods in DOCUMENT["paths"].items():
        for method, node in methods.items():
            for status in ("200", "201"):
                answer = node["responses"].get(status, {}).get("content", {})
                schema = resolved(answer.get("application/json", {}).get("schema", {}))
                members = schema.get("properties", {})
                secret = [name for name, each in members.items() if "x-shown-once" in each]
                if secret:
                    content = node.get("requestBody", {}).get("content", {})
                    example = content.get("application/json", {}).get("example")
                    yield method, path, example, secret


class Heard:
    """What the service said to callers, and whether any of it holds a part of a secret."""

    def __init__(self, secrets):
        self.parts = {part for secret in secrets for part in parts(secret)}

    def knows(self, said):
        return any(part in said for part in self.parts)


@pytest.fixture
async def planted(client, workspace):
    """The key that asks, and one secret of every kind that there is."""
    found = [workspace[1]]
    makers = [each for each in shown_once() if "{" not in each[1]]
    assert any(path == "/v1/api_keys" for _, path, *_ in makers)
    for method, path, example, members in makers:
        answer = await client.request(method, path, json=example)
        assert answer.is_success, f"{path} makes a secret, and refuses its own example"
        found += [answer.json()[member] for member in members]
    return found


def questions():
    """(method, path, parameter, what is asked beside it) of every parameter there is."""
    for path, methods in DOCUMENT["paths"].items():
        for method, node in methods.items():
            # A stream that begins nowhere is refused; any other would never end.
            streams = "text/event-stream" in node["responses"].get("200", {}).get("content", {})
            beside = {"after": "nowhere"} if streams else {}
            for each in node.get("parameters", ()):
                if each.get("in") == "query" and node["security"]:
                    yield method, re.sub(r"\{\w+\}", ID, path), each["name"], beside


async def test_no_refusal_repeats_a_secret_that_came_in_the_wrong_place(client, planted):
    heard, refused = Heard(planted), 0
    for method, path, name, beside in questions():
        for asked in ({name: planted[-1]}, {name: [planted[0], planted[-1]]}):
            answer = await client.request(method, path, params=beside | asked)
            refused += answer.is_error
            assert answer.is_success or not heard.knows(answer.text), (path, name, answer.text)
    for operation, (method, path, example, properties) in WRITES.items():
        wrong = {
            member: [planted[-1]] if "string" in kinds_of(schema) else planted[-1]
            for member, schema in properties.items()
        }
        bodies = [wrong, example | {"surprise": planted[0]}, planted, planted[0]]
        bodies += [example | {member: planted[-1]} for member in properties]
        for body in bodies:
            answer = await client.request(method, path, json=body, headers=TAG)
            refused += answer.is_error
            assert answer.is_success or not heard.knows(answer.text), (operation, answer.text)
    assert refused > 1000


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic {}"},
        {"Authorization": "Bearer {}x"},
        {"Authorization": "Bearer {} {}"},
        {"X-Api-Key": "{}"},
        {"Cookie": "key={}"},
        {"X-Request-Id": "{}"},
        {"Accept-Language": "{}"},
        {"If-None-Match": "{}"},
    ],
)
async def test_no_answer_and_no_log_repeats_a_header(stranger, planted, headers, caplog):
    caplog.set_level(DEBUG)
    sent = {name: value.format(planted[0], planted[0]) for name, value in headers.items()}
    for path in ("/v1/me", "/v1/opportunities", f"/v1/opportunities/{ID}", "/v1/nothing"):
        answer = await stranger.get(path, headers=sent)
        said = f"{answer.headers}{answer.text}{logged(caplog)}"
        assert answer.is_error
        assert not Heard(planted).knows(said)


async def test_logs_and_the_database_hold_no_secret(
    app, client, planted, database, caplog, capfd, monkeypatch
):
    """While it is used: well, wrongly, in an address, and when everything breaks."""
    caplog.set_level(DEBUG)
    secret = planted[0]
    async with client_with(app, secret) as caller:
        await caller.get("/v1/me")
        await caller.get(f"/v1/accounts/{secret}")
        await caller.get("/v1/accounts", params={"q": secret, "key": secret})
        await caller.post("/v1/accounts", json={"name": 7, "token": secret})
        await caller.post("/v1/accounts", content=secret.encode())
        monkeypatch.setattr("app.domain.accounts.create", broken)
        answer = await caller.post("/v1/accounts", json={"name": "Alder"})
    assert answer.status_code == 500
    out, err = capfd.readouterr()
    said = logged(caplog)
    assert "the light went out" in said
    assert not Heard(planted).knows(f"{said}{out}{err}{answer.text}")
    # What signs is kept: without it no webhook could be sent.
    kept_nowhere = [each for each in planted if not each.startswith("whsec_")]
    assert len(kept_nowhere) < len(planted)
    assert not Heard(kept_nowhere).knows(await everything(database))


def logged(caplog):
    """Everything but what the caller's own library notes."""
    ours = [each for each in caplog.records if not each.name.startswith("httpx")]
    return "\n".join(caplog.handler.format(each) for each in ours)


async def broken(work, account):
    raise RuntimeError("the light went out")


async def everything(database):
    """Every row of every table, as a dump would have it."""
    engine = database.owner_engine()
    async with engine.connect() as connection:
        tables = (*(each.name for each in OWNED), "workspaces")
        rows = [
            row
            for table in tables
            for row in await connection.scalars(text(f"SELECT t::text FROM {table} t"))  # noqa: S608
        ]
    await engine.dispose()
    assert len(rows) > 5
    return "\n".join(rows)
