"""A rep has the own deals, a manager those of the teams; what others do is a matter of policy."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.sight import SHOWN
from tests.deals import change, eur, tell
from tests.security.people import coming, every_operation, house, showing


def names(answer):
    assert answer.status_code == 200, answer.text
    return {deal["name"] for deal in answer.json()["data"]}


def plain(answer, *known):
    """What is told, without what is particular to the request."""
    told = answer.text.replace(answer.headers["x-request-id"], "?")
    for word in known:
        told = told.replace(str(word), "?")
    return answer.status_code, told, answer.headers.get("etag")


async def refusal(caller, path, **asked):
    answer = await caller.get(path, params=asked)
    return answer.status_code, answer.json().get("code")


async def test_a_rep_finds_the_own_deals_and_no_others(app, client):
    people, deals, teams = await house(client)
    async with coming(app, client, people["ada"]) as ada:
        for asked in ({}, {"team": teams["north"]["id"]}, {"include": "total_count"}):
            answer = await ada.get("/v1/opportunities", params=asked)
            assert names(answer) == {"Deal of ada"}
        assert answer.json()["total_count"]["count"] == 1
        others = await ada.get("/v1/opportunities", params={"owner": people["bo"]["id"]})
        assert names(others) == set()
        found = await ada.post("/v1/opportunities/search", json={"filter": {}})
        assert names(found) == {"Deal of ada"}
        assert (await ada.get(f"/v1/opportunities/{deals['ada']['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("rep", {"Deal of ada"}),
        ("manager", {"Deal of ada", "Deal of bo", "Deal of cy"}),
        ("admin", {f"Deal of {name}" for name in ("ada", "bo", "cy", "dee", "nobody")}),
    ],
)
async def test_each_role_sees_as_far_as_it_reaches(app, client, role, seen):
    people, _, _ = await house(client)
    async with coming(app, client, people["ada"], role) as ada:
        assert names(await ada.get("/v1/opportunities")) == seen


async def test_a_manager_sees_the_team_of_today(app, client, clock):
    people, _, teams = await house(client)
    place = f"/v1/people/{people['bo']['id']}/memberships"
    moved = {"team_id": teams["south"]["id"], "since": "2026-07-22"}
    assert (await client.post(place, json=moved)).status_code == 201
    async with coming(app, client, people["ada"], "manager") as ada:
        assert "Deal of bo" in names(await ada.get("/v1/opportunities"))
        clock.forward(days=3)
        assert "Deal of bo" not in names(await ada.get("/v1/opportunities"))


ON_A_DEAL = [
    ("GET", "", None),
    ("GET", "?fields=name", None),
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("GET", "/events", None),
    ("GET", "/orders", None),
    ("GET", "/next", None),
    ("POST", "/reach", {"milestone": "interest"}),
    ("POST", "/meet", {"criterion": "x"}),
    ("POST", "/exit", {"kind": "lost", "reason": "price"}),
    ("POST", "/hold", {"until": "2026-09-01T00:00:00Z", "reason": "x"}),
    ("POST", "/resume", {}),
    ("POST", "/ball", {"ball": "us"}),
    ("POST", "/reviews", {"note": "x"}),
    ("POST", "/regress", {"milestone": "interest", "reason": "x"}),
    ("POST", "/void", {"milestone": "interest", "reason": "x"}),
    ("POST", "/verify", {"milestone": "interest"}),
    ("POST", "/move", {"process_id": "new-business"}),
    ("POST", "/reopen", {"reason": "x"}),
    ("POST", "/revive", {"act": "said", "what": "x"}),
]


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_a_deal_of_others_is_not_there_whatever_is_tried(app, client, role):
    people, deals, _ = await house(client)
    foreign, absent = deals["dee"]["id"], str(uuid7())
    async with coming(app, client, people["ada"], role) as ada:
        for method, path, body in ON_A_DEAL:
            told = []
            for id in (foreign, absent):
                more = {} if body is None else {"json": body}
                answer = await ada.request(
                    method, f"/v1/opportunities/{id}{path}", headers={"If-Match": '"1"'}, **more
                )
                told.append(plain(answer, id))
            assert told[0] == told[1], (method, path)
            assert told[0][0] in (404, 422), (method, path, told)
    assert (await client.get(f"/v1/opportunities/{foreign}")).json() == deals["dee"]


async def test_duplicates_batches_and_upserts_reach_no_further(app, client):
    people, deals, _ = await house(client)
    crm = {"source": "crm", "external_id": "1"}
    made = await change(client, deals["dee"], **crm)
    body = {"name": "Taken", "process_id": "new-business"}
    async with coming(app, client, people["ada"]) as ada:
        into = {"into": made["id"], "reason": "twice"}
        answer = await ada.post(f"/v1/opportunities/{deals['ada']['id']}/merge", json=into)
        assert answer.status_code == 404
        put = await ada.put("/v1/opportunities/by-external-id/crm/1", json=body)
        assert (put.status_code, put.json()["code"]) == (409, "external-id-taken")
        alone = {"mode": "per_item"}
        batch = await ada.post("/v1/opportunities/batch", json=alone | {"items": [body | crm]})
        assert (batch.status_code, made["id"] in batch.text) == (200, False)
        both = alone | {
            "items": [body | crm, body | {"source": "crm", "external_id": "2"}],
            "upsert": True,
        }
        taken, entered = (await ada.post("/v1/opportunities/batch", json=both)).json()["results"]
        assert (taken["problem"]["code"], entered["status"]) == ("external-id-taken", 201)
    assert (await client.get(f"/v1/opportunities/{made['id']}")).json() == made


async def test_what_a_rep_brings_is_the_reps(app, client):
    people, deals, _ = await house(client)
    body = {"name": "New", "process_id": "new-business"}
    async with coming(app, client, people["ada"]) as ada:
        made = await ada.post("/v1/opportunities", json=body)
        assert made.json()["owner_id"] == people["ada"]["id"]
        assert (await ada.get(made.headers["location"])).status_code == 200
        given = await ada.post("/v1/opportunities", json=body | {"owner_id": people["bo"]["id"]})
        assert (given.status_code, given.json()["errors"][0]["code"]) == (422, "out_of_sight")
        tag = {"If-Match": made.headers["etag"]}
        for owner_id in (people["bo"]["id"], None):
            away = await ada.patch(
                made.headers["location"], json={"owner_id": owner_id}, headers=tag
            )
            assert (away.status_code, away.json()["errors"][0]["code"]) == (422, "out_of_sight")
        reached = await tell(ada, deals["ada"], "reach", milestone="interest")
        assert reached["milestone"] == "interest"
    async with coming(app, client, people["ada"], "manager") as ada:
        tag = {"If-Match": (await ada.get(made.headers["location"])).headers["etag"]}
        body = {"owner_id": people["cy"]["id"]}
        handed = await ada.patch(made.headers["location"], json=body, headers=tag)
        assert handed.json()["owner_id"] == people["cy"]["id"]


LIGHTS, LISTS = ("/v1/lights", "/v1/rates", "/v1/pipeline"), ("/v1/stale", "/v1/attention")
DEMO = {"process": "new-business"}


@pytest.mark.parametrize(
    ("peers", "everybody", "team", "peer"),
    [("none", 403, 404, 404), ("aggregate", 200, 200, 404), ("named", 200, 200, 200)],
)
async def test_numbers_of_others_are_a_matter_of_policy(app, client, peers, everybody, team, peer):
    people, _, teams = await house(client)
    await showing(client, peers)
    absent = f"owner:{uuid7()}"
    async with coming(app, client, people["ada"]) as ada:
        for path in LIGHTS:
            asked = {
                "all": everybody,
                f"team:{teams['south']['id']}": team,
                f"owner:{people['dee']['id']}": peer,
                f"owner:{people['ada']['id']}": 200,
                absent: 404,
            }
            for scope, status in asked.items():
                answer = await ada.get(path, params=DEMO | {"scope": scope})
                assert answer.status_code == status, (path, scope, answer.text)
        if peer == 404:
            told = [
                plain(await ada.get("/v1/lights", params=DEMO | {"scope": scope}), scope[6:])
                for scope in (f"owner:{people['dee']['id']}", absent)
            ]
            assert told[0] == told[1]


@pytest.mark.parametrize("peers", ["none", "aggregate", "named"])
async def test_deals_one_by_one_are_the_own_ones_whatever_the_policy(app, client, peers):
    people, _, teams = await house(client)
    await showing(client, peers)
    own = f"owner:{people['ada']['id']}"
    async with coming(app, client, people["ada"]) as ada:
        for path, more in [(path, {}) for path in LISTS] + [("/v1/forecast", {"explain": "true"})]:
            asked = DEMO | more
            assert await refusal(ada, path, **asked) == (403, "role-forbids")
            dee = f"owner:{people['dee']['id']}"
            assert await refusal(ada, path, **asked, scope=dee) == (404, "not-found")
            assert (await refusal(ada, path, **asked, scope=own))[0] == 200
    async with coming(app, client, people["ada"], "manager") as ada:
        for team, status in (("north", 200), ("below", 200), ("south", 404)):
            scope = f"team:{teams[team]['id']}"
            assert (await refusal(ada, "/v1/stale", **DEMO, scope=scope))[0] == status


@pytest.mark.parametrize(
    ("peers", "shown"),
    [("aggregate", {"Ada"}), ("named", {"Ada", "Bo", "Cy", "Dee"}), ("none", None)],
)
async def test_lights_of_people_show_those_the_policy_shows(app, client, peers, shown):
    people, _, _ = await house(client)
    await showing(client, peers)
    async with coming(app, client, people["ada"]) as ada:
        answer = await ada.get("/v1/lights/people", params=DEMO)
        if shown is None:
            assert (answer.status_code, answer.json()["code"]) == (403, "role-forbids")
            return
        told = answer.json()
        assert {each["name"] for each in told["people"]} == shown
        assert {each["name"] for each in told["teams"]} == {"North", "Far north", "South"}
        whole = (await client.get("/v1/lights/people", params=DEMO)).json()
        assert told["all"] == whole["all"]


@pytest.mark.parametrize(("peers", "status"), [("aggregate", 403), ("named", 200)])
async def test_rates_and_leaks_by_owner_name_nobody_unless_names_are_shown(
    app, client, peers, status
):
    people, _, _ = await house(client)
    await showing(client, peers)
    async with coming(app, client, people["ada"]) as ada:
        for path in ("/v1/rates/compare", "/v1/leaks"):
            assert (await refusal(ada, path, **DEMO, by="owner"))[0] == status
            own = f"owner:{people['ada']['id']}"
            assert (await refusal(ada, path, **DEMO, by="owner", scope=own))[0] == 200


async def test_a_sum_comes_without_the_deals_of_others(app, client):
    people, deals, _ = await house(client)
    held = {"until": "2026-09-01T00:00:00Z", "reason": "budget"}
    for name in ("ada", "dee"):
        await tell(client, deals[name], "reach", milestone="interest", amount=eur("1000.00"))
        await tell(client, deals[name], "hold", **held)
    whole = (await client.get("/v1/forecast", params=DEMO)).json()
    assert len(whole["excluded"]) == 2
    async with coming(app, client, people["ada"]) as ada:
        told = (await ada.get("/v1/forecast", params=DEMO)).json()
        assert (told["excluded"], told["excluded_sums"]) == ([], whole["excluded_sums"])
        own = DEMO | {"scope": f"owner:{people['ada']['id']}"}
        [mine] = (await ada.get("/v1/forecast", params=own)).json()["excluded"]
        assert mine["opportunity_id"] == deals["ada"]["id"]
        for path, asked in (
            ("/v1/targets", {}),
            ("/v1/leaks", own | {"target": str(uuid7())}),
        ):
            assert await refusal(ada, path, **asked) == (403, "role-forbids")
        assert (await refusal(ada, "/v1/targets", scope=own["scope"]))[0] == 200


async def test_sums_are_of_all_deals_whoever_asks(app, client):
    people, deals, _ = await house(client)
    for name in ("ada", "bo", "dee"):
        await tell(client, deals[name], "reach", milestone="interest", amount=eur("1000.00"))
    async with coming(app, client, people["ada"]) as ada:
        for path in ("/v1/milestones", "/v1/lights", "/v1/pipeline"):
            ours, theirs = [await each.get(path, params=DEMO) for each in (client, ada)]
            assert ours.json() == theirs.json(), path


async def test_what_is_not_opened_to_a_role_is_closed(app, client):
    """Also what is to come: whoever adds an operation has to say what it shows."""
    people, _, _ = await house(client)
    operations = every_operation()
    known = {operation["operationId"] for _, _, operation in operations}
    assert set(SHOWN) <= known
    everything = [scope.value for scope in Scope]
    async with coming(app, client, people["ada"], scopes=everything) as ada:
        for method, path, operation in operations:
            if not operation["security"] or operation["operationId"] in SHOWN:
                continue
            address = "/".join(str(uuid7()) if "{" in part else part for part in path.split("/"))
            answer = await ada.request(method, address)
            admin = operation.get("x-required-scope") == Scope.ADMIN
            expected = (404, "not-found") if admin else (403, "role-forbids")
            assert (answer.status_code, answer.json()["code"]) == expected, (method, path)


async def test_an_admins_address_is_none_for_others(app, client):
    people, _, _ = await house(client)
    async with coming(app, client, people["ada"], scopes=["admin"]) as ada:
        closed, nothing = [await ada.get(path) for path in ("/v1/api_keys", "/v1/nothing")]
        assert plain(closed, "/v1/api_keys") == plain(nothing, "/v1/nothing")


async def test_a_key_sent_again_by_somebody_else_gives_nothing_away(app, client):
    people, _, _ = await house(client)
    body = {"name": "Secret", "process_id": "new-business"}
    once = {"Idempotency-Key": "the-same"}
    async with (
        coming(app, client, people["ada"]) as ada,
        coming(app, client, people["bo"]) as bo,
    ):
        made = await ada.post("/v1/opportunities", json=body, headers=once)
        again = await ada.post("/v1/opportunities", json=body, headers=once)
        assert again.json() == made.json()
        other = await bo.post("/v1/opportunities", json=body, headers=once)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_manager_costs_no_more_statements_than_a_small_team(app, client, statements):
    people, _, teams = await house(client)
    counts = []
    async with coming(app, client, people["ada"], "manager") as ada:
        await ada.get("/v1/me")
        for size in (0, 5):
            for n in range(size):
                body = {"name": f"New {n}", "team_id": teams["below"]["id"]}
                await client.post("/v1/people", json=body)
            statements.clear()
            assert (await ada.get("/v1/opportunities")).status_code == 200
            counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "body",
    [{"role": "rep"}, {"role": "manager"}, {"role": "owner"}, {"person_id": 7}],
    ids=str,
)
async def test_a_role_is_one_of_somebody(client, body):
    answer = await client.post("/v1/api_keys", json={"name": "x", "scopes": ["admin"]} | body)
    assert answer.status_code == 422


async def test_a_key_of_somebody_of_another_house_cannot_be_made(client, neighbour):
    people, _, _ = await house(neighbour)
    body = {"name": "x", "scopes": ["admin"], "person_id": people["ada"]["id"]}
    assert (await client.post("/v1/api_keys", json=body)).status_code == 404


async def test_who_left_comes_in_no_more(app, client):
    people, _, _ = await house(client)
    async with coming(app, client, people["ada"]) as ada:
        assert (await ada.get("/v1/me")).status_code == 200
        place = f"/v1/people/{people['ada']['id']}"
        await client.patch(place, json={"active": False}, headers={"If-Match": '"1"'})
        answer = await ada.get("/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "key-revoked")
