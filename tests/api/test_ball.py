"""Whose turn it is: told, seen, and never mistaken for a movement of the customer."""

import pytest

from app.core.ids import uuid7
from tests.aims import ask, refused
from tests.deals import eur, make_deal, make_process, tell


@pytest.fixture
async def deal(client):
    await make_process(client)
    return await tell(client, await make_deal(client), "reach", milestone="interest")


async def names(client, **asked):
    return [one["name"] for one in (await ask(client, "/v1/opportunities", **asked))["data"]]


async def test_the_ball_is_seen_with_since_when(client, deal, clock):
    assert (deal["ball"], deal["waiting_since"]) == (None, None)
    clock.forward(days=1)
    seen = await tell(client, deal, "ball", ball="us", note="owe them a price")
    assert (seen["ball"], seen["waiting_since"]) == ("us", "2026-07-21T09:30:00Z")
    events = await ask(client, f"/v1/opportunities/{deal['id']}/events")
    last = events["data"][-1]
    assert (last["kind"], last["ball"], last["note"]) == ("ball_passed", "us", "owe them a price")


async def test_to_say_it_again_makes_the_waiting_no_shorter(client, deal, clock):
    await tell(client, deal, "ball", ball="customer")
    clock.forward(days=10)
    again = await tell(client, deal, "ball", ball="customer", note="reminded them")
    assert again["waiting_since"] == "2026-07-20T09:30:00Z"
    assert (await tell(client, deal, "ball", ball="us"))["waiting_since"] == "2026-07-30T09:30:00Z"


async def test_the_customers_next_act_ends_the_waiting(client, deal, clock):
    await tell(client, deal, "ball", ball="customer")
    clock.forward(days=3)
    moved = await tell(client, deal, "reach", milestone="need")
    assert (moved["ball"], moved["waiting_since"]) == (None, None)


async def test_a_passed_ball_makes_no_deal_younger(client, deal, clock):
    clock.forward(days=50)
    seen = await tell(client, deal, "ball", ball="us")
    assert (seen["age_days"], seen["reached_at"]) == (50, deal["reached_at"])


@pytest.mark.parametrize(
    ("ball", "days", "drifts"),
    [("us", 15, True), ("customer", 15, True), ("us", 14, False), ("none", 99, False)],
)
async def test_what_waits_longer_than_a_fortnight_drifts(client, deal, clock, ball, days, drifts):
    await tell(client, deal, "ball", ball=ball)
    clock.forward(days=days)
    assert (await names(client, drifting="true") == [deal["name"]]) is drifts
    assert (await names(client, drifting="false") == [deal["name"]]) is not drifts
    assert await names(client, ball=ball) == [deal["name"]]


async def test_what_is_over_or_on_hold_does_not_drift(client, deal, clock):
    await tell(client, deal, "ball", ball="customer")
    await tell(client, deal, "hold", until="2027-07-20T00:00:00Z")
    clock.forward(days=30)
    assert await names(client, drifting="true") == []
    await tell(client, deal, "resume")
    assert await names(client, drifting="true") == [deal["name"]]
    await tell(client, deal, "exit", kind="no_response")
    assert await names(client, drifting="true") == []


async def test_a_ball_is_passed_in_an_open_deal_of_ones_own_workspace(client, neighbour, deal):
    path, body = f"/v1/opportunities/{deal['id']}/ball", {"ball": "us"}
    foreign = await neighbour.post(path, json=body)
    unknown = await neighbour.post(f"/v1/opportunities/{uuid7()}/ball", json=body)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    await tell(client, deal, "reach", milestone="order", amount=eur("1.00"))
    assert (await client.post(path, json=body)).status_code == 409


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({}, "/ball", "missing"),
        ({"ball": "them"}, "/ball", "not_one_of"),
        ({"ball": "us", "occurred_at": "2027-01-01T00:00:00Z"}, "/occurred_at", "in_future"),
    ],
)
async def test_a_ball_that_nobody_can_have_is_refused(client, deal, body, place, code):
    path = f"/v1/opportunities/{deal['id']}/ball"
    assert await refused(client, "POST", path, json=body) == (place, code)
