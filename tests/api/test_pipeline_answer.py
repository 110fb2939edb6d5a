"""The pipeline as a whole: stock, coverage, velocity, slippage and what an order takes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.core.work import Work
from app.domain import processes, snapshots
from app.domain.access import home
from tests.aims import ask, make_target, refused
from tests.deals import change, eur, make_person, make_process, tell
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business"}


@pytest.fixture
async def process(client):
    return await make_process(client)


async def pipeline(client, **asked):
    return await ask(client, "/v1/pipeline", **(HERE | asked))


async def test_what_stands_is_told_alive_dead_and_on_hold_apart(client, engine, workspace, process):
    dead = [(-1095 + n, [], {"value": Decimal(10_000)}) for n in range(5)]
    await herd(engine, workspace, *dead, *WINNERS, *LOSERS)
    await flow(client, day=135, value="300.00")
    await flow(client, day=136, value=None)
    held = await flow(client, (1, "invited"), day=136, value="70.00")
    await tell(client, held, "hold", until="2026-12-01T00:00:00Z")
    found = await pipeline(client)
    assert (found["stock"]["count"], found["stock"]["value"]) == (2, eur("300.00"))
    assert found["stock"]["missing_value_count"] == 1
    assert (found["dead"]["count"], found["dead"]["value"]) == (5, eur("50000.00"))
    assert (found["on_hold"]["count"], found["on_hold"]["value"]) == (1, eur("70.00"))
    first, second = found["milestones"][:2]
    assert (first["key"], first["stock"]["count"], first["dead"]["count"]) == ("interest", 2, 5)
    assert (second["on_hold"]["count"], second["stock"]["count"]) == (1, 0)


async def test_value_is_unknown_where_none_is_known_and_nothing_where_nothing_stands(
    client, process
):
    await flow(client, day=136, value=None)
    stock = (await pipeline(client))["milestones"]
    assert [one["stock"]["value"] for one in stock[:2]] == [None, eur("0.00")]
    states = (await ask(client, "/v1/stale", **HERE))["summary"]
    shown = {(one["count"], one["value"] and one["value"]["amount"]) for one in states}
    assert shown == {(1, None), (0, "0.00")}


async def test_velocity_is_what_its_four_factors_say(client, engine, workspace, process):
    await herd(engine, workspace, *WINNERS, *LOSERS, *((139, []) for _ in range(4)))
    told = (await pipeline(client))["velocity"]
    assert told["open_count"] == 4
    assert told["average_order"] == {"value": eur("1000.00"), "n": 45}
    n, w = told["open_count"], float(told["win_rate"]["value"])
    a, days = float(told["average_order"]["value"]["amount"]), float(told["days_to_order"]["mean"])
    assert float(told["per_day"]["value"]) == pytest.approx(n * w * a / days, rel=0.01)
    assert (told["per_day"]["unit"], told["per_day"]["status"]) == ("EUR/day", "ok")


async def test_without_winners_there_is_no_velocity(client):
    bare = [{"key": k, "name": k, "customer_act": "acts"} for k in ("interest", "order")]
    await make_process(client, milestones=bare)
    await flow(client)
    told = (await pipeline(client))["velocity"]["per_day"]
    assert (told["value"], told["status"]) == (None, "unknown")


async def test_throughput_is_what_was_really_ordered(client, process):
    await flow(client, (10, "order"), day=100, value="4000.00")
    told = (await pipeline(client))["throughput"]
    assert (told["value"], told["orders"], told["days"]) == (eur("4000.00"), 1, "40.1")
    assert told["per_day"] == eur("99.84")


async def test_coverage_is_held_against_what_the_mix_needs(client, process):
    assert (await pipeline(client))["coverage"] is None
    target = await make_target(client, amount=eur("10000.00"))
    await flow(client, (1, "order"), day=135, value="4000.00")
    await flow(client, day=136, value="12000.00")
    await flow(client, (1, "need"), day=136, value="3000.00")
    told = (await pipeline(client))["coverage"]
    assert (told["target_ids"], told["period"]) == ([target["id"]], "2026-07")
    assert (told["target"], told["won"], told["remaining"]) == (
        eur("10000.00"), eur("4000.00"), eur("6000.00"),
    )  # fmt: skip
    assert (told["coverage"], told["target_met"]) == ("2.5000", False)
    assert float(told["coverage_needed"]) > 2.5
    assert told["enough"] is False


async def test_all_business_is_held_to_the_targets_of_its_kinds(client, process):
    made = [
        await make_target(client, amount=eur(amount), business_type=kind)
        for kind, amount in (("new", "1000.00"), ("existing", "500.00"))
    ]
    await flow(client, day=136, value="3000.00")
    found = await pipeline(client)
    assert found["coverage"]["target_ids"] == [target["id"] for target in made]
    assert (found["coverage"]["target"], found["coverage"]["coverage"]) == (
        eur("1500.00"), "2.0000",
    )  # fmt: skip
    assert found["milestones"][0]["required_stock"] is not None


async def test_orders_of_existing_business_pay_no_target_for_new_business(client, process):
    await make_target(client, amount=eur("6000.00"), business_type="new")
    await flow(client, (1, "order"), day=135, value="5000.00", business_type="existing")
    await flow(client, day=136, value="3000.00", business_type="new")
    assert (await pipeline(client))["coverage"] is None
    told = (await pipeline(client, business_type="new"))["coverage"]
    assert (told["won"], told["remaining"]) == (eur("0.00"), eur("6000.00"))
    preview = await ask(client, "/v1/stale/preview", **HERE)
    leaks = await ask(client, "/v1/leaks", **HERE)
    assert (preview["coverage"], leaks["levers"]) == (None, None)


async def test_a_target_that_is_met_has_no_coverage(client, process):
    await make_target(client, amount=eur("1000.00"))
    await flow(client, (1, "order"), day=135, value="4000.00")
    await flow(client, day=136)
    told = (await pipeline(client))["coverage"]
    assert (told["target_met"], told["coverage"], told["enough"]) == (True, None, None)


async def test_no_dead_horse_covers_anything(client, engine, workspace, process):
    await make_target(client)
    await herd(engine, workspace, *WINNERS, *LOSERS)
    await flow(client, day=136, value="1000.00")
    before = (await pipeline(client))["coverage"]["coverage"]
    await herd(engine, workspace, *((-1095, [], {"value": Decimal(9**6)}) for _ in range(6)))
    assert (await pipeline(client))["coverage"]["coverage"] == before


async def test_without_a_rule_for_them_nothing_is_taken_out_but_shown_as_dead(
    client, engine, workspace
):
    await make_process(client, stale_policy="off")
    await make_target(client)
    await herd(engine, workspace, *WINNERS, *LOSERS, *((-1095, []) for _ in range(6)))
    found = await pipeline(client)
    assert (found["stock"]["count"], found["dead"]["count"]) == (6, 0)
    assert (found["milestones"][0]["stock"]["count"], found["velocity"]["open_count"]) == (6, 6)
    [dead] = [
        each
        for each in (await ask(client, "/v1/stale", **HERE))["summary"]
        if each["state"] == "dead"
    ]
    assert dead["count"] == 6
    preview = await ask(client, "/v1/stale/preview", **HERE)
    heaps = preview["pipeline"]
    assert (preview["policy"], heaps["count_before"], heaps["count_after"]) == ("off", 6, 0)


async def test_what_is_enough_may_come_too_late(client, engine, workspace, process):
    """Nobody was faster than 16 days from interest to the order, and eleven are left."""
    await make_target(client, amount=eur("1000.00"))
    await herd(engine, workspace, *WINNERS, *LOSERS)
    await flow(client, day=139, value="90000.00")
    told = (await pipeline(client))["coverage"]
    assert (told["timely_coverage"], told["enough"], told["timely_enough"]) == (
        "0.0000", True, False,
    )  # fmt: skip


async def test_the_stock_that_is_needed_follows_from_arrivals_and_stay(
    client, engine, workspace, process
):
    await make_target(client, amount=eur("31000.00"), count=31)
    await herd(engine, workspace, *((n, [(10, "lost")]) for n in range(30)))
    first = (await pipeline(client))["milestones"][0]
    assert (first["mean_days"], first["mean_days_n"]) == ("10.0", 30)
    # 31 orders a month at one half per section: 496 arrivals in 31 days, each staying for ten.
    assert first["required_stock"]["count"] == "160.0000"
    assert first["required_stock"]["value"] == eur("160000.00")


async def test_what_was_likely_and_did_not_come_has_slipped(
    client, engine, workspace, process, clock
):
    await herd(engine, workspace, *WINNERS)
    hopeful = [await flow(client, (1, "concept"), day=138, value="500.00") for _ in range(3)]
    clock.forward(days=1)
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        await snapshots.take(work, (await processes.resolve(work, "new-business")).id)
    assert (await pipeline(client))["slippage"] is None
    clock.forward(days=2)
    await tell(client, hopeful[0], "reach", milestone="order", amount=eur("500.00"))
    await tell(client, hopeful[1], "exit", kind="lost")
    clock.forward(days=40)
    told = (await pipeline(client))["slippage"]
    assert (told["likely"], told["won"], told["exited"], told["slipped"]) == (3, 1, 1, 1)
    assert (told["share"]["value"], told["slipped_value"]) == ("0.3333", eur("500.00"))


async def test_typed_close_dates_are_compared_with_what_happened(client, process):
    for number, said in enumerate(("2026-06-20", "2026-06-10")):
        await flow(client, (20, "order"), day=100 + number, external_close_date=said)
    await flow(client, day=100, external_close_date="2026-07-01")
    told = (await pipeline(client))["close_dates"]
    assert (told["n"], told["bias_days"], told["overdue_count"]) == (2, "15.5", 1)
    assert (await pipeline(client, as_of=on(139)))["close_dates"] is None


async def test_what_an_order_takes_is_told_by_kind_of_business(client, process):
    for business, won, lost in (("new", 1, 3), ("existing", 2, 1)):
        for steps in [[(10, "order")]] * won + [[(20, "lost")]] * lost:
            await flow(client, *steps, business_type=business)
    told = {each["business_type"]: each for each in (await pipeline(client))["effort"]}
    assert list(told) == ["new", "existing", "all"]
    assert (told["new"]["first_arrivals_per_order"], told["new"]["orders"]) == ("4.0000", 1)
    assert (told["new"]["won_days_per_order"], told["new"]["lost_days_per_order"]) == (
        "10.0", "60.0",
    )  # fmt: skip
    assert told["existing"]["first_arrivals_per_order"] == "1.5000"
    assert (told["all"]["first_arrivals"], told["all"]["orders"]) == (7, 3)


async def test_each_scope_has_its_own(client, process):
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    await flow(client, day=130, value="100.00", owner_id=ada["id"], business_type="new")
    await flow(client, day=130, value="10.00", owner_id=bob["id"], business_type="existing")
    for asked, value in (
        ({}, "110.00"),
        ({"scope": f"owner:{ada['id']}"}, "100.00"),
        ({"business_type": "existing"}, "10.00"),
    ):
        assert (await pipeline(client, **asked))["stock"]["value"] == eur(value)


async def test_the_past_stays_as_it_was(client, process, clock):
    await make_target(client)
    deal = await flow(client, day=130)
    then = {**HERE, "as_of": (clock.now + timedelta(hours=1)).isoformat()}
    clock.forward(days=1)
    before = await client.get("/v1/pipeline", params=then)
    clock.forward(days=3)
    await change(client, deal, name="Renamed", value=eur("1.00"))
    await tell(client, deal, "exit", kind="lost")
    after = await client.get("/v1/pipeline", params=then)
    assert after.content == before.content
    assert (await pipeline(client))["stock"]["count"] == 0


async def test_strangers_are_not_found(client, neighbour, process):
    assert (await neighbour.get("/v1/pipeline", params=HERE)).status_code == 404
    await ask(client, "/v1/pipeline", 404, **HERE, scope=f"team:{uuid7()}")


async def test_questions_without_sense_are_refused(client, process):
    for asked, place in (({"scope": "us"}, "scope"), ({"window": "1y"}, "window")):
        found = await refused(client, "GET", "/v1/pipeline", params=HERE | asked)
        assert found[0] == place


async def test_it_costs_as_many_statements_for_many_as_for_one(
    client, engine, workspace, process, statements
):
    await make_target(client)
    counts = []
    for days in (range(1), range(50)):
        await herd(engine, workspace, *((day, [(5, "order")]) for day in days))
        statements.clear()
        await pipeline(client)
        counts.append(len(statements))
    assert counts[0] == counts[1]
