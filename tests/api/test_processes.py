from copy import deepcopy

import pytest

from app.core.ids import uuid7
from app.domain import milestones, processes
from app.domain.access import Scope
from app.schemas.processes import ProcessIn

SECTION = {
    "target_rate": "0.5",
    "typical_days": 30,
    "stale_after_days": 60,
    "owner_role": "Sales",
    "exit_reasons": [{"key": "silent", "name": "Silent", "kind": "no_response"}],
}


def milestone(key, **more):
    return {"key": key, "name": key, "customer_act": f"The customer says {key}."} | more


def definition(*keys, **more):
    *sections, order = keys or ("interest", "need", "order")
    steps = [*(milestone(key, **deepcopy(SECTION)) for key in sections), milestone(order)]
    return {"key": "new-business", "name": "New business", "milestones": steps} | more


def published(*steps):
    return {"milestones": [one if isinstance(one, dict) else milestone(one) for one in steps]}


async def made(client, *keys, **more):
    answer = await client.post("/v1/processes", json=definition(*keys, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def refused(client, **change):
    """The pointer and code of the one fault in a definition with a changed milestone."""
    body = definition()
    index = change.pop("at", 0)
    body["milestones"][index] |= change
    answer = await client.post("/v1/processes", json=body)
    assert answer.status_code == 422, answer.text
    [found] = answer.json()["errors"]
    return found["pointer"], found["code"]


def lineages(process):
    return {one["key"]: one["lineage_id"] for one in process["milestones"]}


async def test_a_process_is_answered_as_one_document_with_its_place_and_etag(client):
    answer = await client.post("/v1/processes", json=definition(market="SMB"))
    process = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/processes/{process['id']}"
    assert (answer.headers["etag"], process["version"]) == ('"1"', 1)
    assert (process["current_version"], process["process_version"]) == (1, 1)
    assert [one["position"] for one in process["milestones"]] == [1, 2, 3]
    assert [one["is_order"] for one in process["milestones"]] == [False, False, True]
    assert (process["currency"], process["market"], process["warnings"]) == ("EUR", "SMB", [])


async def test_every_field_of_a_milestone_comes_back(client):
    full = SECTION | {
        "target_retention": "1.10",
        "evidence_policy": "required",
        "phase": "contact",
        "skippable": False,
        "playbook": {"goal": "Go", "questions": ["Why?"], "assets": [{"name": "A", "url": None}]},
        "criteria": [{"key": "budget", "name": "Budget", "weight": "0.5"}],
    }
    body = definition()
    body["milestones"][0] |= full
    first = (await client.post("/v1/processes", json=body)).json()["milestones"][0]
    reasons = [{"key": "silent", "name": "Silent", "kind": "no_response", "recoverable": True}]
    assert {name: first[name] for name in full} == full | {"exit_reasons": reasons}


@pytest.mark.parametrize(
    ("said", "seen", "exact"),
    [
        ("0.35", "0.35", "7/20"),
        ("1", "1", "1/1"),
        ({"num": 1, "den": 3}, "0.33333333333333333333", "1/3"),
        ({"num": 2, "den": 4}, "0.5", "1/2"),
    ],
)
async def test_a_rate_is_kept_exactly(client, said, seen, exact):
    body = definition()
    body["milestones"][0]["target_rate"] = said
    first = (await client.post("/v1/processes", json=body)).json()["milestones"][0]
    assert (first["target_rate"], first["target_rate_exact"]) == (seen, exact)


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("0", "rate_must_be_positive"),
        ("-0.1", "rate_must_be_positive"),
        ("1.01", "rate_above_one"),
        ("half", "rate_malformed"),
        (0.5, "rate_malformed"),
        ({"num": 1, "den": 0}, "rate_malformed"),
        ({"num": 1}, "rate_malformed"),
    ],
)
async def test_an_impossible_rate_is_refused_with_its_place(client, rate, code):
    assert await refused(client, at=1, target_rate=rate) == ("/milestones/1/target_rate", code)


@pytest.mark.parametrize("retention", ["0", "1,1", 1.1, "NaN"])
async def test_an_impossible_retention_is_refused_with_its_place(client, retention):
    pointer, code = await refused(client, target_retention=retention)
    assert pointer == "/milestones/0/target_retention"
    assert code.startswith("retention_")


