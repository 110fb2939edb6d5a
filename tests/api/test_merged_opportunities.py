from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import eur, make_deal, make_process, tell


async def merge(client, deal, into, **more):
    path = f"/v1/opportunities/{deal['id']}/merge"
    return await client.post(path, json={"into": into["id"]} | more)


async def read(client, deal):
    return (await client.get(f"/v1/opportunities/{deal['id']}")).json()


async def two(client):
    await make_process(client)
    return [await make_deal(client, value=eur("100")) for _ in range(2)]


async def test_of_two_that_are_one_this_one_is_over_and_the_other_goes_on(client):
    deal, other = await two(client)
    answer = await merge(client, deal, other, note="entered twice")
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["status"], seen["exit_kind"]) == ("exited", "duplicate")
    assert seen["duplicate_of"] == other["id"]
    assert (await read(client, other))["duplicate_of"] is None
    events = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    last = events[-1]
    assert (last["kind"], last["duplicate_of"], last["note"]) == (
        "exited",
        other["id"],
        "entered twice",
    )


async def test_reopening_takes_it_back(client, clock):
    deal, other = await two(client)
    await merge(client, deal, other)
    clock.forward(hours=1)
    seen = await tell(client, deal, "reopen", reason="they were two")
    assert (seen["status"], seen["duplicate_of"]) == ("open", None)
    clock.forward(hours=1)
    again = await tell(client, deal, "exit", kind="duplicate")
    assert again["duplicate_of"] is None


async def test_a_duplicate_is_no_loss(client):
    deal, other = await two(client)
    for each in (deal, other):
        await tell(client, each, "reach", milestone="interest")
    await merge(client, deal, other)
    rates = await client.get("/v1/rates", params={"process": "new-business"})
    [section] = [one for one in rates.json()["sections"] if one["section"] == 1]
    counts = section["counts"]
    assert (counts["entered"], counts["exited"]) == (1, 0)
    assert counts["left_out"]["duplicate"] == 1


async def test_what_is_given_up_takes_nothing_in_and_nothing_is_its_own_duplicate(client):
    deal, other = await two(client)
    assert (await merge(client, deal, deal)).json()["errors"][0]["code"] == "itself"
    await merge(client, deal, other)
    for one, into in ((other, deal), (deal, other)):
        answer = await merge(client, one, into)
        assert (answer.status_code, answer.json()["code"]) == (409, "opportunity-closed")


async def test_an_opportunity_elsewhere_is_not_there(client, neighbour, stranger, limited):
    deal, other = await two(client)
    [theirs, _] = await two(neighbour)
    nobody = {"id": str(uuid7())}
    for caller, one, into in (
        (client, deal, theirs),
        (client, deal, nobody),
        (neighbour, deal, theirs),
        (neighbour, theirs, deal),
    ):
        assert (await merge(caller, one, into)).status_code == 404
    assert (await merge(stranger, deal, other)).status_code == 401
    reader = await limited(Scope.OPPORTUNITIES_READ)
    assert (await merge(reader, deal, other)).status_code == 403
    path = f"/v1/opportunities/{deal['id']}/reviews"
    assert (await stranger.post(path, json={})).status_code == 401
    assert (await reader.post(path, json={})).status_code == 403
    assert (await neighbour.post(path, json={})).status_code == 404


async def test_what_is_talked_about_again_and_again_is_counted_and_does_not_move(client, clock):
    deal, _ = await two(client)
    deal = await tell(client, deal, "reach", milestone="interest")
    for day in (31, 31, 31):
        clock.forward(days=day)
        seen = await tell(client, deal, "reviews", note="they still think about it")
    assert (seen["age_days"], seen["milestone"]) == (93, "interest")
    next = (await client.get(f"/v1/opportunities/{deal['id']}/next")).json()
    counts = ("review_count", "carried_over_periods", "revived_count")
    assert [next[name] for name in counts] == [3, 3, 0]
    past = {"as_of": "2026-09-25T00:00:00Z"}
    then = (await client.get(f"/v1/opportunities/{deal['id']}/next", params=past)).json()
    assert [then[name] for name in counts] == [2, 2, 0]
    await tell(client, deal, "exit", kind="lost")
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reviews", json={})
    assert answer.json()["code"] == "opportunity-closed"


async def test_the_horses_are_sorted_by_what_was_asked_for(client, clock):
    milestones = [
        {"key": "need", "name": "N", "customer_act": "names it", "stale_after_days": 10},
        {"key": "order", "name": "O", "customer_act": "orders"},
    ]
    await make_process(client, milestones=milestones)
    for name, ago, value, reviews in (
        ("old", 200, "1000", 1),
        ("large", 40, "4000", 0),
        ("unknown", 100, None, 3),
    ):
        clock.forward(days=-ago)
        deal = await make_deal(client, name, value=eur(value) if value else None)
        await tell(client, deal, "reach", milestone="need")
        clock.forward(days=ago)
        for _ in range(reviews):
            await tell(client, deal, "reviews")

    async def named(**asked):
        answer = await client.get("/v1/stale", params={"process": "new-business"} | asked)
        assert answer.status_code == 200, answer.text
        return [(one["name"], one["review_count"]) for one in answer.json()["data"]]

    old, large, unknown = ("old", 1), ("large", 0), ("unknown", 3)
    assert await named() == await named(sort="-carried_value") == [old, large, unknown]
    assert await named(sort="-value") == [large, old, unknown]
    assert await named(sort="-review_count") == [unknown, old, large]
    for sort in ("-carried_over_periods", "-age_days"):
        assert await named(sort=sort) == [old, unknown, large]
    refused = await client.get("/v1/stale", params={"process": "new-business", "sort": "name"})
    assert refused.status_code == 422
