"""Nothing that is told later changes what was forecast; and what one event changes is known."""

from datetime import timedelta
from fractions import Fraction

import pytest

from app.core.ids import uuid7
from tests.aims import arrive, ask, refused
from tests.conftest import NOW
from tests.deals import MILESTONES, change, eur, make_deal, make_process, post, tell
from tests.seasons import season

HERE = {"process": "new-business"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
THEN = {"as_of": NOW.isoformat()}


@pytest.fixture
async def deals(client, engine, workspace):
    await make_process(client, milestones=STATED)
    return await season(engine, workspace, business_type="new")


async def answers(client, **asked):
    """Every answer about the future as it was seen then, to the byte."""
    questions = [
        ("/v1/forecast", {"explain": "true"}),
        ("/v1/forecast", {"unit": "orders", "business_type": "new"}),
        ("/v1/forecast/accuracy", {}),
    ]
    told = [await client.get(path, params=HERE | asked | more) for path, more in questions]
    assert {answer.status_code for answer in told} == {200}
    return [answer.content for answer in told]


async def standing(client, deals):
    """Those of the deals that stand open, with the milestone each stands at."""
    answer = await client.get("/v1/opportunities", params={"status": "open", "limit": 200})
    return [each for each in answer.json()["data"] if each["id"] in deals]


async def remove(client, deal):
    path = f"/v1/opportunities/{deal['id']}"
    tag = (await client.get(path)).headers["etag"]
    assert (await client.delete(path, headers={"If-Match": tag})).status_code == 204


async def test_nothing_that_is_recorded_later_changes_an_answer_about_then(client, deals, clock):
    before = await answers(client, **THEN)
    one, two, three, four, five, six, *_ = await standing(client, deals)
    clock.forward(minutes=1)
    past = {"occurred_at": (NOW - timedelta(days=1)).isoformat()}
    await tell(client, one, "reach", milestone="order", amount=eur("1000000.00"), **past)
    await tell(client, two, "exit", kind="lost", **past)
    await change(client, three, value=eur("9999999.00"), correction=True)
    await tell(client, four, "void", milestone="interest", reason="another customer")
    await tell(client, five, "hold", until=(NOW + timedelta(days=90)).isoformat(), reason="x")
    await remove(client, six)
    await remove(client, {"id": deals[0]})
    await tell(client, {"id": deals[1]}, "reopen", reason="came back")
    for amount in ("1.00", "5000000.00"):
        await arrive(client, "order", amount, at="2026-06-10T08:00:00Z")
    assert await answers(client, **THEN) == before


async def test_a_new_currency_rate_changes_no_answer_about_then(client, deals, clock):
    usd = {"currency": "USD", "day": "2026-01-01", "source": "ecb"}
    await post(client, "/v1/currency_rates", rate="0.90", **usd)
    deal = await make_deal(client, value={"amount": "70000.00", "currency": "USD"})
    await tell(client, deal, "reach", milestone="concept")
    clock.forward(minutes=1)
    then = {"as_of": clock.now.isoformat()}
    before = await answers(client, **then)
    clock.forward(minutes=1)
    await post(client, "/v1/currency_rates", rate="0.10", **usd)
    assert await answers(client, **then) == before


async def test_what_a_closed_month_won_stays_after_a_rate_has_changed(client, deals, clock):
    usd = {"currency": "USD", "day": "2026-01-01", "source": "ecb"}
    await post(client, "/v1/currency_rates", rate="0.90", **usd)
    price = {"amount": "100.00", "currency": "USD"}
    deal = await make_deal(client, value=price)
    await tell(client, deal, "reach", milestone="order", amount=price)
    clock.forward(minutes=1)
    before = (await ask(client, "/v1/forecast", **HERE))["periods"][0]["won"]
    await post(client, "/v1/currency_rates", rate="0.10", **usd)
    clock.forward(minutes=1)
    assert (await ask(client, "/v1/forecast", **HERE))["periods"][0]["won"] == before


async def test_the_past_is_seen_as_it_was_and_not_as_it_is(client, deals):
    then = {"as_of": (NOW - timedelta(days=30)).isoformat()}
    found = await ask(client, "/v1/forecast", **HERE, **then)
    assert found["periods"][0]["period"] == "2026-06"
    now = await ask(client, "/v1/forecast", **HERE)
    assert found["n"] < now["n"]


def part(shown):
    return Fraction(shown["amount"])


async def effect_of(client, deal, **asked):
    """The effect of the last event of a deal."""
    events = (await ask(client, f"/v1/opportunities/{deal['id']}/events", limit=200))["data"]
    last = max(events, key=lambda event: (event["recorded_at"], event["id"]))
    return await ask(client, "/v1/lights/effect", event=last["id"], **asked)


async def totals(client):
    found = (await ask(client, "/v1/forecast", **HERE))["periods"]
    return [Fraction(each["expected_exact"]) for each in found]


async def test_losing_a_deal_raises_no_period_but_by_what_it_teaches(client, deals, clock):
    for deal in (await standing(client, deals))[4::8]:
        clock.forward(minutes=7)  # no other deal has an event of this instant
        before = await totals(client)
        await tell(client, deal, "exit", kind="lost")
        after = await totals(client)
        found = await effect_of(client, deal)
        assert found["kind"] == "exited"
        for old, new, each in zip(before, after, found["periods"], strict=True):
            assert part(each["change"]) == -part(each["before"]) <= 0
            explained = part(each["change"]) + part(each["re_estimated"])
            assert abs(new - old - explained) <= Fraction(1, 50)


async def test_moving_on_raises_what_is_expected_and_says_by_how_much(client, deals, clock):
    deal = await arrive(client, "interest", "20000.00", at="2026-07-18T08:00:00Z")
    clock.forward(minutes=5)
    await tell(client, deal, "reach", milestone="concept")
    found = await effect_of(client, deal)
    assert (found["code"], found["kind"]) == ("raises", "reached")
    assert len(found["periods"]) == 6
    assert part(found["change"]) == pytest.approx(
        sum(part(each["change"]) for each in found["periods"]), abs=0.05
    )
    assert found["change_orders"] > "0"


async def test_an_order_trades_a_chance_for_a_certainty(client, deals, clock):
    deal = await arrive(client, "concept", "20000.00", at="2026-07-18T08:00:00Z")
    clock.forward(minutes=5)
    await tell(client, deal, "reach", milestone="order", amount=eur("21000.00"))
    found = await effect_of(client, deal)
    first = found["periods"][0]
    assert (first["won"], first["won_orders"]) == (eur("21000.00"), 1)
    assert part(first["change"]) == 21_000 - part(first["before"])
    assert [part(each["after"]) for each in found["periods"]] == [0] * 6
    assert part(found["change"]) < 21_000


async def test_a_note_has_no_effect(client, deals, clock):
    deal = await make_deal(client, value=eur("10.00"))
    found = await effect_of(client, deal)
    assert (found["kind"], found["code"]) == ("created", "nothing")


async def test_an_effect_needs_an_event_of_this_workspace(client, neighbour, deals):
    events = (await ask(client, f"/v1/opportunities/{deals[0]}/events"))["data"]
    await ask(neighbour, "/v1/lights/effect", 404, event=events[0]["id"])
    await ask(client, "/v1/lights/effect", 404, event=str(uuid7()))
    asked = {"event": events[0]["id"], "periods": 37}
    assert await refused(client, "GET", "/v1/lights/effect", params=asked) == (
        "periods",
        "too_large",
    )
