"""Dead horses: what no longer moves, why that is said, and what never makes it move."""

import json
from base64 import b64decode, b64encode

import pytest

from app.core.ids import uuid7
from tests.aims import ask, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, tell
from tests.flows import flow
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business"}
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
async def process(client):
    return await make_process(client)


@pytest.fixture
async def limited_process(client):
    """Nothing is known but that 30 days are allowed in the first section."""
    bare = [{k: v for k, v in each.items() if k != "target_rate"} for each in MILESTONES]
    return await make_process(client, milestones=[{**bare[0], "stale_after_days": 30}, *bare[1:]])


async def horses(client, **asked):
    return (await ask(client, "/v1/stale", **(HERE | asked)))["data"]


async def state(client, deal, **asked):
    for one in ("fresh", "slow", "stale", "dead", "unknown"):
        for horse in await horses(client, state=one, **asked):
            if horse["opportunity_id"] == deal["id"]:
                return one, horse["because"]["code"]
    return None


async def test_who_stands_where_everybody_else_moved_on_is_dead(client, engine, workspace, process):
    forgotten = [(-1095, [], {"name": "forgotten"}), *((day, []) for day in range(4))]
    ids = await herd(engine, workspace, *forgotten)
    await herd(engine, workspace, *WINNERS, *LOSERS)
    horse, *others = await horses(client, state="dead")
    assert (horse["opportunity_id"], horse["name"]) == (ids[0], "forgotten")
    assert {one["opportunity_id"] for one in others} == set(ids[1:])
    assert (horse["state"], horse["because"]["code"]) == ("dead", "chance_gone")
    assert float(horse["left"]) < 0.1 < float(horse["chance_on_arrival"])
    assert float(horse["chance"]) / float(horse["chance_on_arrival"]) == pytest.approx(
        float(horse["left"]), abs=0.001
    )
    assert horse["evidence"]["enough"]
    assert horse["evidence"]["n"] == 0
    assert float(horse["evidence"]["expected"]) >= 15
    assert horse["age_days"] == "1235.1"
    assert horse["carried_over_periods"] == 40


async def test_nothing_is_flagged_dead_without_evidence(client, engine, workspace, process):
    await herd(engine, workspace, (-900, []), *WINNERS[:2], *LOSERS[:2])
    assert await horses(client, state="dead") == []
    assert [one["because"]["code"] for one in await horses(client, state="unknown")] == [
        "no_evidence"
    ]


async def test_unknown_is_grey_and_not_fresh(client, process):
    deal = await flow(client)
    found = await ask(client, "/v1/stale", **HERE)
    assert found["data"] == []
    counts = {each["state"]: each["count"] for each in found["summary"]}
    assert counts == {"fresh": 0, "slow": 0, "stale": 0, "dead": 0, "unknown": 1}
    assert await state(client, deal) == ("unknown", "no_evidence")
    assert found["sections"][0] == {
        "section": 1, "milestone": "interest", "p75": None, "stale_after_days": None,
        "stale_after_source": "none", "converters": 0, "horizon": "91.0",
    }  # fmt: skip


async def test_the_configured_days_hold_where_nothing_else_is_known(client, limited_process, clock):
    deal = await flow(client, day=140)
    clock.forward(days=29)
    assert await state(client, deal) == ("fresh", "in_time")
    clock.forward(days=2)
    [horse] = await horses(client)
    assert (horse["state"], horse["because"]["code"]) == ("stale", "over_limit")
    assert (horse["thresholds"]["stale_after_days"], horse["thresholds"]["stale_after_source"]) == (
        "30.0", "configured",
    )  # fmt: skip
    assert (horse["chance"], horse["left"]) == (None, None)


async def test_slow_is_slower_than_three_of_four_who_went_on(client, engine, workspace, process):
    on = [(day, [(10 + day, "invited"), (60, "lost")]) for day in range(12)]
    young = await herd(engine, workspace, *on, (120, [], {"name": "slow"}))
    found = await ask(client, "/v1/stale", **HERE)
    assert found["sections"][0]["p75"] == "18.0"
    assert found["sections"][0]["converters"] == 12
    [horse] = [one for one in found["data"] if one["opportunity_id"] == young[-1]]
    assert (horse["state"], horse["age_days"]) == ("slow", "20.1")


async def test_twenty_converters_set_the_days_where_none_are_configured(
    client, engine, workspace, process
):
    for converters, source in ((19, "none"), (1, "observed")):
        on = [(day, [(10, "invited"), (60, "lost")]) for day in range(converters)]
        await herd(engine, workspace, *on)
        found = await ask(client, "/v1/stale", **HERE)
        assert found["sections"][0]["stale_after_source"] == source
    assert found["sections"][0]["stale_after_days"] == "10.0"


