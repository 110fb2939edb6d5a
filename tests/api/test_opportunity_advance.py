"""A step forward in one statement leaves what deriving the history leaves, or does nothing."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.domain import opportunity_steps, replay
from app.domain.ledger.kinds import KINDS
from app.domain.ledger.recounting import differences
from app.tables import Opportunity
from tests.deals import MILESTONES, eur, make_deal, make_person, make_process, tell

PLAIN = {"milestone": "need"}


@pytest.fixture
def steps(monkeypatch):
    """Of every milestone told: whether it was such a step."""
    seen, advance = [], opportunity_steps.advance

    async def noted(*asked):
        found = await advance(*asked)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(opportunity_steps, "advance", noted)
    return seen


@pytest.fixture
async def settled(work):
    """Derives the deals again; gives what that finds wrong."""

    async def asked(*deals):
        ids = [UUID(deal["id"]) for deal in deals]
        before = await stored(work, ids)
        await replay.derive(work, ids=ids)
        assert await stored(work, ids) == before
        assert [one for name in KINDS for one in await differences(work, name)] == []

    return asked


async def stored(work, ids):
    rows = []
    for table in ("opportunities", "passages", "credits"):
        name = "id" if table == "opportunities" else "opportunity_id"
        order = "2" if table == "opportunities" else "opportunity_id, position, ordinal"
        order = "opportunity_id, milestone_id, ordinal" if table == "credits" else order
        found = await work.db.execute(
            text(f"SELECT * FROM {table} WHERE {name} = ANY(:ids) ORDER BY {order}"),  # noqa: S608 - ours
            {"ids": ids},
        )
        rows += [tuple(row) for row in found]
    return rows


@pytest.fixture
async def owner(client):
    await make_process(client)
    return (await make_person(client))["id"]


async def test_steps_leave_what_the_history_says(client, owner, steps, settled, clock):
    evidence = [{"type": "mail"}]
    tales = [
        [{"milestone": "interest"}, {"milestone": "invited"}, {"milestone": "concept"}],
        [{"milestone": "concept", "act": "said", "what": "ü", "evidence": evidence}],
        [{"milestone": "need", "amount": eur("0.05")}, {"milestone": "concept"}],
        [{"milestone": "interest", "occurred_at": "2026-07-20T09:30:00Z"}, PLAIN],
    ]
    deals = [
        await make_deal(client, **more)
        for more in (
            {"owner_id": owner, "value": eur("100.10")},
            {},
            {"owner_id": owner},
            {"value": eur("7"), "created_at": "2026-07-01T08:00:00Z", "business_type": "new"},
        )
    ]
    await client.get("/v1/opportunities")
    for deal, tale in zip(deals, tales, strict=True):
        for body in tale:
            clock.forward(seconds=1)
            answer = await tell(client, deal, "reach", **body)
            assert answer == (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert steps == [True] * sum(map(len, tales))
    await settled(*deals)


async def test_what_was_said_in_between_does_not_stand_in_the_way(
    client, owner, steps, settled, clock
):
    deal = await make_deal(client, value=eur("1"))
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(minutes=1)
    path = f"/v1/opportunities/{deal['id']}"
    tag = (await client.get(path)).headers["etag"]
    change = {"value": eur("2.50"), "owner_id": owner}
    assert (await client.patch(path, json=change, headers={"If-Match": tag})).status_code == 200
    await tell(client, deal, "reviews")
    assert (await tell(client, deal, "reach", **PLAIN))["milestone"] == "need"
    assert steps == [True, True]
    await settled(deal)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([("reach", {"milestone": "need"})], {"milestone": "need"}),
        ([("reach", {"milestone": "need"})], {"milestone": "interest"}),
        (
            [
                ("reach", {"milestone": "need"}),
                ("regress", {"milestone": "interest", "reason": "-"}),
            ],
            PLAIN,
        ),
        ([("hold", {"until": "2027-01-01T00:00:00Z", "reason": "-"})], PLAIN),
        ([("hold", {"until": "2027-01-01T00:00:00Z", "reason": "-"}), ("resume", {})], PLAIN),
        ([("exit", {"kind": "lost"}), ("reopen", {"reason": "-"})], PLAIN),
        ([("ball", {"ball": "us"})], PLAIN),
        ([("reach", {"milestone": "interest"}), ("verify", {"milestone": "interest"})], PLAIN),
        ([("reach", {"milestone": "interest"})], PLAIN | {"occurred_at": "2026-07-02T08:00:00Z"}),
        ([], PLAIN | {"amount": {"amount": "5", "currency": "USD"}}),
    ],
)
async def test_any_other_history_is_derived(client, owner, steps, settled, clock, before, told):
    deal = await make_deal(client, created_at="2026-07-01T08:00:00Z", owner_id=owner)
    for event, body in before:
        await tell(client, deal, event, **body)
        clock.forward(minutes=1)
    steps.clear()
    await tell(client, deal, "reach", **told)
    assert steps == [False]
    await settled(deal)


async def test_shares_of_several_people_are_derived(client, owner, steps, settled):
    other = (await make_person(client))["id"]
    shares = [{"person_id": each, "percent": "50"} for each in (owner, other)]
    deal = await make_deal(client, owner_id=owner, credits=shares, value=eur("0.05"))
    await client.get("/v1/opportunities")
    await tell(client, deal, "reach", **PLAIN)
    assert steps == [False]
    await settled(deal)


async def test_a_section_that_may_not_be_skipped_is_not_skipped(client, steps):
    fixed = [MILESTONES[0], MILESTONES[1] | {"skippable": False}, *MILESTONES[2:]]
    await make_process(client, milestones=fixed)
    deal = await make_deal(client)
    await client.get("/v1/opportunities")
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json=PLAIN)
    assert (answer.status_code, answer.json()["code"]) == (409, "milestone-order")
    await tell(client, deal, "reach", milestone="invited")
    assert steps == [False, True]


async def test_who_waited_for_another_writer_goes_by_what_that_one_wrote(
    app, client, owner, steps, settled, work, clock
):
    """Its statement began before the other's transaction ended, and saw the deal as it was."""
    deal = await make_deal(client, owner_id=owner, value=eur("10"))
    await client.get("/v1/opportunities")
    await tell(client, deal, "reach", milestone="interest")
    engine, id = app.state.engine, UUID(deal["id"])
    async with engine.begin() as other:
        await other.execute(text(f"SET LOCAL app.ws = '{work.workspace_id}'"))
        row = select(Opportunity).where(Opportunity.workspace_id == work.workspace_id)
        await other.execute(row.where(Opportunity.id == id).with_for_update())
        waiting = asyncio.create_task(tell(client, deal, "reach", milestone="concept"))
        await blocked(other)
        await other.execute(
            text(
                "UPDATE opportunities SET name = 'Changed', version = version + 1"
                " WHERE workspace_id = :workspace AND id = :id"
            ),
            {"workspace": work.workspace_id, "id": id},
        )
    answer = await waiting
    assert (answer["name"], answer["milestone"]) == ("Changed", "concept")
    assert steps == [True, False]
    clock.forward(seconds=timedelta(minutes=1).total_seconds())
    await settled(deal)


async def blocked(db):
    """Until somebody waits for a lock that this transaction holds."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(60):
        while await db.scalar(waits) == 0:  # noqa: ASYNC110 - nobody tells when it happens
            await asyncio.sleep(0.01)
