"""Versions of a process: what continues, what begins anew, and that none ever changes."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain import processes
from tests.api.test_processes import lineages, made, milestone, published
from tests.deals import make_deal, tell


async def test_a_new_version_continues_what_has_the_same_key(client, clock):
    before = await made(client)
    clock.forward(days=1)
    answer = await client.post(
        "/v1/processes/new-business/versions", json=published("interest", "concept", "order")
    )
    after = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/processes/{before['id']}?version=2"
    assert (after["current_version"], after["version"]) == (2, 2)
    old, new = lineages(before), lineages(after)
    assert (new["interest"], new["order"]) == (old["interest"], old["order"])
    assert new["concept"] not in old.values()


async def test_a_renamed_milestone_continues_by_saying_so_and_a_changed_one_begins_anew(client):
    old = lineages(await made(client))
    steps = published(
        milestone("interest", equivalent_to=None),
        milestone("demand", equivalent_to="need"),
        "order",
    )
    answer = await client.post("/v1/processes/new-business/versions", json=steps)
    new = lineages(answer.json())
    assert new["demand"] == old["need"]
    assert new["interest"] not in old.values()


@pytest.mark.parametrize(
    ("steps", "pointer", "code"),
    [
        ([milestone("a", equivalent_to="b"), "order"], "/milestones/0", "unknown_milestone"),
        ([milestone("a", equivalent_to="need"), "need", "order"], "/milestones/1", "lineage_taken"),
        (["interest", "order", "delivery"], "/milestones/1", "order_is_not_equivalent"),
        (["interest", "need"], "/milestones/1", "order_is_not_equivalent"),
    ],
)
async def test_continuing_what_cannot_be_continued_is_refused(client, steps, pointer, code):
    await made(client)
    answer = await client.post("/v1/processes/new-business/versions", json=published(*steps))
    assert answer.status_code == 422, answer.text
    [found] = answer.json()["errors"]
    assert (found["pointer"], found["code"]) == (f"{pointer}/equivalent_to", code)


async def test_an_older_version_can_be_read_and_is_as_it_was(client):
    before = await made(client)
    steps = published("interest", "order")
    await client.post("/v1/processes/new-business/versions", json=steps)
    old = (await client.get("/v1/processes/new-business", params={"version": 1})).json()
    assert old["milestones"] == before["milestones"]
    assert (old["process_version"], old["current_version"]) == (1, 2)
    missing = await client.get("/v1/processes/new-business", params={"version": 3})
    assert missing.status_code == 404


async def test_versions_are_listed_newest_first_page_by_page(client):
    await made(client)
    path = "/v1/processes/new-business/versions"
    await client.post(path, json=published("interest", "order"))
    first = (await client.get(path, params={"limit": 1})).json()
    cursor = first["next_cursor"]
    second = (await client.get(path, params={"limit": 1, "cursor": cursor})).json()
    found = [*first["data"], *second["data"]]
    assert [one["number"] for one in found] == [2, 1]
    assert [one["milestones"] for one in found] == [
        ["interest", "order"],
        ["interest", "need", "order"],
    ]


@pytest.mark.parametrize("table", ["process_versions", "milestones", "exit_reasons", "criteria"])
@pytest.mark.parametrize("how", ["UPDATE {} SET workspace_id = workspace_id", "DELETE FROM {}"])
async def test_the_database_does_not_let_the_service_change_what_was_published(work, table, how):
    with pytest.raises(DBAPIError, match="permission denied"):
        await work.db.execute(text(how.format(table)))


async def test_the_version_in_force_at_an_instant(work, client, clock):
    began = clock.now
    process = await made(client)
    for _ in range(2):
        clock.forward(days=10)
        steps = published("interest", "order")
        await client.post("/v1/processes/new-business/versions", json=steps)
    moments = [began - timedelta(days=3), began, began + timedelta(days=15), clock.now]
    numbers = [
        (await processes.version_at(work, process["id"], moment)).number for moment in moments
    ]
    assert numbers == [1, 1, 2, 3]
    assert (await processes.current_version(work, process["id"])).number == 3


async def test_what_was_only_at_milestones_a_new_version_has_not_breaks_no_answer(client, clock):
    await made(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest", act="said")
    clock.forward(days=1)
    steps = published("demand", "order")
    answer = await client.post("/v1/processes/new-business/versions", json=steps)
    assert answer.status_code == 201, answer.text
    clock.forward(days=1)
    for question in ("forecast", "rates", "leaks", "stale", "pipeline", "lights"):
        answer = await client.get(f"/v1/{question}", params={"process": "new-business"})
        assert answer.status_code == 200, (question, answer.text)