async def test_the_list_begins_with_the_most_value_carried_over_most_often(
    client, engine, workspace, limited_process
):
    await herd(
        engine,
        workspace,
        (60, [], {"name": "large", "value": 5000}),
        (-300, [], {"name": "old", "value": 1500}),
        (100, [], {"name": "young", "value": 900}),
        (-900, [], {"name": "nobody knows", "value": None}),
    )
    found = await horses(client)
    assert [(one["name"], one["carried_over_periods"]) for one in found] == [
        ("old", 14), ("large", 2), ("young", 1), ("nobody knows", 34),
    ]  # fmt: skip


async def test_pages_go_through_all_and_belong_to_their_question(
    client, engine, workspace, limited_process
):
    await herd(engine, workspace, *((day, [], {"name": f"{day}"}) for day in range(5)))
    seen, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await ask(client, "/v1/stale", **HERE, limit=2, **more)
        seen += [one["name"] for one in page["data"]]
        cursor = page["next_cursor"] or cursor
        if page["next_cursor"] is None:
            break
    assert sorted(seen) == list("01234")
    other = {"params": {**HERE, "state": "stale", "cursor": cursor}}
    assert await refused(client, "GET", "/v1/stale", **other) == ("cursor", "invalid_cursor")


@pytest.mark.parametrize("word", ["not a cursor", "W10", "WzEsMiwzLDRd", "bm90IGpzb24"])
async def test_a_made_up_cursor_is_refused(client, process, word):
    asked = {"params": {**HERE, "cursor": word}}
    assert await refused(client, "GET", "/v1/stale", **asked) == ("cursor", "invalid_cursor")


async def test_nothing_but_the_customer_makes_a_horse_younger(client, limited_process, clock):
    ada = await make_person(client)
    deal = await flow(client, day=100)
    await change(client, deal, name="Renamed", value=eur("7.00"), owner_id=ada["id"])
    await tell(client, deal, "ball", ball="us", note="called them, wrote a mail, had lunch")
    await ask(client, f"/v1/opportunities/{deal['id']}")
    [horse] = await horses(client)
    assert (horse["age_days"], horse["name"], horse["ball"]) == ("40.1", "Renamed", "us")
    await tell(client, deal, "reach", milestone="invited")
    assert await horses(client) == []


async def test_days_on_hold_do_not_count_and_what_is_on_hold_is_not_listed(
    client, limited_process, clock
):
    deal = await flow(client, day=100)
    await tell(client, deal, "hold", until="2026-09-30T00:00:00Z")
    assert await horses(client) == []
    clock.forward(days=20)
    await tell(client, deal, "resume")
    clock.forward(days=1)
    [horse] = await horses(client)
    assert horse["age_days"] == "41.1"


async def test_a_criterion_counts_only_where_the_process_says_so_and_with_evidence(client, clock):
    criteria = [
        {"key": "budget", "name": "Budget", "weight": 1},
        {"key": "date", "name": "Date", "weight": 1},
    ]
    first = {**MILESTONES[0], "stale_after_days": 30, "criteria": criteria}
    made = await make_process(client, milestones=[first, *MILESTONES[1:]])
    deal = await flow(client, day=100)
    await tell(client, deal, "meet", criterion="date", act="said")
    await tell(client, deal, "meet", criterion="budget", act="said", evidence=[{"type": "mail"}])
    assert await state(client, deal) == ("stale", "over_limit")
    path = f"/v1/processes/{made['id']}"
    patch = await client.patch(path, json={"criteria_reset": True}, headers={"If-Match": '"1"'})
    assert patch.json()["criteria_reset"] is True
    clock.forward(days=10)
    assert await state(client, deal) == ("fresh", "in_time")


async def test_revived_deals_are_counted_and_the_rule_is_judged_by_them(
    client, engine, workspace, limited_process, clock
):
    ids = await herd(engine, workspace, *((day, [(20, "lost")]) for day in range(3)))
    deals = [{"id": id} for id in ids]
    for deal in deals:
        await tell(client, deal, "revive", act="did", what="called us again")
    clock.forward(hours=1)
    await tell(client, deals[0], "reach", milestone="order", amount=eur("10.00"))
    await tell(client, deals[1], "exit", kind="lost")
    clock.forward(days=31)
    found = await ask(client, "/v1/stale", **HERE)
    [horse] = found["data"]
    assert (horse["opportunity_id"], horse["revived_count"], horse["age_days"]) == (
        ids[2], 1, "31.0",
    )  # fmt: skip
    rate = found["revival_win_rate"]
    assert (rate["value"], rate["n"], rate["status"]) == ("0.5000", 2, "insufficient")


async def test_each_scope_sees_its_own_and_shared_value_in_part(
    client, engine, workspace, limited_process
):
    team = await make_team(client)
    ada, bob = [
        await make_person(client, name, team_id=team["id"] if name == "Ada" else None)
        for name in ("Ada", "Bob")
    ]
    deal = await flow(client, day=100, owner_id=ada["id"])
    shares = [{"person_id": p["id"], "percent": part} for p, part in ((ada, "70"), (bob, "30"))]
    await change(client, deal, credits=shares)
    for scope, value in (
        ("all", "1000.00"),
        (f"owner:{ada['id']}", "700.00"),
        (f"owner:{bob['id']}", "300.00"),
        (f"team:{team['id']}", "700.00"),
    ):
        found = await ask(client, "/v1/stale", **HERE, scope=scope)
        assert len(found["data"]) == 1
        stale = next(each for each in found["summary"] if each["state"] == "stale")
        assert (stale["count"], stale["value"]["amount"]) == (1, value)


