"""Leaks: who left where and why, what that cost, and what may be called a leak."""

from decimal import Decimal

import pytest

from app.core.ids import uuid7
from tests.aims import ask, make_target, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, post, tell
from tests.flows import flow, on
from tests.herds import herd
from tests.sales import line, make_product

HERE = {"process": "new-business"}
AMOUNT = "amount"


@pytest.fixture
async def process(client):
    return await make_process(client)


async def groups(client, by="section", **asked):
    found = await ask(client, "/v1/leaks", **HERE, by=by, **asked)
    return {each["key"]: each for each in found["groups"]}


async def test_what_leaves_a_section_by_number_value_and_time(client, engine, workspace, process):
    lost = [(n, [(4 + n, "lost")], {"value": Decimal(100 * (n + 1))}) for n in range(3)]
    await herd(engine, workspace, *lost, (3, [(5, "need")]), (4, []))
    found = await groups(client)
    assert list(found) == ["interest", "invited", "need", "concept"]
    first = found["interest"]
    assert (first["section"], first["entered"], first["exits"], first["share"]) == (
        1, 5, 3, "1.0000",
    )  # fmt: skip
    assert (first["value"], first["value_at_exit"]) == (eur("600.00"), eur("600.00"))
    assert (first["time_to_exit_days"]["p50"], first["late_discovery_days"]["p80"]) == (
        "5.0", "6.0",
    )  # fmt: skip
    assert [(kind["key"], kind["count"]) for kind in first["kinds"]] == [("lost", 3)]
    # Nobody said why: that is shown and not left out.
    assert [(why["key"], why["count"]) for why in first["reasons"]] == [(None, 3)]


async def test_the_leak_rate_allows_for_those_who_may_still_go_on(
    client, engine, workspace, process
):
    """(2 on), (3 out), (4 open), (5 on), (8 open): 0.5 go on, and 0.2 have left."""
    await herd(
        engine,
        workspace,
        (0, [(2, "invited")]),
        (0, [(3, "lost")]),
        (136, []),
        (0, [(5, "invited")]),
        (132, []),
    )
    rate = (await groups(client))["interest"]["leak_rate"]
    assert (rate["n"], rate["status"], rate["unit"]) == (5, "insufficient", "ratio")
    assert float(rate["ci"][0]) < 0.3 < float(rate["ci"][1])


async def test_a_large_sample_is_no_small_one_because_many_are_still_undecided(
    client, engine, workspace, process
):
    gone = [(n, [(60, "lost")]) for n in range(40)]
    await herd(engine, workspace, *gone, *((n, [(5, "invited")]) for n in range(40)))
    before = (await groups(client))["interest"]
    await herd(engine, workspace, *((n, []) for n in range(40)))
    after = (await groups(client))["interest"]
    assert (before["leak_rate"]["status"], before["unsettled"]) == ("ok", False)
    assert (after["leak_rate"]["status"], after["unsettled"]) == ("ok", True)
    assert (after["planned_leak_rate"], "target_rate" in after) == ("0.5000", False)


async def test_a_group_is_a_leak_only_beyond_chance(client, engine, workspace, process):
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    good, bad = [{"owner_id": person["id"]} for person in (ada, bob)]
    ways = [
        *((n, [(5 + n % 3, "lost" if n % 10 == 0 else "invited")], good) for n in range(60)),
        *((n, [(5 + n % 3, "invited" if n % 10 == 0 else "lost")], bad) for n in range(60)),
    ]
    await herd(engine, workspace, *ways)
    found = await groups(client, by="owner", window="12m")
    assert (found[ada["id"]]["leak"], found[bob["id"]]["leak"]) == (False, True)
    assert found[ada["id"]]["finding"] == "tight"
    assert float(found[bob["id"]]["leak_rate"]["value"]) > float(found[bob["id"]]["expected_rate"])


async def test_few_exits_are_no_leak_however_many_of_few(client, engine, workspace, process):
    ada = await make_person(client)
    await herd(engine, workspace, *((n, [(5, "invited")]) for n in range(20)))
    await herd(engine, workspace, (1, [(5, "lost")], {"owner_id": ada["id"]}))
    found = (await groups(client, by="owner"))[ada["id"]]
    assert (found["exits"], found["leak"], found["leak_rate"]["status"]) == (
        1, False, "insufficient",
    )  # fmt: skip


