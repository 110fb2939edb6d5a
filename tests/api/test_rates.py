"""Observed rates: what counts, what does not, and what every number rests on."""

from uuid import UUID

import pytest

from app.core.ids import uuid7
from app.domain import observed_rates
from app.domain.opportunities import record
from app.domain.replay import derive
from app.schemas.observed_rates import RatesQuery
from tests.aims import ask, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, tell
from tests.flows import flow, on

HERE = {"process": "new-business"}
ON, OUT = (10, "invited"), (10, "lost")


@pytest.fixture
async def process(client):
    return await make_process(client)


async def rates(client, **more):
    return await ask(client, "/v1/rates", **(HERE | more))


async def section(client, number=1, **more):
    return (await rates(client, **more))["sections"][number - 1]


async def flows(client, *ways, times=1, **more):
    return [await flow(client, *way, **more) for _ in range(times) for way in ways]


async def hold(client, deal, day):
    await tell(client, deal, "hold", until="2026-12-01T08:00:00Z", occurred_at=on(day))


async def test_the_share_that_goes_on_with_all_it_rests_on(client, process):
    await flows(client, [ON], [ON], [ON], [OUT])
    found = await section(client)
    assert (found["milestone"], found["next_milestone"]) == ("interest", "invited")
    assert found["count"] == {
        "value": "0.5417",  # (3 + 20 · 0.5) / (4 + 20)
        "observed": "0.7500",
        "unit": "ratio",
        "status": "insufficient",
        "n": 4,
        "n_eff": "4.0",
        "ci": ["0.3006", "0.9544"],
        "source": "observed_shrunk",
        "parent": {"scope": "target", "business_type": None, "value": "0.5000"},
        "as_of": "2026-07-20T09:30:00Z",
        "formula": "aj.1",
    }
    assert found["target_rate"] == "0.5"


async def test_undecided_deals_are_neither_lost_nor_left_out(client, process):
    await flows(client, [(2, "invited")], [(3, "lost")], [(5, "invited")], day=100)
    for watched in (4, 8):
        await hold(client, await flow(client, day=100), 100 + watched)
    found = await section(client)
    assert found["count"]["observed"] == "0.5000"
    assert (found["resolved"], found["undecided_share"]) == ("0.6667", "0.3000")
    assert found["counts"]["aside"] == {"on_hold": 2}


async def test_rates_are_not_told_from_the_decided_alone(client, process):
    await flows(client, [(5, "invited")], [(60, "lost")], times=4, day=20)
    await flows(client, [(5, "invited")], [], times=4, day=120)
    found = await section(client)
    assert found["resolved"] == "0.6667"
    assert found["count"]["observed"] == "0.5000"


async def test_one_large_loss_shows_in_the_value(client, process):
    await flows(client, [ON], times=3, value="10000.00")
    await flow(client, OUT, value="100000.00")
    found = await section(client)
    value = found["value"]
    assert (found["count"]["observed"], value["observed"]) == ("0.7500", "0.2308")
    assert (value["n_eff"], value["status"]) == ("1.6", "insufficient")


async def test_a_cap_on_single_values_is_told(client, process):
    await flows(client, [ON], times=9, value="10000.00")
    await flow(client, OUT, value="100000.00")
    found = await section(client, winsor="0.9")
    assert (found["capped"], found["value"]["observed"]) == (1, "0.8257")
    assert (await rates(client, winsor="0.9"))["winsor"] == "0.9"


async def test_exits_are_counted_by_kind_and_every_arrival_once(client, process):
    await flows(client, [ON], [OUT], [(10, "no_response")], [(20, "no_response")], [])
    found = await section(client)
    assert found["exits"] == {"lost": 1, "no_response": 2}
    assert found["counts"] == {
        "entered": 5,
        "advanced": 1,
        "exited": 3,
        "open": 1,
        "aside": {},
        "left_out": {},
    }


async def test_a_duplicate_never_was_an_opportunity(client, process):
    await flows(client, [ON], [OUT], [(10, "duplicate")], [ON, (20, "duplicate")])
    first, second = (await rates(client))["sections"][:2]
    assert (first["counts"]["entered"], first["counts"]["left_out"]) == (2, {"duplicate": 2})
    assert (second["counts"]["entered"], second["counts"]["left_out"]) == (1, {"duplicate": 1})
    assert first["count"]["observed"] == "0.5000"


