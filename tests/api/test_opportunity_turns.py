"""Deals that turn: back and forth, out and in again, on hold, into other versions and processes."""

import pytest
from sqlalchemy import text

from tests.aims import ask
from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell


@pytest.fixture
async def process(client):
    return await make_process(client)


@pytest.fixture
async def arrived(work):
    """The milestones at which a deal arrived, with the month of each."""

    async def look(deal):
        rows = await work.db.execute(
            text(
                "SELECT m.key, p.ordinal, p.arrived_at FROM passages p JOIN milestones m"
                " ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id"
                " WHERE p.opportunity_id = :id ORDER BY p.position, p.ordinal"
            ),
            {"id": deal["id"]},
        )
        return [(row.key, row.ordinal, row.arrived_at.month) for row in rows]

    return look


async def seen(client, deal):
    return (await client.get(f"/v1/opportunities/{deal['id']}")).json()


async def refused(client, deal, event, **body):
    answer = await client.post(f"/v1/opportunities/{deal['id']}/{event}", json=body)
    assert answer.status_code in (409, 422), answer.text
    problem = answer.json()
    return problem["errors"][0]["code"] if "errors" in problem else problem["code"]


async def test_an_order_that_was_none_leaves_the_deal_open_where_it_was(client, process, arrived):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await tell(client, deal, "reach", milestone="order", amount=eur("9.00"))
    assert await refused(client, deal, "exit", kind="lost") == "opportunity-closed"
    deal = await tell(client, deal, "void", milestone="order", reason="it was an offer")
    assert (deal["status"], deal["milestone"], deal["won_at"]) == ("open", "need", None)
    assert deal["ordered_value"] is None
    assert [key for key, *_ in await arrived(deal)] == ["interest", "invited", "need"]


async def test_an_order_can_come_after_one_that_was_none(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="order", amount=eur("9.00"))
    await tell(client, deal, "void", milestone="order", reason="other customer")
    clock.forward(days=1)
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("7.00"))
    assert (deal["status"], deal["ordered_value"]) == ("won", eur("7.00"))
    assert deal["won_at"] == "2026-07-21T09:30:00Z"


async def test_a_further_partial_order_belongs_to_its_own_month(client, process, arrived, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="order", amount=eur("60.00"))
    clock.forward(days=40)
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("40.00"))
    assert deal["ordered_value"] == eur("100.00")
    assert (await arrived(deal))[-2:] == [("order", 1, 7), ("order", 2, 8)]


async def test_back_and_forth_and_back_stands_where_it_was_told_last(client, process, clock):
    deal = await make_deal(client)
    for event, milestone in (
        ("reach", "concept"), ("regress", "invited"), ("reach", "need"), ("regress", "interest"),
        ("reach", "concept"),
    ):  # fmt: skip
        clock.forward(days=1)
        reason = {"reason": "budget"} if event == "regress" else {}
        deal = await tell(client, deal, event, milestone=milestone, **reason)
        assert deal["milestone"] == milestone
    assert deal["reached_at"] == "2026-07-21T09:30:00Z"


async def test_a_step_back_goes_back(client, process):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    for milestone in ("need", "concept", "order"):
        body = {"milestone": milestone, "reason": "-"}
        assert await refused(client, deal, "regress", **body) == "milestone-order"


async def test_an_exit_cannot_lie_before_what_the_customer_did_since(client, process):
    deal = await make_deal(client, created_at="2026-07-01T00:00:00Z")
    await tell(client, deal, "reach", milestone="need", occurred_at="2026-07-15T00:00:00Z")
    early = {"kind": "lost", "occurred_at": "2026-07-14T00:00:00Z"}
    assert await refused(client, deal, "exit", **early) == "overtaken"
    assert (await seen(client, deal))["status"] == "open"
    deal = await tell(client, deal, "exit", kind="lost", occurred_at="2026-07-15T00:00:00Z")
    assert deal["exited_at"] == "2026-07-15T00:00:00Z"


@pytest.mark.parametrize(
    ("event", "body"), [("reopen", {"reason": "-"}), ("revive", {"act": "did", "what": "called"})]
)
async def test_nothing_comes_back_before_it_went(client, process, event, body):
    deal = await make_deal(client, created_at="2026-07-01T00:00:00Z")
    await tell(client, deal, "exit", kind="lost", occurred_at="2026-07-15T00:00:00Z")
    early = body | {"occurred_at": "2026-07-14T00:00:00Z"}
    assert await refused(client, deal, event, **early) == "overtaken"
    deal = await tell(client, deal, event, **body, occurred_at="2026-07-15T00:00:00Z")
    assert deal["status"] == "open"


