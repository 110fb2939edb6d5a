"""A page is told from what was told before, and is never older than its question."""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import lane as lanes
from app.domain.opportunity_memory import MOST_BYTES
from app.domain.opportunity_page import MARKS, ONES, PLAIN_ONES
from tests.deals import change, eur, make_deal, make_person, make_process, post, tell
from tests.imports.support import bring

PATH = "/v1/opportunities"
ONLY_HERE = re.compile(rb'"request_id":"[^"]*"')
MANY = 100 if os.environ.get("BACKCAST_LONG") else 6


@pytest.fixture
def asked(app, monkeypatch):
    """The statements a page is made of, and how many deals they were about."""
    seen, rows = [], app.state.lane.rows

    async def noted(statement, *values):
        if statement in (MARKS, PLAIN_ONES, ONES):
            seen.append((statement, None if statement == MARKS else len(values[-1])))
        return await rows(statement, *values)

    monkeypatch.setattr(app.state.lane, "rows", noted)
    return seen


@pytest.fixture
async def things(client):
    """What deals are made of."""
    sections = [{"key": key, "name": key, "customer_act": "x"} for key in ("need", "order")]
    for section in sections:
        section["target_rate"] = "0.5"
    del sections[-1]["target_rate"]
    await make_process(client, milestones=sections)
    criteria = [{"key": key, "name": key, "weight": "1"} for key in "ab"]
    await make_process(client, "long", [sections[0] | {"criteria": criteria}, sections[1]])
    product = await post(client, "/v1/products", name="Press")
    account = await post(client, "/v1/accounts", name="Acme")
    return {"product": product, "person": await make_person(client), "account": account}


async def shown(client, app, path=PATH):
    """The page by the short way, after it was found to be that of the ordinary way."""
    return (await same(client, app, path))["data"]


async def same(client, app, path):
    """What the short way answers, after it was found to be what the ordinary one does."""
    short = await client.get(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.state.known, "workspaces", {})
        ordinary = await client.get(path)
    assert ONLY_HERE.sub(b"", short.content) == ONLY_HERE.sub(b"", ordinary.content)
    assert short.headers.get("etag") == ordinary.headers.get("etag")
    return short.json()


async def test_what_was_told_is_not_asked_for_again(app, client, things, asked):
    deals = [await make_deal(client, f"Deal {n}") for n in range(4)]
    await shown(client, app)
    asked.clear()
    await shown(client, app)
    assert asked == [(MARKS, None)]
    await change(client, deals[2], name="Another")
    asked.clear()
    assert [deal["name"] for deal in await shown(client, app)][1] == "Another"
    assert asked == [(MARKS, None), (PLAIN_ONES, 1)]


async def test_an_age_is_told_anew_when_a_day_has_passed(app, client, things, clock):
    await make_deal(client)
    for hours, days in ((0, 0), (23, 0), (1, 1), (23, 1), (1, 2), (-24, 1), (-24, 0)):
        clock.forward(hours=hours)
        await client.get("/v1/me")  # notes the use of the key
        [deal] = await shown(client, app)
        assert deal["age_days"] == days


async def test_a_hold_is_told_anew_each_time_and_the_rest_is_not(app, client, things, asked, clock):
    deals = [await make_deal(client) for _ in range(3)]
    await tell(client, deals[1], "hold", until="2026-07-25T00:00:00Z", reason="-")
    for days, status in ((0, "on_hold"), (10, "open")):
        clock.forward(days=days)
        await client.get("/v1/me")  # notes the use of the key
        await shown(client, app)
        asked.clear()
        assert (await shown(client, app))[1]["status"] == status
        assert asked == [(MARKS, None), (ONES, 1)]


async def test_little_is_kept(app, client, things, asked, monkeypatch):
    monkeypatch.setattr(lanes, "MOST_KEPT", 4)
    app.state.lane.shelves.clear()
    await make_deal(client, attributes={"long": "x" * MOST_BYTES})
    for _ in range(2):
        asked.clear()
        await shown(client, app)
        assert asked == [(MARKS, None), (PLAIN_ONES, 1)]
    for _ in range(6):
        await make_deal(client)
        await shown(client, app)
        held = sum(len(shelf) for shelf in app.state.lane.shelves.values())
        assert held <= 7  # those of the page that was just shown, at most
    assert len(await shown(client, app)) == 7


async def test_neighbours_keep_apart(app, client, neighbour, things):
    await make_process(neighbour)
    mine, theirs = await make_deal(client, "Mine"), await make_deal(neighbour, "Theirs")
    for _ in range(2):
        assert [deal["id"] for deal in await shown(client, app)] == [mine["id"]]
        assert [deal["id"] for deal in await shown(neighbour, app)] == [theirs["id"]]