async def test_whoever_works_in_a_leaky_section_is_no_leak_himself(
    client, engine, workspace, process
):
    """Everybody loses nine of ten there; he is held against that and not against all sections."""
    ada = await make_person(client)
    owned = {"owner_id": ada["id"]}
    for more in (owned, None):
        ways = [
            (n, [(5, "invited"), (9, "need" if n % 10 == 0 else "lost")], more) for n in range(40)
        ]
        await herd(engine, workspace, *ways)
    found = (await groups(client, by="owner"))[ada["id"]]
    assert (found["finding"], found["leak"]) == ("average", False)


@pytest.mark.parametrize(
    ("by", "more", "key"),
    [
        ("reason", {"reason": "too_dear"}, "too_dear"),
        ("competitor", {"competitor": "Acme"}, "Acme"),
        ("source", {"source": "fair"}, "fair"),
    ],
)
async def test_leaks_are_told_by_what_the_exits_tell(
    client, engine, workspace, process, by, more, key
):
    await herd(
        engine, workspace, *((n, [(5 + n, "lost")], more) for n in range(3)), (1, [(4, "order")])
    )
    found = (await groups(client, by=by))[key]
    assert (found["exits"], found["leak"]) == (3, False)


async def test_reasons_are_parts_of_what_was_decided(client, engine, workspace, process):
    await herd(
        engine,
        workspace,
        *((n, [(5, "lost")], {"reason": "too_dear"}) for n in range(3)),
        *((n, [(5, "order")]) for n in range(6)),
        (1, [(5, "lost")]),
        (2, []),
    )
    found = await groups(client, by="reason")
    assert list(found) == ["too_dear", None]
    rate = found["too_dear"]["leak_rate"]
    assert (rate["value"], rate["n"]) == ("0.3000", 10)
    assert found["too_dear"]["expected_rate"] is None
    assert {one["entered"] for one in found.values()} == {rate["n"]}


async def test_leaks_by_segment_are_those_of_the_accounts(client, process):
    account = await post(client, "/v1/accounts", name="Alder", segment="steel")
    await flow(client, (5, "lost"), account_id=account["id"])
    await flow(client, (5, "lost"))
    found = await groups(client, by="segment")
    assert {key: one["exits"] for key, one in found.items()} == {"steel": 1, None: 1}


async def test_exits_without_a_word_are_split_by_who_owed_the_next_step(client, process):
    for ball in ("us", "customer", None):
        deal = await flow(client, day=10)
        if ball:
            await tell(client, deal, "ball", ball=ball, occurred_at=on(20))
        await tell(client, deal, "exit", kind="no_response", occurred_at=on(60))
    silent = (await groups(client))["interest"]["silent"]
    assert [(part["key"], part["count"]) for part in silent] == [
        ("customer", 1), ("us", 1), (None, 1),
    ]  # fmt: skip


async def test_the_days_until_it_was_noticed_begin_with_the_last_act(client, process):
    deal = await flow(client, (10, "invited"), day=0)
    await tell(client, deal, "reach", milestone="invited", occurred_at=on(30))
    await tell(client, deal, "exit", kind="lost", occurred_at=on(70))
    found = (await groups(client))["invited"]
    assert (found["time_to_exit_days"]["p50"], found["late_discovery_days"]["p50"]) == (
        "60.0", "40.0",
    )  # fmt: skip


async def test_what_is_lost_late_costs_more_orders(client, engine, workspace, process):
    won = [(n, [(5, "invited"), (9, "need"), (12, "concept"), (15, "order")]) for n in range(30)]
    early = [(n, [(6, "lost")]) for n in range(30)]
    late = [(n, [(5, "invited"), (9, "need"), (12, "concept"), (16, "lost")]) for n in range(30)]
    await herd(engine, workspace, *won, *early, *late)
    found = await groups(client)
    costs = {key: float(one["lost_win_value"][AMOUNT]) for key, one in found.items()}
    assert found["interest"]["exits"] == found["concept"]["exits"] == 30
    assert 0 < costs["interest"] < costs["concept"] < 30_000
    assert costs["invited"] == 0


async def test_stale_value_is_a_leak_to_come(client):
    await make_process(
        client, milestones=[{**MILESTONES[0], "stale_after_days": 30}, *MILESTONES[1:]]
    )
    await flow(client, day=10, value="700.00")
    await flow(client, day=139, value="50.00")
    first = (await groups(client))["interest"]
    assert (first["pending_leak"], first["pending_count"]) == (eur("700.00"), 1)