async def test_what_we_declined_is_no_failure_among_what_we_competed_for(client, process):
    await flows(client, [ON], [OUT], [(10, "declined")], [(10, "declined")])
    everything, competed = await section(client), await section(client, basis="competed")
    assert everything["count"]["observed"] == "0.2500"
    assert competed["count"]["observed"] == "0.5000"
    assert competed["counts"]["left_out"] == {"declined": 2}


async def test_a_voided_milestone_was_never_reached(client, process):
    [mistaken, *_] = await flows(client, [ON], [ON], [OUT])
    await tell(client, mistaken, "void", milestone="invited", reason="mixed up")
    found = await section(client)
    assert (found["counts"]["advanced"], found["counts"]["open"]) == (1, 1)


async def test_a_reopened_deal_has_not_left(client, process):
    [back, *_] = await flows(client, [OUT], [OUT], [ON])
    await tell(client, back, "reopen", reason="they called", occurred_at=on(30))
    found = await section(client)
    assert (found["exits"], found["counts"]["open"]) == ({"lost": 1}, 1)


async def test_falling_back_and_coming_again_is_no_second_arrival(client, process):
    deal = await flow(client, (10, "invited"), (20, "need"))
    await tell(client, deal, "regress", milestone="interest", reason="frozen", occurred_at=on(30))
    found = (await rates(client))["sections"]
    assert [one["counts"]["entered"] for one in found] == [1, 1, 1, 0]
    assert found[2]["counts"]["aside"] == {"regressed": 1}


async def test_a_clean_up_of_the_list_says_nothing_about_customers(client, process):
    await flows(client, [ON], [OUT])
    for _ in range(20):
        await tell(client, await flow(client), "exit", kind="no_decision")
    found = await section(client)
    assert (found["exits"], found["counts"]["aside"]) == ({"lost": 1}, {"clean_up": 20})


async def test_what_we_closed_as_dead_has_left(client, work, process):
    deals = await flows(client, [ON], [], times=3)
    for deal in deals[1::2]:
        dead = {"kind": "exited", "exit_kind": "stale", "occurred_at": work.now}
        await record(work, deal["id"], **dead)
    await derive(work, ids=[UUID(deal["id"]) for deal in deals[1::2]])
    found = (await observed_rates.read(work, RatesQuery(**HERE))).sections[0]
    assert (found.exits, found.count.observed) == ({"stale": 3}, "0.5000")


async def test_days_are_those_of_milestones_that_were_told_themselves(client, process):
    await flows(client, [(10, "invited")], times=3)
    await flow(client, (40, "need"))
    first, second = (await rates(client))["sections"][:2]
    assert first["counts"]["advanced"] == 4
    assert (first["lead_time_days"]["mean"], first["lead_time_days"]["n"]) == ("10.0", 3)
    assert (second["counts"]["advanced"], second["lead_time_days"]["n"]) == (1, 0)


async def test_time_on_hold_is_no_dwell(client, process):
    deal = await flow(client)
    until = {"until": "2026-12-01T08:00:00Z"}
    await tell(client, deal, "hold", occurred_at=on(5), **until)
    await tell(client, deal, "resume", occurred_at=on(25))
    await tell(client, deal, "reach", milestone="invited", occurred_at=on(30))
    assert (await section(client))["lead_time_days"]["mean"] == "10.0"


async def test_few_conversions_take_the_typical_days(client):
    await make_process(client, milestones=[{**MILESTONES[0], "typical_days": 30}, MILESTONES[4]])
    await flow(client, (10, "order"))
    lead = (await section(client))["lead_time_days"]
    assert (lead["source"], lead["n"], lead["p50"]) == ("default", 1, "30.0")


async def test_a_person_with_few_conversions_takes_the_days_of_everybody(client, process):
    ada = await make_person(client)
    await flows(client, [(20, "invited")], times=10)
    await flow(client, (3, "invited"), owner_id=ada["id"])
    found = await section(client, scope=f"owner:{ada['id']}")
    assert (found["lead_time_days"]["n"], found["lead_time_scope"]) == (11, "all")


