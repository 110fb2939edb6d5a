"""What follows from events: arrivals, credits, clocks. Looked up where they are stored."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain import replay
from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell


@pytest.fixture
async def process(client):
    return await make_process(client)


@pytest.fixture
async def arrivals(work):
    """The arrivals of a deal as {milestone: (what is asked for)}."""

    async def look(deal, *wanted):
        rows = await work.db.execute(
            text(
                "SELECT m.key, p.* FROM passages p JOIN milestones m"
                " ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id"
                " WHERE p.opportunity_id = :id AND p.ordinal = 1 ORDER BY p.arrived_at, p.position"
            ),
            {"id": deal["id"]},
        )
        one = {row.key: tuple(getattr(row, name) for name in wanted) for row in rows}
        return {k: v[0] if len(wanted) == 1 else v for k, v in one.items()}

    return look


def day(number, month=7):
    return datetime(2026, month, number, 9, 30, tzinfo=UTC)


async def test_milestones_that_were_skipped_are_implied_at_the_same_instant(
    client, process, arrivals
):
    deal = await make_deal(client, value=eur("100.00"))
    await tell(client, deal, "reach", milestone="need")
    found = await arrivals(deal, "implied", "arrived_at")
    assert found == {
        "interest": (True, day(20)),
        "invited": (True, day(20)),
        "need": (False, day(20)),
    }


async def test_the_first_reach_counts_and_a_late_report_of_an_earlier_one_moves_it(
    client, process, arrivals, clock
):
    deal = await make_deal(client, created_at="2026-07-01T00:00:00Z")
    await tell(client, deal, "reach", milestone="need")
    clock.forward(days=2)
    await tell(client, deal, "reach", milestone="invited", occurred_at="2026-07-10T09:30:00Z")
    found = await arrivals(deal, "implied", "arrived_at")
    assert found["interest"] == (True, day(10))
    assert found["invited"] == (False, day(10))
    assert found["need"] == (False, day(20))


async def test_regression_keeps_the_arrival_and_coming_back_makes_no_second(
    client, process, arrivals, clock
):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    clock.forward(days=5)
    deal = await tell(client, deal, "regress", milestone="invited", reason="budget frozen")
    assert deal["milestone"] == "invited"
    clock.forward(days=5)
    deal = await tell(client, deal, "reach", milestone="need")
    assert deal["milestone"] == "need"
    assert (await arrivals(deal, "arrived_at"))["need"] == day(20)


async def test_what_never_happened_is_gone_everywhere(client, process, arrivals, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    await tell(client, deal, "reach", milestone="concept")
    deal = await tell(client, deal, "void", milestone="concept", reason="other customer")
    assert deal["milestone"] == "interest"
    assert list(await arrivals(deal, "ordinal")) == ["interest"]
    clock.forward(days=1)
    await tell(client, deal, "reach", milestone="concept")
    assert (await arrivals(deal, "arrived_at"))["concept"] == day(21)


async def test_an_implied_milestone_cannot_be_voided_by_itself(client, process):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    answer = await client.post(
        f"/v1/opportunities/{deal['id']}/void", json={"milestone": "invited", "reason": "no"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "milestone-order")


async def test_a_later_value_does_not_rewrite_an_arrival_but_a_correction_does(
    client, process, arrivals, clock
):
    deal = await make_deal(client, value=eur("100.00"))
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=1)
    await change(client, deal, value=eur("250.00"))
    await tell(client, deal, "reach", milestone="invited")
    assert await arrivals(deal, "value") == {"interest": 100, "invited": 250}
    clock.forward(days=1)
    await change(client, deal, value=eur("240.00"), correction=True)
    assert await arrivals(deal, "value") == {"interest": 100, "invited": 240}


async def test_an_unknown_value_arrives_as_unknown_not_as_zero(client, process, arrivals):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    assert await arrivals(deal, "value") == {"interest": None}
    zero = await make_deal(client, value=eur("0.00"))
    await tell(client, zero, "reach", milestone="interest")
    assert await arrivals(zero, "value") == {"interest": 0}


async def test_arrivals_belong_to_the_owner_of_their_time(client, process, arrivals, clock):
    ada, bob = await make_person(client, "Ada"), await make_person(client, "Bob")
    deal = await make_deal(client, owner_id=ada["id"])
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=1)
    deal = await change(client, deal, owner_id=bob["id"])
    await tell(client, deal, "reach", milestone="invited")
    owners = await arrivals(deal, "owner_id")
    assert {key: str(id) for key, id in owners.items()} == {
        "interest": ada["id"],
        "invited": bob["id"],
    }
    assert deal["owner_id"] == bob["id"]


async def test_agreed_shares_sum_to_the_arrival_to_the_cent(client, process, work):
    people = [await make_person(client, name) for name in "ABC"]
    shares = [
        {"person_id": person["id"], "percent": percent}
        for person, percent in zip(people, ("33.333333", "33.333333", "33.333334"), strict=True)
    ]
    deal = await make_deal(client, owner_id=people[0]["id"], credits=shares, value=eur("100.00"))
    await tell(client, deal, "reach", milestone="interest")
    rows = (
        await work.db.execute(
            text("SELECT reporting_value, counts FROM credits WHERE opportunity_id = :id"),
            {"id": deal["id"]},
        )
    ).all()
    assert sorted(row.reporting_value for row in rows) == [
        Decimal("33.33"), Decimal("33.33"), Decimal("33.34")
    ]  # fmt: skip
    assert [row.counts for row in rows].count(True) == 1


async def test_several_orders_add_up_and_arrive_once(client, process, work, clock):
    deal = await make_deal(client, value=eur("100.00"))
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("60.00"))
    clock.forward(days=30)
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("45.50"))
    assert deal["ordered_value"] == eur("105.50")
    assert deal["won_at"] == "2026-07-20T09:30:00Z"
    rows = await work.db.execute(
        text(
            "SELECT ordinal, reporting_value FROM passages WHERE opportunity_id = :id"
            " AND position = 5 ORDER BY ordinal"
        ),
        {"id": deal["id"]},
    )
    assert [tuple(row) for row in rows] == [(1, Decimal("60.00")), (2, Decimal("45.50"))]


async def test_a_hold_stops_the_clock(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=10)
    deal = await tell(client, deal, "hold", until="2026-09-20T00:00:00Z", reason="summer")
    assert deal["status"] == "on_hold"
    clock.forward(days=20)
    deal = await tell(client, deal, "resume")
    clock.forward(days=5)
    deal = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert (deal["status"], deal["age_days"]) == ("open", 15)


async def test_a_hold_that_is_over_ends_by_itself(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "hold", until="2026-07-30T09:30:00Z")
    clock.forward(days=15)
    deal = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert (deal["status"], deal["age_days"]) == ("open", 5)


async def test_a_revival_needs_an_act_and_starts_a_new_clock(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await tell(client, deal, "exit", kind="no_response")
    clock.forward(days=40)
    answer = await client.post(f"/v1/opportunities/{deal['id']}/revive", json={"act": "wrote"})
    assert answer.status_code == 422
    deal = await tell(client, deal, "revive", act="wrote", what="is interested again")
    assert (deal["status"], deal["milestone"], deal["age_days"]) == ("open", "need", 0)


async def test_nothing_happens_in_the_future_and_before_creation_only_on_purpose(client, process):
    deal = await make_deal(client)
    path = f"/v1/opportunities/{deal['id']}/reach"
    for moment, code in (
        ("2026-07-20T09:30:01Z", "in_future"),
        ("2026-07-01T00:00:00Z", "before_creation"),
    ):
        answer = await client.post(path, json={"milestone": "need", "occurred_at": moment})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == code
    body = {"milestone": "need", "occurred_at": "2026-07-01T00:00:00Z", "backdate": True}
    assert (await client.post(path, json=body)).json()["reached_at"] == "2026-07-01T00:00:00Z"


async def test_a_required_milestone_wants_evidence(client):
    first = {**MILESTONES[0], "evidence_policy": "required"}
    await make_process(client, milestones=[first, *MILESTONES[1:]])
    deal = await make_deal(client)
    answer = await client.post(
        f"/v1/opportunities/{deal['id']}/reach", json={"milestone": "interest"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "evidence-required")
    evidence = [{"type": "mail", "note": "asked for the brochure"}]
    await tell(client, deal, "reach", milestone="interest", evidence=evidence)


async def test_a_section_that_must_not_be_skipped_is_not(client):
    fixed = {**MILESTONES[1], "skippable": False}
    await make_process(client, milestones=[MILESTONES[0], fixed, *MILESTONES[2:]])
    deal = await make_deal(client)
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json={"milestone": "need"})
    assert (answer.status_code, answer.json()["code"]) == (409, "milestone-order")


async def test_an_exit_takes_one_of_the_reasons_of_its_section(client):
    reasons = [{"key": "price", "name": "Too expensive", "kind": "lost"}]
    first = {**MILESTONES[0], "exit_reasons": reasons}
    await make_process(client, milestones=[first, *MILESTONES[1:]])
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    for body in ({"kind": "lost"}, {"kind": "lost", "reason": "weather"}):
        answer = await client.post(f"/v1/opportunities/{deal['id']}/exit", json=body)
        assert answer.json()["errors"][0]["pointer"] == "/reason"
    deal = await tell(client, deal, "exit", kind="lost", reason="price", competitor="Other Ltd")
    assert (deal["status"], deal["exit_reason"]) == ("exited", "price")


async def test_moving_to_a_new_version_keeps_arrivals_and_makes_none(client, process, arrivals):
    deal = await make_deal(client, value=eur("10.00"))
    await tell(client, deal, "reach", milestone="need")
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=MILESTONES)
    deal = await tell(client, deal, "move", process_id="new-business")
    assert (deal["process_version"], deal["milestone"]) == (2, "need")
    assert list(await arrivals(deal, "ordinal")) == ["interest", "invited", "need"]
    deal = await tell(client, deal, "reach", milestone="concept")
    outcomes = await arrivals(deal, "outcome")
    assert outcomes == {
        "interest": "advanced",
        "invited": "advanced",
        "need": "advanced",
        "concept": None,
    }


async def test_moving_to_another_process_is_neither_a_win_nor_a_loss(client, process, arrivals):
    await make_process(client, key="renewal")
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="invited")
    deal = await tell(client, deal, "move", process_id="renewal", milestone="interest")
    assert (deal["milestone"], deal["status"]) == ("interest", "open")
    assert await arrivals(deal, "outcome") == {"interest": "advanced", "invited": "moved"}


async def test_a_past_moment_shows_what_was_known_then(client, process, work, clock):
    deal = await make_deal(client, created_at="2026-07-01T00:00:00Z", value=eur("10.00"))
    await tell(client, deal, "reach", milestone="interest")
    then = clock.now
    clock.forward(days=3)
    await tell(client, deal, "reach", milestone="need", occurred_at="2026-07-05T00:00:00Z")

    async def seen(**moment):
        rows = replay.passages(work, process_id=UUID(process["id"]), **moment)
        return [row.position for row in await work.all(rows.select().order_by(rows.c.position))]

    assert await seen() == [1, 2, 3]
    assert await seen(as_of=then) == [1]
    assert await seen(effective_at=day(6)) == [1, 2, 3]
    assert await seen(effective_at=day(4)) == []


async def test_history_is_told_in_order(client, process):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need", act="wrote", what="sent a list")
    await tell(client, deal, "exit", kind="lost")
    page = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()
    assert [event["kind"] for event in page["data"]] == ["created", "reached", "exited"]
    assert page["data"][1]["milestone"] == "need"
    assert page["data"][1]["actor"].startswith("key:")


async def test_business_is_existing_after_an_order_and_won_back_after_three_years(
    client, process, clock
):
    account = await post(client, "/v1/accounts", name="Acme")
    first = await make_deal(client, account_id=account["id"])
    await tell(client, first, "reach", milestone="order", amount=eur("10.00"))
    clock.forward(days=300)
    second = await make_deal(client, account_id=account["id"])
    clock.forward(days=900)
    third = await make_deal(client, account_id=account["id"])
    nobody = await make_deal(client)
    assert [deal["business_type"] for deal in (first, second, third, nobody)] == [
        "new", "existing", "new", None
    ]  # fmt: skip
    assert third["business_subtype"] == "win_back"


async def test_a_foreign_currency_is_frozen_at_the_rate_of_its_day(
    client, process, arrivals, clock
):
    usd = {"amount": "100.00", "currency": "USD"}
    await post(
        client, "/v1/currency_rates", currency="USD", day="2026-07-01", rate="0.90", source="ecb"
    )
    deal = await make_deal(client, value=usd)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=1)
    await post(
        client, "/v1/currency_rates", currency="USD", day="2026-07-01", rate="0.50", source="ecb"
    )
    await tell(client, deal, "reach", milestone="invited")
    assert await arrivals(deal, "reporting_value") == {
        "interest": Decimal("90.00"), "invited": Decimal("50.00")
    }  # fmt: skip


async def test_what_arrived_before_any_rate_is_converted_when_one_comes(
    client, process, arrivals, clock
):
    deal = await make_deal(client, value={"amount": "100.00", "currency": "USD"})
    await tell(client, deal, "reach", milestone="interest")
    assert await arrivals(deal, "reporting_value") == {"interest": None}
    clock.forward(hours=1)
    await post(
        client, "/v1/currency_rates", currency="USD", day="2026-07-01", rate="0.90", source="ecb"
    )
    assert await arrivals(deal, "reporting_value") == {"interest": Decimal("90.00")}