@pytest.mark.parametrize(
    "field",
    [
        {"target_rate": "0.5"},
        {"target_retention": "1"},
        {"typical_days": 3},
        {"stale_after_days": 9},
        {"exit_reasons": SECTION["exit_reasons"]},
        {"criteria": [{"key": "a", "name": "A"}]},
    ],
)
async def test_no_section_begins_at_the_order(client, field):
    [name] = field
    assert await refused(client, at=2, **field) == (f"/milestones/2/{name}", "not_on_the_order")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"key": "need"}, "/milestones/1/key", "repeated_key"),
        ({"key": "Need!"}, "/milestones/0/key", "pattern"),
        ({"customer_act": ""}, "/milestones/0/customer_act", "too_short"),
        ({"typical_days": 0}, "/milestones/0/typical_days", "too_small"),
        ({"evidence_policy": "maybe"}, "/milestones/0/evidence_policy", "not_one_of"),
        ({"kind": "order"}, "/milestones/0/kind", "unknown_field"),
        (
            {"exit_reasons": [{"key": "a", "name": "A", "kind": "stale"}]},
            "/milestones/0/exit_reasons/0/kind",
            "not_one_of",
        ),
        (
            {"exit_reasons": SECTION["exit_reasons"] * 2},
            "/milestones/0/exit_reasons/1/key",
            "repeated_key",
        ),
        (
            {"criteria": [{"key": "a", "name": "A", "weight": "0"}]},
            "/milestones/0/criteria/0/weight",
            "too_small",
        ),
    ],
)
async def test_a_definition_that_does_not_hold_is_refused_with_its_place(
    client, change, pointer, code
):
    assert await refused(client, **change) == (pointer, code)


@pytest.mark.parametrize(("count", "code"), [(1, "too_few"), (13, "too_many")])
async def test_a_process_has_two_to_twelve_milestones(client, count, code):
    steps = [milestone(f"m{number}") for number in range(count)]
    answer = await client.post("/v1/processes", json=definition(milestones=steps))
    [found] = answer.json()["errors"]
    assert (answer.status_code, found["pointer"], found["code"]) == (422, "/milestones", code)


@pytest.mark.parametrize("both", [{"milestones": None}, {"template": "funnel-5"}])
async def test_a_process_has_either_milestones_or_a_template(client, both):
    answer = await client.post("/v1/processes", json=definition(**both))
    [found] = answer.json()["errors"]
    assert (answer.status_code, found["code"]) == (422, "milestones_or_template")


async def test_a_key_is_taken_once_and_free_again_after_deletion(client):
    process = await made(client)
    again = await client.post("/v1/processes", json=definition())
    assert (again.status_code, again.json()["code"]) == (409, "key-taken")
    tag = {"If-Match": '"1"'}
    gone = await client.delete(f"/v1/processes/{process['id']}", headers=tag)
    assert gone.status_code == 204
    assert (await made(client))["id"] != process["id"]


async def test_a_key_that_looks_like_an_id_is_refused(client):
    answer = await client.post("/v1/processes", json=definition(key=str(uuid7())))
    assert answer.json()["errors"][0]["code"] == "key_looks_like_an_id"


async def test_a_process_is_read_by_id_or_key(client):
    process = await made(client)
    for name in (process["id"], process["key"]):
        answer = await client.get(f"/v1/processes/{name}")
        assert (answer.json(), answer.headers["etag"]) == (process, '"1"')


async def test_a_patch_renames_and_leaves_the_rest(client):
    process = await made(client, market="SMB")
    answer = await client.patch(
        "/v1/processes/new-business", json={"name": "Other"}, headers={"If-Match": '"1"'}
    )
    assert (answer.headers["etag"], answer.json()["name"]) == ('"2"', "Other")
    assert answer.json()["market"] == "SMB"
    assert answer.json()["milestones"] == process["milestones"]


@pytest.mark.parametrize("patch", [{"name": None}, {"key": "x"}, {"milestones": []}])
async def test_a_patch_reaches_neither_key_nor_milestones(client, patch):
    await made(client)
    tag = {"If-Match": '"1"'}
    answer = await client.patch("/v1/processes/new-business", json=patch, headers=tag)
    assert answer.status_code == 422