async def test_the_way_to_the_order_is_all_sections_after_one_another(client, process):
    way = [(10, "invited"), (20, "need"), (30, "concept"), (50, "order")]
    await flows(client, way, times=2)
    await flow(client, OUT)
    first, *_, last = (await rates(client))["milestones"]
    assert (first["key"], last["key"]) == ("interest", "concept")
    assert [one["lead_time_days"]["mean"] for one in (first, last)] == ["50.0", "20.0"]
    rates_ahead = [0.521739, *[12 / 22] * 3]  # (2 + 10) / (3 + 20), and (2 + 10) / (2 + 20)
    product = rates_ahead[0] * rates_ahead[1] ** 3
    assert first["win_rate"]["value"] == f"{product:.4f}"
    assert last["win_rate"]["value"] == "0.5455"


async def test_what_became_of_the_value_that_arrived(client, process):
    await flow(client, OUT, value="1000.00")
    await flow(client, value="2000.00")
    kept = await flow(client, value="5000.00")
    await change(client, kept, value=eur("4000.00"))
    await tell(client, kept, "reach", milestone="order", amount=eur("4000.00"))
    found = (await rates(client))["yield"]
    first = {name: amount["amount"] for name, amount in list(found["waterfall"][0].items())[1:]}
    assert first == {
        "start": "8000.00",
        "lost": "1000.00",
        "open": "2000.00",
        "shrunk": "1000.00",
        "grown": "0.00",
        "end": "4000.00",
    }
    assert (found["value"], found["order"]) == ("0.5000", eur("4000.00"))
    retention = (await section(client))["retention"]
    assert (retention["value"], retention["n"]) == ("0.8000", 1)
    assert (await section(client))["concession"] == eur("1000.00")


async def test_without_arrivals_the_target_rate_is_handed_on_and_says_so(client, process):
    found = await section(client)
    count = found["count"]
    assert (count["value"], count["source"], count["status"]) == (
        *("0.5000", "default"),
        "insufficient",
    )
    assert (count["n"], count["observed"], found["resolved"]) == (0, None, None)


async def test_what_nobody_knows_is_null(client):
    await make_process(client, milestones=[{**MILESTONES[0], "target_rate": None}, MILESTONES[4]])
    found = await rates(client)
    count, way = found["sections"][0]["count"], found["milestones"][0]
    assert (count["value"], count["status"], count["ci"]) == (None, "unknown", None)
    assert (way["win_rate"]["value"], way["lead_time_days"]["p50"]) == (None, None)
    assert (found["yield"]["value"], found["yield"]["start"]) == (None, eur("0.00"))


async def test_a_person_is_drawn_to_the_team_and_the_team_to_everybody(client, process):
    team = await make_team(client)
    ada = await make_person(client, team_id=team["id"], team_since="2026-01-01")
    bob = await make_person(client, "Bob", team_id=team["id"], team_since="2026-01-01")
    await flows(client, [ON], [OUT], times=2)
    await flows(client, [ON], times=3, owner_id=bob["id"])
    await flow(client, OUT, owner_id=ada["id"])
    everybody = (5 + 20 * 0.5) / (8 + 20)
    of_team = (3 + 20 * everybody) / (4 + 20)
    of_ada = (0 + 20 * of_team) / (1 + 20)
    scopes = ("all", f"team:{team['id']}", f"owner:{ada['id']}")
    found = [(await section(client, scope=scope))["count"] for scope in scopes]
    wanted = [f"{value:.4f}" for value in (everybody, of_team, of_ada)]
    assert [one["value"] for one in found] == wanted
    assert [one["parent"]["scope"] for one in found] == ["target", *scopes[:2]]


async def test_an_arrival_belongs_to_whoever_owned_it_then(client, process):
    ada, bob = await make_person(client), await make_person(client, "Bob")
    deal = await flow(client, owner_id=ada["id"])
    await change(client, deal, owner_id=bob["id"])
    scopes = [f"owner:{person['id']}" for person in (ada, bob)]
    entered = [(await section(client, scope=one))["counts"]["entered"] for one in scopes]
    assert entered == [1, 0]


