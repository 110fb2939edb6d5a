import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import make_deal, make_person, make_process, tell

PATH = "/v1/processes/new-business/adherence"
MAIL = [{"type": "mail", "note": "asked for details"}]


async def shares(client, **asked):
    """(count, n) of every share."""
    answer = await client.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return {
        name: (one["count"], one["n"])
        for name, one in answer.json().items()
        if isinstance(one, dict)
    }


async def test_where_nothing_was_told_there_is_no_share(client):
    await make_process(client)
    found = (await client.get(PATH)).json()
    assert found["with_evidence"] == {"share": None, "count": 0, "n": 0}
    assert (found["period"], found["people"]) == ("2026-07", [])


async def test_evidence_and_skipped_milestones(client):
    await make_process(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest", evidence=MAIL)
    await tell(client, deal, "reach", milestone="concept")
    found = (await client.get(PATH)).json()
    assert found["with_evidence"] == {"share": "0.5000", "count": 1, "n": 2}
    assert found["skipped"] == {"share": "0.5000", "count": 2, "n": 4}


async def test_what_is_told_more_than_a_week_later_is_backdated(client, clock):
    await make_process(client)
    deal = await make_deal(client)
    clock.forward(days=9)
    for key, day in (("interest", "21T10"), ("invited", "22T10")):
        await tell(client, deal, "reach", milestone=key, occurred_at=f"2026-07-{day}:00:00Z")
    assert (await shares(client))["backdated"] == (1, 2)


async def test_five_told_within_a_minute_are_a_batch_and_four_are_none(client, clock):
    await make_process(client)
    deals = [await make_deal(client) for _ in range(10)]
    for number, deal in enumerate(deals):
        await tell(client, deal, "reach", milestone="interest")
        clock.forward(seconds=15 if number < 4 else 20)
    assert (await shares(client))["batch_entered"] == (5, 10)


async def test_a_void_reach_is_not_counted(client):
    await make_process(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    await tell(client, deal, "void", milestone="interest", reason="a mistake")
    assert (await shares(client))["with_evidence"] == (0, 0)


async def test_a_reach_after_an_exit_is_told_apart(client, clock):
    await make_process(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(hours=1)
    await tell(client, deal, "exit", kind="lost")
    clock.forward(hours=1)
    await tell(client, deal, "revive", act="did", what="called again")
    clock.forward(hours=1)
    await tell(client, deal, "reach", milestone="invited")
    assert (await shares(client))["after_exit"] == (1, 2)


async def test_the_people_sum_to_the_whole(client):
    await make_process(client)
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    for owner, milestone in ((ada, "interest"), (bob, "need"), (None, "interest")):
        deal = await make_deal(client, owner_id=owner and owner["id"])
        await tell(client, deal, "reach", milestone=milestone)
    found = (await client.get(PATH)).json()
    assert [one["name"] for one in found["people"]] == ["Ada", "Bob", None]
    assert [one["skipped"]["count"] for one in found["people"]] == [0, 2, 0]
    assert found["skipped"]["n"] == sum(one["skipped"]["n"] for one in found["people"])


async def test_the_period_is_that_of_the_arrivals_where_the_workspace_is(client, clock):
    await make_process(client)
    deal = await make_deal(client)
    clock.now = clock.now.replace(day=31, hour=22, minute=30)  # August has begun in Berlin
    await tell(client, deal, "reach", milestone="interest")
    assert (await shares(client, period="2026-07"))["skipped"] == (0, 0)
    assert (await shares(client))["skipped"] == (0, 1)


async def test_it_costs_the_same_for_many(client, statements):
    await make_process(client)
    await shares(client)
    statements.clear()
    await shares(client)
    cost = len(statements)
    await tell(client, await make_deal(client), "reach", milestone="need")
    statements.clear()
    await shares(client)
    assert len(statements) == cost


@pytest.mark.parametrize("asked", [{"period": "2026-13"}, {"page": 1}])
async def test_a_question_that_means_nothing_is_refused(client, asked):
    await make_process(client)
    answer = await client.get(PATH, params=asked)
    assert answer.status_code == 422
    [name] = asked
    assert answer.json()["errors"][0]["parameter"] == name


async def test_it_is_closed_to_others(client, neighbour, stranger, limited):
    process = await make_process(client)
    path = PATH.replace("new-business", process["id"])
    assert (await stranger.get(path)).status_code == 401
    assert (await (await limited(Scope.PROCESSES_READ)).get(path)).status_code == 403
    theirs = await neighbour.get(path)
    random = await neighbour.get(PATH.replace("new-business", other := str(uuid7())))
    assert theirs.status_code == random.status_code == 404
    assert theirs.json()["detail"].replace(process["id"], other) == random.json()["detail"]