async def test_a_change_without_or_with_an_old_version_is_refused(client):
    await made(client)
    path = "/v1/processes/new-business"
    assert (await client.patch(path, json={"name": "B"})).status_code == 428
    assert (await client.delete(path)).status_code == 428
    stale = await client.patch(path, json={"name": "B"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"1"')


async def test_a_process_with_open_opportunities_is_not_deleted(client):
    process = await made(client)
    deal = {"name": "Press line", "process_id": process["id"]}
    assert (await client.post("/v1/opportunities", json=deal)).status_code == 201
    tag = {"If-Match": '"1"'}
    answer = await client.delete("/v1/processes/new-business", headers=tag)
    assert (answer.status_code, answer.json()["code"]) == (409, "in-use")


async def test_a_process_can_be_made_below_the_door(work):
    made = await processes.create(work, ProcessIn.model_validate(definition()))
    version = await processes.current_version(work, made.id)
    rows = await milestones.milestones_of(work, version.id)
    assert [row.key for row in rows] == ["interest", "need", "order"]
    assert [str(milestones.section_rate(row)) for row in rows] == ["1/2", "1/2", "None"]
    reasons = await milestones.exit_reasons_of(work, version.id)
    assert [row.milestone_id for row in reasons] == [row.id for row in rows[:2]]


async def test_what_a_process_will_miss_is_said_and_not_refused(client):
    steps = published("interest", milestone("sent", name="Proposal sent"), "order")["milestones"]
    steps[0]["customer_act"] = "We have sent the proposal."
    process = await made(client, milestones=steps)
    found = {(one["milestone"], one["code"]) for one in process["warnings"]}
    lacking = ("exit_reasons", "owner_role", "stale_after_days", "target_rate")
    assert found == {
        *((key, f"{name}_missing") for key in ("interest", "sent") for name in lacking),
        ("interest", "act_is_ours"),
        ("sent", "name_is_activity"),
    }


async def test_warnings_follow_the_language_of_the_reader(client):
    await made(client, milestones=published("interest", "order")["milestones"])
    german = await client.get("/v1/processes/new-business", headers={"Accept-Language": "de"})
    assert "Austrittsgründe" in german.json()["warnings"][0]["text"]


async def test_the_list_holds_whole_documents_and_costs_the_same_for_many(client, statements):
    first = await made(client)
    statements.clear()
    assert (await client.get("/v1/processes")).json()["data"] == [first]
    cost = len(statements)
    for number in range(3):
        await made(client, key=f"p{number}")
    statements.clear()
    found = (await client.get("/v1/processes")).json()["data"]
    assert [one["key"] for one in found] == ["new-business", "p0", "p1", "p2"]
    assert len(statements) == cost


async def test_a_neighbour_sees_a_process_no_more_than_a_random_id(client, neighbour):
    process = await made(client)
    for name in (process["id"], "new-business"):
        theirs = await neighbour.get(f"/v1/processes/{name}")
        other = str(uuid7()) if name == process["id"] else "no-business"
        random = await neighbour.get(f"/v1/processes/{other}")
        assert theirs.status_code == random.status_code == 404
        assert theirs.json()["detail"].replace(name, "") == random.json()["detail"].replace(
            other, ""
        )
    assert (await neighbour.get("/v1/processes")).json()["data"] == []


async def test_a_stranger_is_turned_away(stranger):
    assert (await stranger.get("/v1/processes")).status_code == 401
    assert (await stranger.post("/v1/processes", json=definition())).status_code == 401


async def test_reading_and_writing_need_their_scopes(client, limited):
    await made(client)
    reader = await limited(Scope.PROCESSES_READ)
    other = await limited(Scope.ACCOUNTS_READ)
    assert (await reader.get("/v1/processes/new-business")).status_code == 200
    assert (await reader.post("/v1/processes", json=definition())).status_code == 403
    path = "/v1/processes/new-business/versions"
    assert (await reader.post(path, json=published("a", "b"))).status_code == 403
    assert (await other.get("/v1/processes")).status_code == 403


async def test_unknown_fields_and_parameters_are_refused(client):
    assert (await client.post("/v1/processes", json=definition(colour="red"))).status_code == 422
    assert (await client.get("/v1/processes", params={"page": 2})).status_code == 422