async def test_business_without_arrivals_is_answered_by_all_of_it(client, process):
    account = {"name": "Ferro"}
    await flows(client, [ON], [OUT], account=account)
    found = (await section(client, business_type="existing"))["count"]
    assert (found["n"], found["value"], found["source"]) == (0, "0.5000", "observed_shrunk")
    assert found["parent"] == {"scope": "all", "business_type": "all", "value": "0.5000"}


async def test_the_window_is_of_arrivals(client, process):
    await flow(client, ON, day=0)
    await flow(client, ON, day=100)
    found = await rates(client, window="90d")
    assert found["window"] == {"key": "90d", "from": "2026-04-21", "to": "2026-07-21"}
    assert found["sections"][0]["counts"]["entered"] == 1
    assert (await section(client, window="5m"))["counts"]["entered"] == 2


async def test_recent_arrivals_weigh_more_with_a_half_life(client, process):
    await flow(client, OUT, day=0)
    await flow(client, ON, day=100)
    plain, recent = await section(client), await section(client, half_life_days=50)
    assert plain["count"]["observed"] == "0.5000"
    assert recent["count"]["observed"] == "0.8000"


async def test_the_past_is_answered_as_it_was_known_then(client, process, clock):
    deals = await flows(client, [ON], [OUT], [])
    then = clock.now.isoformat()
    clock.forward(days=2)
    before = await client.get("/v1/rates", params=HERE | {"as_of": then})
    await tell(client, deals[2], "reach", milestone="order", amount=eur("9.00"))
    await change(client, deals[0], name="Another name", value=eur("77.00"))
    await flow(client, ON)
    after = await client.get("/v1/rates", params=HERE | {"as_of": then})
    assert before.content == after.content
    known_today = await section(client, effective_at=then)
    assert known_today["counts"]["entered"] == 4


async def test_now_is_the_same_as_looked_back_on(client, process):
    await flows(client, [ON], [OUT], [], [(10, "duplicate")])
    now, back = await rates(client), await rates(client, as_of="2026-07-20T09:30:00Z")
    assert now == back


async def test_rates_need_the_same_statements_however_much_there_is(client, process, statements):
    statements.clear()
    await rates(client)
    alone = len(statements)
    await flows(client, [ON], [OUT], times=3)
    statements.clear()
    await rates(client)
    assert len(statements) == alone <= 12, statements


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"window": "0m"}, ("window", "pattern")),
        ({"window": "4q"}, ("window", "pattern")),
        ({"window": "121m"}, ("window", "window_too_long")),
        ({"winsor": "0.4"}, ("winsor", "winsor_out_of_range")),
        ({"winsor": "1"}, ("winsor", "winsor_out_of_range")),
        ({"half_life_days": "0"}, ("half_life_days", "too_small")),
        ({"basis": "some"}, ("basis", "not_one_of")),
        ({"scope": "everybody"}, ("scope", "scope_malformed")),
        ({"as_of": "2026-08-01T00:00:00Z"}, ("as_of", "in_future")),
    ],
)
@pytest.mark.parametrize("path", ["/v1/rates", "/v1/rates/compare", "/v1/rates/drift"])
async def test_what_cannot_be_asked_is_refused(client, process, path, parameters, fault):
    if path != "/v1/rates" and parameters.keys() & {"winsor", "half_life_days"}:
        pytest.skip("only rates can be weighed")
    if path == "/v1/rates/drift" and "window" in parameters:
        pytest.skip("drift has spans of its own")
    by = {"by": "owner"} if path.endswith("compare") else {}
    assert await refused(client, "GET", path, params=HERE | by | parameters) == fault


@pytest.mark.parametrize("path", ["/v1/rates", "/v1/rates/compare", "/v1/rates/drift"])
async def test_nobody_sees_another_workspace(client, neighbour, process, path):
    by = {"by": "owner"} if path.endswith("compare") else {}
    ids = (process["id"], str(uuid7()))
    theirs, nobodys = [await neighbour.get(path, params=by | {"process": id}) for id in ids]
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"].replace(ids[0], ids[1]) == nobodys.json()["detail"]
    person = await make_person(neighbour)
    mine = HERE | by | {"scope": f"owner:{person['id']}"}
    assert (await client.get(path, params=mine)).status_code == 404