async def test_nobody_knows_for_which_reason_those_will_leave_that_stand_there(client):
    await make_process(
        client, milestones=[{**MILESTONES[0], "stale_after_days": 30}, *MILESTONES[1:]]
    )
    await flow(client, (5, "lost"))
    await flow(client, day=10, value=None)
    unsaid = (await groups(client, by="reason"))[None]
    assert (unsaid["pending_leak"], unsaid["pending_count"]) == (None, None)
    first = (await groups(client))["interest"]
    assert (first["pending_leak"], first["pending_count"]) == (None, 1)


async def test_win_rates_leave_out_what_nobody_decided_against_us(client, process):
    for how in ("order", "lost", "declined", "duplicate"):
        await flow(client, (5, how), value="100.00")
    found = await ask(client, "/v1/leaks", **HERE)
    told = found["win_rate"]
    assert (told["won"], told["lost"], told["count"]["value"], told["value"]) == (
        1, 1, "0.5000", "0.5000",
    )  # fmt: skip
    assert told["beside"] == {"declined": 1, "duplicate": 1}
    more = (await ask(client, "/v1/leaks", **HERE, include="declined,duplicate"))["win_rate"]
    assert (more["lost"], more["count"]["value"], more["beside"]) == (3, "0.2500", {})


async def test_a_duplicate_leaks_nowhere(client, process):
    await flow(client, (5, "duplicate"))
    assert (await groups(client))["interest"]["exits"] == 0


async def test_levers_say_where_a_point_is_worth_most(client, engine, workspace, process):
    assert (await ask(client, "/v1/leaks", **HERE))["levers"] is None
    target = await make_target(client)
    found = (await ask(client, "/v1/leaks", **HERE))["levers"]
    assert (found["target_ids"], found["period"]) == ([target["id"]], "2026-07")
    # No deals: the target rates of one half, and 100,000 · 0.01 / 0.5 at every section.
    assert [each["order_value_per_point"] for each in found["sections"]] == [eur("2000.00")] * 4
    assert found["sections"][0]["first_milestone_saved_per_point"] == eur("31372.55")
    assert [each["order"] for each in found["sections"]] == [4, 3, 2, 1]
    by_id = (await ask(client, "/v1/leaks", **HERE, target=target["id"]))["levers"]
    assert by_id == found


async def test_the_yield_falls_from_the_first_milestone_to_the_order(client, process):
    await flow(client, (5, "order"), value="100.00")
    await flow(client, (5, "lost"), value="300.00")
    found = (await ask(client, "/v1/leaks", **HERE))["yield"]
    assert (found["start"], found["order"], found["value"]) == (
        eur("400.00"), eur("100.00"), "0.2500",
    )  # fmt: skip
    assert found["waterfall"][0]["lost"] == eur("300.00")


@pytest.mark.parametrize(
    ("asked", "exits"),
    [
        ({"window": "12m"}, 2),
        ({"window": "90d"}, 1),
        ({"period": "2026-03"}, 1),
        ({"from": "2026-03-01", "to": "2026-03-10"}, 1),
        ({"from": "2026-07-01", "to": "2026-07-10"}, 0),
    ],
)
async def test_only_arrivals_of_the_time_asked_for_count(client, process, asked, exits):
    await flow(client, (5, "lost"), day=0)
    await flow(client, (5, "lost"), day=100)
    assert (await groups(client, **asked))["interest"]["exits"] == exits


async def test_the_past_stays_as_it_was(client, process, clock):
    deal = await flow(client, (5, "lost"), day=10)
    clock.forward(days=1)
    then = {**HERE, "as_of": clock.now.isoformat()}
    before = await client.get("/v1/leaks", params=then)
    clock.forward(days=1)
    await change(client, deal, name="Renamed", value=eur("5.00"))
    await tell(client, deal, "reopen", reason="a mistake")
    after = await client.get("/v1/leaks", params=then)
    assert before.content == after.content
    assert (await groups(client))["interest"]["exits"] == 0


