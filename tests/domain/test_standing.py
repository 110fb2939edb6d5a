"""What stands is read, kept and renewed without the others, and is what would be cut out of all."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.facts import keeping
from tests.deals import MILESTONES, make_deal, make_process, tell
from tests.domain.records import agree, asked_of

KEYS = [each["key"] for each in MILESTONES]
DEALS = st.integers(0, 3)
WON = {"milestone": KEYS[-1], "amount": {"amount": "9.00", "currency": "EUR"}}
SAID = [
    *(("reach", {"milestone": key}) for key in KEYS[:3]),
    *(("exit", {"kind": kind}) for kind in ("declined", "declined", "lost")),
    ("reach", WON),
    ("regress", {"milestone": KEYS[0], "reason": "budget"}),
    ("void", {"milestone": KEYS[-1], "reason": "it was an offer"}),
    ("reopen", {"reason": "by mistake"}),
    ("revive", {"act": "wrote", "what": "is interested again"}),
    ("resume", {}),
    ("ball", {"ball": "us"}),
    ("move", {"process_id": "other"}),
    ("move", {"process_id": "new-business"}),
    ("restore", {}),
]
ACTS = st.sampled_from([*SAID, ("hold", {}), ("delete", {}), ("wait", {}), ("look", {})])


@pytest.fixture
async def processes(client):
    return [await make_process(client, key=key) for key in ("new-business", "other")]


async def done(client, clock, deal, act, said):
    """Whatever is told, be it taken or refused."""
    path = f"/v1/opportunities/{deal['id']}"
    if act == "wait":
        clock.forward(days=2)
        return
    if act == "delete":
        found = await client.get(path)
        if not found.is_success:  # it is gone already
            return
        answer = await client.delete(path, headers={"If-Match": found.headers["etag"]})
    elif act == "hold":
        until = (clock.now + timedelta(days=3)).isoformat()
        answer = await client.post(f"{path}/hold", json={"until": until, "reason": "holidays"})
    else:
        answer = await client.post(f"{path}/{act}", json=said)
    assert answer.is_success or answer.status_code in (404, 409, 412, 422, 428), answer.text


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(st.tuples(DEALS, ACTS), min_size=4, max_size=16))
async def test_after_any_history_it_is_what_is_cut_out_of_all(
    client, at_work, processes, clock, history
):
    deals = [await make_deal(client) for _ in range(4)]
    for deal in deals[:2]:
        await tell(client, deal, "reach", milestone=KEYS[0])
    for number, (act, said) in history:
        if act == "look":
            async with at_work() as work:
                await agree(work)
        else:
            await done(client, clock, deals[number], act, said)
    async with at_work() as work:
        await agree(work)
        await agree(work, "other")


async def test_only_touched_deals_that_stand_are_read_again(client, at_work, processes, statements):
    deals = [await make_deal(client) for _ in range(3)]
    for deal in deals:
        await tell(client, deal, "reach", milestone=KEYS[0])
    async with at_work() as work:
        since = work.now - timedelta(days=30)
        assert await standing(work, since) == ids(deals)
    await tell(client, deals[1], "exit", kind="lost")
    await tell(client, deals[2], "exit", kind="declined")
    async with at_work() as work:
        statements.clear()
        assert await standing(work, since) == ids(deals[:1] + deals[2:])
        read = [each for each in statements if "passages" in each]
        assert len(read) == 2
        assert all("status = 'open'" in each and "= ANY(CAST(" in each for each in read)


async def test_declined_ones_of_before_are_read_by_whoever_asks_for_them(
    client, at_work, processes, clock
):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone=KEYS[0])
    await tell(client, deal, "exit", kind="declined")
    clock.forward(days=5)
    async with at_work() as work:
        for days, found in ((2, []), (9, [deal]), (2, []), (9, [deal])):
            assert await standing(work, work.now - timedelta(days=days)) == ids(found)


async def standing(work, since):
    record = await keeping.kept(work, await asked_of(work, standing=since))
    return {str(id) for id in record.deals["opportunity_id"]}


def ids(deals):
    return {deal["id"] for deal in deals}
