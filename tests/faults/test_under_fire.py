"""Many callers at once, some of whom hang up: one key has one effect, one version one successor."""

import asyncio
from collections import Counter

import pytest

from tests.deals import make_deal, make_process

ONCE, AGAIN = "Idempotency-Key", "Idempotency-Replayed"
TWINS, CALLERS = 20, 50


@pytest.fixture
async def deal(client):
    await make_process(client)
    return await make_deal(client)


async def storm(*requests):
    """All at once; every third caller hangs up at a moment of its own."""
    tasks = [asyncio.create_task(each) for each in requests]
    for n, task in enumerate(tasks):
        for _ in range(n % 7):
            await asyncio.sleep(0)
        if n % 3 == 2:
            task.cancel()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    heard = [each for each in told if not isinstance(each, asyncio.CancelledError)]
    assert 1 < len(heard) < len(told)
    return heard


@pytest.mark.parametrize("way", ["/v1/opportunities", "/v1/accounts", "reach"])
async def test_twins_of_whom_some_hang_up_have_one_effect(client, deal, way):
    path = f"/v1/opportunities/{deal['id']}/reach" if way == "reach" else way
    body = {"name": "Twin"} | ({"process_id": "new-business"} if "opp" in way else {})
    body = {"milestone": "need"} if way == "reach" else body
    sent = [client.post(path, json=body, headers={ONCE: "k"}) for _ in range(TWINS)]
    answers = await storm(*sent)
    last = await client.post(path, json=body, headers={ONCE: "k"})
    good = [each for each in answers if each.is_success]
    assert {each.status_code for each in answers} <= {last.status_code, 409}
    assert {each.content for each in good} == {last.content}
    assert last.headers[AGAIN] == "true"
    if way == "reach":
        found = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
        assert Counter(each["kind"] for each in found) == {"created": 1, "reached": 1}
    else:
        found = (await client.get(way, params={"limit": 200})).json()["data"]
        assert [each["name"] for each in found].count("Twin") == 1


async def test_a_key_of_two_workspaces_is_two_keys_even_at_once(client, neighbour):
    sent = [
        caller.post("/v1/accounts", json={"name": name}, headers={ONCE: "k"})
        for _ in range(TWINS)
        for caller, name in ((client, "Mine"), (neighbour, "Theirs"))
    ]
    answers = await asyncio.gather(*sent)
    for mine, name in ((answers[::2], "Mine"), (answers[1::2], "Theirs")):
        assert {each.json()["name"] for each in mine} == {name}
        assert sum(AGAIN in each.headers for each in mine) == TWINS - 1


async def test_another_body_under_a_key_in_use_has_no_effect(client):
    sent = [
        client.post("/v1/accounts", json={"name": f"N{n % 2}"}, headers={ONCE: "k"})
        for n in range(TWINS)
    ]
    answers = await asyncio.gather(*sent)
    assert Counter(each.status_code for each in answers) == {201: TWINS / 2, 422: TWINS / 2}
    assert len((await client.get("/v1/accounts")).json()["data"]) == 1


@pytest.mark.parametrize("noun", ["opportunities", "accounts"])
async def test_of_fifty_changes_to_one_version_one_succeeds(client, deal, noun):
    made = deal if noun == "opportunities" else None
    made = made or (await client.post("/v1/accounts", json={"name": "Alder"})).json()
    path = f"/v1/{noun}/{made['id']}"
    answers = await asyncio.gather(
        *(
            client.patch(path, json={"name": f"N{n}"}, headers={"If-Match": '"1"'})
            for n in range(CALLERS)
        )
    )
    assert Counter(each.status_code for each in answers) == {200: 1, 412: CALLERS - 1}
    winner = next(each for each in answers if each.status_code == 200)
    now = await client.get(path)
    assert now.json() == winner.json()
    assert now.json()["version"] == 2
    assert {each.headers["etag"] for each in answers if each.status_code == 412} == {'"2"'}