async def test_a_deal_is_dead_or_not_whatever_business_is_asked_for(
    client, engine, workspace, process
):
    """New business alone never moves on, and would find nothing wrong with standing still."""
    known, mine = [{"business_type": kind} for kind in ("existing", "new")]
    seen = [(*one[:2], known) for one in (*WINNERS, *LOSERS)]
    await herd(engine, workspace, *seen, *((-1095, [], mine) for _ in range(3)))
    asked = {"whole": {}, "new": {"business_type": "new"}, "old": {"business_type": "existing"}}
    found = {
        name: [each["opportunity_id"] for each in await horses(client, state="dead", **more)]
        for name, more in asked.items()
    }
    assert found["whole"] == found["new"]
    assert (len(found["new"]), found["old"]) == (3, [])


async def test_the_past_stays_as_it_was_whatever_is_told_later(client, limited_process, clock):
    deal = await flow(client, day=100)
    clock.forward(days=1)
    then = {**HERE, "as_of": clock.now.isoformat()}
    before = await client.get("/v1/stale", params=then)
    assert before.json()["data"][0]["name"] is None
    clock.forward(days=5)
    await change(client, deal, name="Renamed", value=eur("1.00"))
    await tell(client, deal, "reach", milestone="need", occurred_at="2026-06-30T08:00:00Z")
    after = await client.get("/v1/stale", params=then)
    assert after.content == before.content
    assert await horses(client) == []


async def test_the_reason_is_said_in_german_too(client, limited_process):
    await flow(client, day=100)
    found = await ask(client, "/v1/stale", **HERE, headers=GERMAN)
    assert found["data"][0]["because"]["text"] == (
        "40 Tage seit der letzten Bewegung des Kunden: mehr als die Grenze hier (30 Tage)."
    )


async def test_strangers_processes_and_people_are_not_found(client, neighbour, process):
    foreign = await make_person(neighbour)
    assert (await neighbour.get("/v1/stale", params=HERE)).status_code == 404
    for scope in (f"owner:{foreign['id']}", f"owner:{uuid7()}", f"team:{uuid7()}"):
        await ask(client, "/v1/stale", 404, **HERE, scope=scope)
    await ask(client, "/v1/stale", 404, process=str(uuid7()))


@pytest.mark.parametrize(
    ("asked", "place", "code"),
    [
        ({}, "process", "missing"),
        ({**HERE, "state": "tired"}, "state", "not_one_of"),
        ({**HERE, "scope": "me"}, "scope", "scope_malformed"),
        ({**HERE, "as_of": "2030-01-01T00:00:00Z"}, "as_of", "in_future"),
    ],
)
async def test_questions_without_sense_are_refused(client, process, asked, place, code):
    assert await refused(client, "GET", "/v1/stale", params=asked) == (place, code)


async def test_it_costs_as_many_statements_for_many_as_for_one(
    client, engine, workspace, limited_process, statements
):
    counts = []
    for days in (range(1), range(60)):
        await herd(engine, workspace, *((day, []) for day in days))
        statements.clear()
        await ask(client, "/v1/stale", **HERE)
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_a_process_says_what_becomes_of_its_dead_horses(client):
    made = await make_process(client, stale_policy="auto", grace_days=7)
    assert (made["stale_policy"], made["grace_days"], made["criteria_reset"]) == ("auto", 7, False)
    path, tag = f"/v1/processes/{made['id']}", {"If-Match": '"1"'}
    changed = (await client.patch(path, json={"stale_policy": "off"}, headers=tag)).json()
    assert (changed["stale_policy"], changed["grace_days"]) == ("off", 7)
    for body, place in (
        ({"stale_policy": "never"}, "/stale_policy"),
        ({"grace_days": -1}, "/grace_days"),
        ({"grace_days": None}, "/grace_days"),
    ):
        answer = await client.patch(path, json=body, headers={"If-Match": '"2"'})
        assert answer.status_code == 422, json.dumps(body)
        assert answer.json()["errors"][0]["pointer"] == place


async def test_no_number_that_is_none_gets_into_a_cursor(
    client, engine, workspace, limited_process
):
    await herd(engine, workspace, *((day, []) for day in range(3)))
    cursor = (await ask(client, "/v1/stale", **HERE, limit=1))["next_cursor"]
    place = json.loads(b64decode(cursor + "=" * (-len(cursor) % 4)))
    place[1] = "NaN"
    forged = b64encode(json.dumps(place).encode()).decode().rstrip("=")
    asked = {"params": {**HERE, "limit": 1, "cursor": forged}}
    assert await refused(client, "GET", "/v1/stale", **asked) == ("cursor", "invalid_cursor")