async def test_strangers_are_not_found(client, neighbour, process):
    target = await make_target(client)
    await make_process(neighbour)
    assert (await neighbour.get("/v1/leaks", params={"process": process["id"]})).status_code == 404
    asked = {**HERE, "target": target["id"]}
    assert (await neighbour.get("/v1/leaks", params=asked)).status_code == 404
    await ask(client, "/v1/leaks", 404, **HERE, scope=f"owner:{uuid7()}")


@pytest.mark.parametrize(
    ("asked", "place", "code"),
    [
        ({"by": "moon"}, "by", "not_one_of"),
        ({"include": "lost"}, "include", "pattern"),
        ({"period": "2026-13"}, "period", "period_unknown"),
        ({"window": "0m"}, "window", "pattern"),
        ({"as_of": "2030-01-01T00:00:00Z"}, "as_of", "in_future"),
    ],
)
async def test_questions_without_sense_are_refused(client, process, asked, place, code):
    found = await refused(client, "GET", "/v1/leaks", params=HERE | asked)
    assert found[0] == place
    assert found[1] == code or code == "pattern"


@pytest.mark.parametrize(
    "asked",
    [
        {"window": "12m", "period": "2026-07"},
        {"from": "2026-07-01"},
        {"from": "2026-07-02", "to": "2026-07-02"},
    ],
)
async def test_one_stretch_of_time_is_asked_for(client, process, asked):
    assert (await client.get("/v1/leaks", params=HERE | asked)).status_code == 422


async def test_it_costs_as_many_statements_for_many_as_for_one(
    client, engine, workspace, process, statements
):
    counts = []
    for days in (range(1), range(50)):
        await herd(engine, workspace, *((day, [(5, "lost")]) for day in days))
        statements.clear()
        await ask(client, "/v1/leaks", **HERE, by="owner")
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_what_was_lost_is_worth_the_margin_that_orders_left(client, process):
    """Two of four orders tell their costs: of 1,000.00 and 600.00 are left 300.00 and 500.00, a
    half. One more of 400.00 has a line without a cost, the last no lines at all."""
    press = await make_product(client)
    for lines in (
        [line(press, "1000.00", "700.00")],
        [line(press, "500.00", "50.00"), line(press, "100.00", "50.00")],
        [line(press, "300.00", "1.00"), line(press, "100.00")],
    ):
        deal = await flow(client, (2, "invited"), value="1000.00")
        await tell(client, deal, "reach", milestone="order", lines=lines, occurred_at=on(9))
    deal = await flow(client, (2, "invited"), value="1000.00")
    await tell(client, deal, "reach", milestone="order", amount=eur("80.00"), occurred_at=on(9))
    await flow(client, (4, "lost"), value="1000.00")
    found = await ask(client, "/v1/leaks", **HERE, unit="gross_margin")
    margin = found["margin"]
    assert (found["unit"], margin["share"]) == ("gross_margin", "0.5000")
    assert (margin["order_value"], margin["gross_margin"]) == (eur("1600.00"), eur("800.00"))
    assert (margin["n"], margin["missing_margin_count"]) == (2, 2)
    assert (margin["status"], margin["source"]) == ("partial", "observed")
    [left] = [one for one in found["groups"] if one["exits"]]
    half = Decimal(left["lost_win_value"]["amount"]) / 2
    assert Decimal(left["lost_win_margin"]["amount"]) == half > 0
    by_value = await ask(client, "/v1/leaks", **HERE)
    assert (by_value["unit"], by_value["margin"]) == ("order_value", None)
    assert {one["lost_win_margin"] for one in by_value["groups"]} == {None}


async def test_a_margin_that_no_order_tells_is_null_and_counted(client, process):
    deal = await flow(client, (2, "invited"), value="1000.00")
    asked = HERE | {"unit": "gross_margin"}
    nothing = (await ask(client, "/v1/leaks", **asked))["margin"]
    assert (nothing["status"], nothing["share"], nothing["n"]) == ("no_orders", None, 0)
    await tell(client, deal, "reach", milestone="order", amount=eur("80.00"), occurred_at=on(9))
    await flow(client, (4, "lost"), value="1000.00")
    found = await ask(client, "/v1/leaks", **asked)
    unknown = found["margin"]
    assert (unknown["status"], unknown["share"], unknown["gross_margin"]) == ("unknown", None, None)
    assert unknown["missing_margin_count"] == 1
    assert {one["lost_win_margin"] for one in found["groups"]} == {None}
