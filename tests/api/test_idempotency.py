"""A request that is sent again happens once: the later ones get the answer of the first."""

import asyncio

import pytest
from sqlalchemy import text

from app.core.idempotency import Answer, Claim, claim, fingerprint, keep
from app.core.ids import uuid7
from app.domain import accounts
from app.domain.access import Scope
from tests.conftest import DOCUMENT
from tests.deals import make_deal, make_process

ONCE = "Idempotency-Key"
AGAIN = "Idempotency-Replayed"
ALDER = {"name": "Alder"}
TWINS = 20


async def sent(caller, key, body=None, path="/v1/accounts", **headers):
    headers = {ONCE: key, **headers}
    return await caller.post(path, json=ALDER if body is None else body, headers=headers)


async def made(caller):
    return (await caller.get("/v1/accounts")).json()["data"]


@pytest.fixture
async def kept(work):
    async def count():
        # A transaction of its own would see less of what others commit meanwhile.
        return await work.db.scalar(text("SELECT count(*) FROM kept_answers"))

    return count


async def test_the_second_time_nothing_happens_and_the_answer_is_the_first_one(client):
    first, again = await sent(client, "k"), await sent(client, "k")
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert (again.headers[AGAIN], AGAIN in first.headers) == ("true", False)
    assert len(await made(client)) == 1