async def test_a_page_begins_anew_when_somebody_changes_it_meanwhile(
    app, client, things, asked, monkeypatch
):
    deals = [await make_deal(client) for _ in range(2)]
    rows = app.state.lane.rows

    async def disturbed(statement, *values):
        found = await rows(statement, *values)
        if asked == [(MARKS, None)]:
            path = f"{PATH}/{deals[0]['id']}"
            await client.patch(path, json={"name": "Changed"}, headers={"If-Match": '"1"'})
        return found

    monkeypatch.setattr(app.state.lane, "rows", disturbed)
    asked.clear()
    told = (await client.get(PATH)).json()["data"]
    assert [deal["name"] for deal in told] == [deals[1]["name"], "Changed"]
    assert asked == [(MARKS, None), (PLAIN_ONES, 2), (MARKS, None)]


async def test_a_product_that_an_import_names_is_news(app, client, things):
    columns = {"id": "external_id", "name": "name", "product": "product"}
    process = (await client.get("/v1/processes")).json()["data"][-1]
    for file, named in (("id,name\n1,One\n", []), ("id,name,product\n1,One,Press\n", ["product"])):
        mapping = {"columns": {name: of for name, of in columns.items() if name in file}}
        job = await bring(client, "opportunities", file, mapping, process_id=process["id"])
        assert job["state"] == "completed", job
        [deal] = await shown(client, app)
        assert deal["product_ids"] == [things[name]["id"] for name in named]
        assert deal["version"] == 1 + len(named)


PATCHES = ("name", "products", "attributes", "value", "owner", "account")
TOLD = ("need", "order", "hold", "resume", "meet", "exit", "reopen", "ball", "restore")
ACTS = st.tuples(st.sampled_from((*PATCHES, *TOLD, "make", "delete", "wait")), st.integers(0, 3))


def changed(act, deal, things):
    """The body of a change; what is there is taken away, and the other way round."""
    return {
        "name": {"name": f"N{deal['version']}"},
        "attributes": {"attributes": {"n": deal["version"]}},
        "value": {"value": eur(f"{deal['version']}.50")},
        "products": {"product_ids": [] if deal["product_ids"] else [things["product"]["id"]]},
        "owner": {"owner_id": None if deal["owner_id"] else things["person"]["id"]},
        "account": {"account_id": None if deal["account_id"] else things["account"]["id"]},
    }.get(act)


EVENTS = {
    "need": ("reach", {"milestone": "need"}),
    "order": ("reach", {"milestone": "order", "amount": eur("7.00")}),
    "hold": ("hold", {"until": "2026-08-20T00:00:00Z", "reason": "-"}),
    "resume": ("resume", {}),
    "meet": ("meet", {"criterion": "a"}),
    "exit": ("exit", {"kind": "lost"}),
    "reopen": ("reopen", {"reason": "-"}),
    "ball": ("ball", {"ball": "us"}),
    "restore": ("restore", {}),
}


async def done(client, things, deals, act, n, clock):
    """Do it; whether it is taken is for the rules."""
    if act == "wait":
        clock.forward(hours=17 * (n + 1))
    elif act == "make" or not deals:
        deals.append(await make_deal(client, process=("new-business", "long")[n % 2]))
    else:
        place = f"{PATH}/{deals[n % len(deals)]['id']}"
        deal = (await client.get(place)).json()
        tag = {"If-Match": f'"{deal.get("version", 1)}"'}
        if act == "delete":
            await client.delete(place, headers=tag)
        elif act in EVENTS:
            way, body = EVENTS[act]
            await client.post(f"{place}/{way}", json=body or None)
        elif "version" in deal:
            await client.patch(place, json=changed(act, deal, things), headers=tag)


@settings(
    max_examples=MANY,
    deadline=None,
    derandomize=not os.environ.get("BACKCAST_LONG"),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.lists(ACTS, min_size=8, max_size=24))
async def test_whatever_happens_a_page_is_what_the_ordinary_way_tells(
    app, client, things, clock, story
):
    deals: list[dict] = []
    for act, n in [("make", 0), ("make", 1), *story]:
        await done(client, things, deals, act, n, clock)
        await client.get("/v1/me")
        await shown(client, app, f"{PATH}?limit=3")
        for deal in deals[:3]:
            await same(client, app, f"{PATH}/{deal['id']}")
    await shown(client, app)