async def test_out_in_out_and_in_again(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    for event, body, status in (
        ("exit", {"kind": "no_response"}, "exited"),
        ("reopen", {"reason": "wrong deal"}, "open"),
        ("exit", {"kind": "lost"}, "exited"),
        ("revive", {"act": "wrote", "what": "wants it now"}, "open"),
        ("hold", {"until": "2026-12-01T00:00:00Z"}, "on_hold"),
        ("exit", {"kind": "declined"}, "exited"),
        ("reopen", {"reason": "wrong deal"}, "open"),
    ):
        clock.forward(days=1)
        deal = await tell(client, deal, event, **body)
        assert (deal["status"], deal["milestone"]) == (status, "need")


@pytest.mark.parametrize("event", ["reopen", "revive", "resume"])
async def test_nothing_ends_that_has_not_begun(client, process, event):
    body = {"reopen": {"reason": "-"}, "revive": {"act": "did", "what": "-"}, "resume": {}}[event]
    assert await refused(client, await make_deal(client), event, **body) == "opportunity-closed"


async def test_holds_stop_the_clock_no_longer_than_the_workspace_allows(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "hold", until="2030-01-01T00:00:00Z", reason="budget in 2030")
    clock.forward(days=180)
    assert (await seen(client, deal))["age_days"] == 0
    clock.forward(days=20)
    deal = await seen(client, deal)
    assert (deal["status"], deal["age_days"]) == ("on_hold", 20)
    deal = await tell(client, deal, "resume")
    assert (deal["status"], deal["age_days"]) == ("open", 20)
    await tell(client, deal, "hold", until="2030-01-01T00:00:00Z")
    clock.forward(days=10)
    assert (await seen(client, deal))["age_days"] == 30


async def test_a_step_that_never_happened_has_not_ended_a_hold(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "hold", until="2026-12-01T00:00:00Z")
    clock.forward(days=1)
    deal = await tell(client, deal, "reach", milestone="need")
    assert deal["status"] == "open"
    clock.forward(days=1)
    deal = await tell(client, deal, "void", milestone="need", reason="other customer")
    assert deal["status"] == "on_hold"


async def test_a_hold_goes_along_into_another_process_without_making_it_younger(
    client, process, clock
):
    await make_process(client, key="renewal")
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await tell(client, deal, "hold", until="2026-12-01T00:00:00Z")
    clock.forward(days=10)
    await tell(client, deal, "move", process_id="renewal")
    clock.forward(days=5)
    await tell(client, deal, "resume")
    clock.forward(days=4)
    assert (await seen(client, deal))["age_days"] == 4


async def test_nobody_is_moved_onto_an_order_that_was_never_given(client, process):
    await make_process(client, key="renewal")
    deal = await make_deal(client)
    body = {"process_id": "renewal", "milestone": "order"}
    assert await refused(client, deal, "move", **body) == "is_the_order"
    short = [MILESTONES[0], {**MILESTONES[-1], "key": "need", "name": "Need met"}]
    await make_process(client, key="short", milestones=short)
    await tell(client, deal, "reach", milestone="need")
    assert await refused(client, deal, "move", process_id="short") == "missing"


async def test_a_new_version_takes_nobody_to_its_order(client, process):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=MILESTONES)
    path = f"/v1/processes/{process['id']}/versions/2/migrate"
    answer = await client.post(path, json={"milestones": {"need": "order"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "is_the_order")
    assert (await seen(client, deal))["process_version"] == 1


async def test_what_was_told_in_an_older_version_can_still_be_voided_and_verified(
    client, process, arrived
):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=MILESTONES)
    await tell(client, deal, "move", process_id="new-business")
    await tell(client, deal, "verify", milestone="need")
    history = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert [each["milestone"] for each in history if each["kind"] == "verified"] == ["need"]
    await tell(client, deal, "void", milestone="need", reason="other customer")
    assert await arrived(deal) == []


async def test_skipping_and_moving_between_versions_arrives_everywhere_once(
    client, process, arrived, clock
):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="invited")
    fewer = [each for each in MILESTONES if each["key"] != "need"]
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=fewer)
    clock.forward(days=30)
    deal = await tell(client, deal, "move", process_id="new-business")
    assert (deal["milestone"], deal["milestone_position"]) == ("invited", 2)
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("5.00"))
    assert (deal["status"], deal["milestone_position"]) == ("won", 4)
    assert await arrived(deal) == [
        ("interest", 1, 7), ("invited", 1, 7), ("concept", 1, 8), ("order", 1, 8)
    ]  # fmt: skip


async def test_three_people_share_every_cent_of_every_partial_order(client, process, work):
    people = [await make_person(client, name) for name in "ABC"]
    shares = [
        {"person_id": person["id"], "percent": percent}
        for person, percent in zip(people, ("50", "33.333333", "16.666667"), strict=True)
    ]
    deal = await make_deal(client, owner_id=people[1]["id"], credits=shares)
    for amount in ("0.01", "100.01"):
        await tell(client, deal, "reach", milestone="order", amount=eur(amount))
    rows = await work.db.execute(
        text(
            "SELECT ordinal, sum(reporting_value) AS total, count(*) FILTER (WHERE counts) AS once"
            " FROM credits JOIN milestones m ON m.id = milestone_id AND m.is_order"
            " WHERE opportunity_id = :id GROUP BY ordinal ORDER BY ordinal"
        ),
        {"id": deal["id"]},
    )
    assert [(row.ordinal, f"{row.total:.2f}", row.once) for row in rows] == [
        (1, "0.01", 1), (2, "100.01", 1)
    ]  # fmt: skip


async def test_an_event_of_two_weeks_ago_is_told_today_and_says_both(client, process):
    deal = await make_deal(client, created_at="2026-07-01T00:00:00Z")
    await tell(client, deal, "reach", milestone="need", occurred_at="2026-07-06T08:00:00Z")
    history = (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]
    assert (history[1]["occurred_at"], history[1]["recorded_at"]) == (
        "2026-07-06T08:00:00Z", "2026-07-20T09:30:00Z"
    )  # fmt: skip


async def test_a_deal_found_out_to_be_smaller_stays_as_large_as_it_was_in_the_past(
    client, process, work, clock
):
    deal = await make_deal(client, value=eur("100.00"))
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=1)
    await change(client, deal, value=eur("40.00"))
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("35.00"))
    assert deal["value"] == eur("40.00")
    rows = text("SELECT value FROM passages WHERE opportunity_id = :id ORDER BY position")
    values = (await work.db.scalars(rows, {"id": deal["id"]})).all()
    assert values == [100, 40, 40, 40, 35]