async def test_twenty_twins_at_once_make_one(client):
    answers = await asyncio.gather(*(sent(client, "twins") for _ in range(TWINS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(AGAIN in answer.headers for answer in answers) == TWINS - 1
    assert len(await made(client)) == 1


async def test_twins_that_move_a_deal_move_it_once(client):
    await make_process(client)
    deal = await make_deal(client)
    path, told = f"/v1/opportunities/{deal['id']}/reach", {"milestone": "interest"}
    answers = await asyncio.gather(*(sent(client, "r", told, path) for _ in range(5)))
    assert {answer.json()["version"] for answer in answers} == {2}
    events = await client.get(f"/v1/opportunities/{deal['id']}/events")
    assert len(events.json()["data"]) == 2


async def test_workspaces_do_not_meet_in_a_key(client, neighbour):
    mine, theirs = await sent(client, "k"), await sent(neighbour, "k", {"name": "Birch"})
    assert (theirs.status_code, AGAIN in theirs.headers) == (201, False)
    assert mine.json()["id"] != theirs.json()["id"]


async def test_the_same_key_with_another_body_is_refused(client):
    await sent(client, "k")
    answer = await sent(client, "k", {"name": "Birch"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert [account["name"] for account in await made(client)] == ["Alder"]


async def test_the_same_key_for_another_object_is_refused(client):
    await make_process(client)
    one, other = await make_deal(client), await make_deal(client)
    told = {"milestone": "interest"}
    await sent(client, "k", told, f"/v1/opportunities/{one['id']}/reach")
    answer = await sent(client, "k", told, f"/v1/opportunities/{other['id']}/reach")
    assert answer.json()["code"] == "idempotency-key-reused"


async def test_spaces_and_the_order_of_fields_are_no_other_body(client):
    headers = {ONCE: "k", "Content-Type": "application/json"}
    for body in (b'{"name": "Alder", "country": "DE"}', b'{"country":"DE","name":"Alder"}'):
        answer = await client.post("/v1/accounts", content=body, headers=headers)
        assert answer.status_code == 201
    assert answer.headers[AGAIN] == "true"


async def test_another_operation_with_the_same_key_is_another_request(client):
    await sent(client, "k")
    answer = await sent(client, "k", path="/v1/products")
    assert (answer.status_code, AGAIN in answer.headers) == (201, False)


async def test_quotes_around_a_key_say_nothing(client):
    first, again = await sent(client, "k"), await sent(client, '"k"')
    assert again.headers[AGAIN] == "true"
    assert again.content == first.content


@pytest.mark.parametrize("key", ["k" * 255, f'"{"k" * 255}"', r'"a \"quoted\" \\ key"', "a b"])
async def test_a_key_may_be_long_and_odd(client, key):
    assert (await sent(client, key)).status_code == 201
    assert (await sent(client, key)).headers[AGAIN] == "true"


@pytest.mark.parametrize("key", ["", '""', "k" * 256, f'"{"k" * 256}"', '"k', r'"\k"', b"\xe4"])
@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/cascade"])
async def test_what_is_no_key_is_refused(client, key, path):
    answer = await sent(client, key, path=path)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")
    assert await made(client) == []


async def test_two_keys_are_none(client):
    headers = [(ONCE, "a"), (ONCE, "b")]
    answer = await client.post("/v1/accounts", json=ALDER, headers=headers)
    assert answer.json()["code"] == "idempotency-key-invalid"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "A", "parent_id": str(uuid7())}])
async def test_a_refused_request_leaves_its_key_free(client, kept, body):
    assert (await sent(client, "k", body)).status_code in (404, 422)
    assert await kept() == 0
    assert (await sent(client, "k")).status_code == 201


async def test_a_request_that_broke_leaves_its_key_free(client, kept, monkeypatch):
    create = accounts.create

    async def broken(work, account):
        await create(work, account)
        raise RuntimeError("the light went out")

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "create", broken)
        assert (await sent(client, "k")).status_code == 500
    assert (await kept(), await made(client)) == (0, [])
    again = await sent(client, "k")
    assert (again.status_code, AGAIN in again.headers) == (201, False)


async def test_while_the_first_runs_the_second_is_sent_away(client, work):
    first = Claim("k", "POST /accounts")
    assert await claim(work, first, b"mark") is None
    answer = await sent(client, "k")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-in-flight")
    assert int(answer.headers["Retry-After"]) >= 1
    await work.db.rollback()
    assert (await sent(client, "k")).status_code == 201


async def test_a_change_is_answered_again_although_its_version_is_old(client):
    place = (await client.post("/v1/accounts", json=ALDER)).headers["Location"]
    headers = {ONCE: "k", "If-Match": '"1"'}
    first = await client.patch(place, json={"name": "Birch"}, headers=headers)
    again = await client.patch(place, json={"name": "Birch"}, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"] == '"2"'


async def test_a_deletion_is_answered_again(client):
    place = (await client.post("/v1/accounts", json=ALDER)).headers["Location"]
    headers = {ONCE: "k", "If-Match": '"1"'}
    codes = [(await client.delete(place, headers=headers)).status_code for _ in range(2)]
    assert codes == [204, 204]


async def test_a_key_opens_nothing_to_who_lacks_the_scope(client, limited, stranger):
    await sent(client, "k")
    powerless = await limited(Scope.ACCOUNTS_READ)
    assert (await sent(powerless, "k")).status_code == 403
    assert (await sent(stranger, "k")).status_code == 401


async def test_a_secret_is_kept_nowhere_and_so_not_answered_again(client, work):
    wanted = {"name": "crm", "scopes": ["admin"]}
    first = await sent(client, "k", wanted, "/v1/api_keys")
    again = await sent(client, "k", wanted, "/v1/api_keys")
    assert (again.status_code, again.json()["code"]) == (409, "secret-not-kept")
    assert first.headers["Location"] in again.json()["detail"]
    rows = await work.db.execute(text("SELECT status, body FROM kept_answers"))
    assert [tuple(row) for row in rows] == [(201, None)]
    assert len((await client.get("/v1/api_keys")).json()["data"]) == 2


SECRETS = {"secret", "token"}


def test_every_secret_of_the_contract_is_marked_as_one():
    schemas = DOCUMENT["components"]["schemas"]
    for name, schema in schemas.items():
        for member, node in schema.get("properties", {}).items():
            told = member in SECRETS or "not shown again" in node.get("description", "")
            assert told == ("x-shown-once" in node), (name, member)
    assert "x-shown-once" in schemas["ApiKeyMade"]["properties"]["key"]


async def test_an_import_starts_once(client):
    mapping = {"columns": {"Name": "name"}}
    wanted = {"object": "accounts", "source": "crm", "mapping": mapping}
    place = (await sent(client, "k", wanted, "/v1/imports")).headers["Location"]
    file = {"content": "Name\nAlder\n", "headers": {"Content-Type": "text/csv"}}
    assert (await client.put(f"{place}/content", **file)).status_code == 200
    starts = [await client.post(f"{place}/start", headers={ONCE: "s"}) for _ in range(2)]
    assert [start.status_code for start in starts] == [202, 202]
    assert starts[1].headers["Retry-After"] == starts[0].headers["Retry-After"]
    assert (await client.post(f"{place}/start")).status_code == 409


async def test_a_question_is_asked_anew(client, kept, statements):
    asked = {"target": {"amount": "8.00", "currency": "EUR"}, "rates": ["0.5"]}
    answers = [await sent(client, "k", asked, "/v1/cascade") for _ in range(2)]
    answers.append(await sent(client, "k", asked | {"rates": ["0.25"]}, "/v1/cascade"))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all(AGAIN not in answer.headers for answer in answers)
    assert await kept() == 0


async def test_without_a_key_nothing_is_asked_of_the_database(client, statements):
    await client.get("/v1/me")  # notes the first use of the API key
    statements.clear()
    await client.post("/v1/accounts", json=ALDER)
    assert not [statement for statement in statements if "kept_answers" in statement]
    plain = len(statements)
    statements.clear()
    await sent(client, "k")
    assert len(statements) == plain + 2


async def test_after_its_time_an_answer_is_let_go(client, clock, work):
    for n in range(12):
        await sent(client, f"k{n}")
    clock.forward(days=31)
    for key in ("x", "y"):
        await sent(client, key)
    rows = await work.db.scalars(text("SELECT key FROM kept_answers ORDER BY key"))
    assert list(rows) == ["x", "y"]


async def test_a_day_later_an_answer_is_still_there(client, clock):
    await sent(client, "k")
    clock.forward(days=29)
    assert (await sent(client, "other")).status_code == 201
    assert (await sent(client, "k")).headers[AGAIN] == "true"


async def test_what_is_no_success_is_not_kept(work, kept):
    first = Claim("k", "POST /accounts")
    for status in (409, 429, 500, 503):
        assert await claim(work, first, b"mark") is None
        await keep(work, first, Answer(status, {}, b"{}"))
        assert await kept() == 0


def test_a_fingerprint_is_of_method_address_and_content():
    marks = {
        fingerprint(method, target, body)
        for method in ("POST", "PATCH")
        for target in ("/v1/a?", "/v1/a?dry_run=true")
        for body in (b"", b"{}", b"[", b"[" * 100_000, b"9" * 5_000)
    }
    assert len(marks) == 20


KEY = {"$ref": "#/components/parameters/IdempotencyKey"}


def without_key(*methods):
    paths = DOCUMENT["paths"].values()
    found = [path[method] for path in paths for method in methods if method in path]
    assert len(found) > 8
    return [node["operationId"] for node in found if KEY not in node["parameters"]]


def test_every_post_takes_a_key_without_doing_anything_for_it():
    assert without_key("post") == []


def test_every_other_change_takes_a_key_unless_it_is_a_stream():
    assert without_key("put", "patch", "delete") == ["put_import_content"]
