"""What other systems' forecasts get wrong, and ours must not."""

from fractions import Fraction

import pytest

from tests.aims import arrive, ask
from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell
from tests.seasons import season

HERE = {"process": "new-business"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def forecast(client, **asked):
    return await ask(client, "/v1/forecast", **HERE | asked)


def total(found):
    return sum(Fraction(each["expected_exact"]) for each in found["periods"])


async def test_a_lost_deal_does_not_count_with_its_full_value(client, process, engine, workspace):
    await season(engine, workspace)
    deal = await arrive(client, "concept", "500000.00")
    before = total(await forecast(client))
    await tell(client, deal, "exit", kind="lost")
    assert total(await forecast(client)) < before


async def test_a_typed_probability_and_date_are_kept_and_change_nothing(client, process):
    typed = {"external_probability": "0.99", "external_close_date": "2026-07-31"}
    for more in ({}, typed):
        await arrive(client, "concept", "1000.00", **more)
    plain, claimed = (await forecast(client, explain=True))["contributions"]
    assert plain["contributions_exact"] == claimed["contributions_exact"]
    assert plain["chances"] == claimed["chances"]


async def test_a_deal_won_long_ago_is_not_won_today_because_it_was_made_today(client, process):
    await arrive(client, "order", "900.00", at="2026-05-10T08:00:00Z")
    assert (await forecast(client))["periods"][0]["won"] == eur("0.00")


async def test_a_person_with_one_lucky_deal_has_everybodys_chances(
    client, process, engine, workspace
):
    await season(engine, workspace)
    lucky = await make_person(client, "Lucky")
    await arrive(client, "order", "1000.00", owner_id=lucky["id"])
    mine = await arrive(client, "need", "1000.00", owner_id=lucky["id"])
    others = await arrive(client, "need", "1000.00")
    found = (await forecast(client, explain=True))["contributions"]
    chances = {each["opportunity_id"]: each["chances"] for each in found}
    assert chances[mine["id"]] == chances[others["id"]]
    alone = (await forecast(client, explain=True, scope=f"owner:{lucky['id']}"))["contributions"]
    assert [each["chances"] for each in alone] == [chances[mine["id"]]]


async def test_waiting_alone_lowers_the_chance(client, engine, workspace, clock):
    await make_process(client, milestones=STATED, stale_policy="off")
    await season(engine, workspace)
    deal = await arrive(client, "interest", "1000.00", at="2026-07-20T08:00:00Z")
    chances = []
    for _ in range(2):
        found = (await forecast(client, explain=True))["contributions"]
        [own] = [each for each in found if each["opportunity_id"] == deal["id"]]
        chances.append(float(own["chance_ever"]))
        clock.forward(days=13)
    assert chances[0] > 2 * chances[1]


async def test_currencies_are_converted_before_they_are_added(client, process):
    rate = {"currency": "USD", "day": "2026-01-01", "rate": "0.50", "source": "ecb"}
    await post(client, "/v1/currency_rates", **rate)
    for currency in ("EUR", "USD"):
        deal = await make_deal(client, value={"amount": "1000.00", "currency": currency})
        await tell(client, deal, "reach", milestone="concept")
    found = (await forecast(client, explain=True))["contributions"]
    assert sorted(each["value"]["amount"] for each in found) == ["1000.00", "500.00"]
    assert {each["value"]["currency"] for each in found} == {"EUR"}


async def test_going_back_does_not_win_twice_nor_look_new(client, process, clock):
    deal = await arrive(client, "concept", "1000.00")
    clock.forward(days=1)
    await tell(client, deal, "regress", milestone="need", reason="budget")
    [found] = (await forecast(client, explain=True))["contributions"]
    assert found["milestone"] == "need"
    assert float(found["age_days"]) >= 10


async def test_a_value_that_was_corrected_counts_as_corrected(client, process):
    deal = await arrive(client, "concept", "1000000.00")
    await change(client, deal, value=eur("1000.00"), correction=True)
    assert total(await forecast(client)) < 10_000


async def test_what_was_imported_late_is_seen_by_when_it_happened(client, process):
    for day in range(10, 20):
        await arrive(client, "order", "100.00", at=f"2026-05-{day}T08:00:00Z")
    then = "2026-05-15T12:00:00Z"
    assert (await forecast(client, effective_at=then))["n"] == 6
    assert (await forecast(client, as_of=then))["n"] == 0
