"""What customers want to achieve, and when to talk about it."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import make_person, post
from tests.white_spots import buys, know

GOAL = {"text": "Half the scrap in press shop 2", "since": "2026-05-01", "review_every_days": 90}


@pytest.fixture
async def alder(client):
    ada = await make_person(client, "Ada")
    return await post(client, "/v1/accounts", name="Alder", owner_id=ada["id"])


def place(account):
    return f"/v1/accounts/{account['id']}/goals"


async def change(client, goal, **body):
    path = f"/v1/goals/{goal['id']}"
    tag = (await client.get(path)).headers["etag"]
    answer = await client.patch(path, json=body, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_goal_is_compared_with_what_of_ours_serves_it(client, engine, workspace, alder):
    press, oil = [await post(client, "/v1/products", name=name) for name in ("Press", "Oil")]
    await know(engine, workspace, (alder, press, buys()))
    goal = await post(client, place(alder), **GOAL, product_ids=[press["id"], oil["id"]])
    assert [(one["product"], one["status"]) for one in goal["products"]] == [
        ("Oil", "unknown"), ("Press", "buys"),
    ]  # fmt: skip
    assert (goal["since"], goal["reviewed_on"]) == ("2026-05-01", None)
    assert (await client.get(f"/v1/goals/{goal['id']}")).json() == goal
    assert (await ask(client, place(alder)))["data"] == [goal]
    changed = await change(client, goal, product_ids=[oil["id"]])
    assert [one["product"] for one in changed["products"]] == ["Oil"]


async def test_the_next_review_follows_the_last_one(client, alder):
    goal = await post(client, place(alder), **GOAL)
    assert goal["review_due"] == "2026-07-30"  # 90 days after 1 May
    reviewed = await change(client, goal, reviewed_on="2026-07-20")
    assert reviewed["review_due"] == "2026-10-18"
    assert (await change(client, goal, review_every_days=None))["review_due"] is None


async def test_without_a_day_a_goal_is_known_since_today(client, alder):
    goal = await post(client, place(alder), text="Grow")
    assert (goal["since"], goal["review_due"], goal["products"]) == ("2026-07-20", None, [])


async def test_what_is_due_first_is_talked_about_first(client, alder):
    birch = await post(client, "/v1/accounts", name="Birch")
    later = await post(client, place(birch), **GOAL | {"since": "2026-06-01"})
    never = await post(client, place(birch), text="Grow")
    first = await post(client, place(alder), **GOAL)
    found = await ask(client, "/v1/goals")
    assert [one["id"] for one in found["data"]] == [first["id"], later["id"], never["id"]]
    for asked, ids in (
        ({"due_by": "2026-07-30"}, [first["id"]]),
        ({"owner": alder["owner_id"]}, [first["id"]]),
        ({"account": birch["id"]}, [later["id"], never["id"]]),
    ):
        found = await ask(client, "/v1/goals", **asked)
        assert [one["id"] for one in found["data"]] == ids
    page = await ask(client, "/v1/goals", limit=2)
    rest = await ask(client, "/v1/goals", limit=2, cursor=page["next_cursor"])
    assert [one["id"] for one in rest["data"]] == [never["id"]]


async def test_a_deleted_goal_is_gone(client, alder):
    goal = await post(client, place(alder), **GOAL)
    path = f"/v1/goals/{goal['id']}"
    assert (await client.delete(path)).status_code == 428
    assert (await client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await ask(client, place(alder)))["data"] == []


async def test_two_changes_at_once_do_not_overwrite_each_other(client, alder):
    goal = await post(client, place(alder), **GOAL)
    await change(client, goal, text="Grow")
    path, sent = f"/v1/goals/{goal['id']}", {"text": "Shrink"}
    assert (await client.patch(path, json=sent, headers={"If-Match": '"1"'})).status_code == 412


async def test_the_statements_are_as_many_however_many_goals(client, alder, statements):
    seen = []
    for _ in range(2):
        statements.clear()
        await ask(client, "/v1/goals")
        seen.append(len(statements))
        for _ in range(3):
            await post(client, place(alder), **GOAL)
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"text": " "}, ("/text", "blank")),
        ({"since": "2026-07-21"}, ("/since", "in_future")),
        ({"reviewed_on": "2026-07-21"}, ("/reviewed_on", "in_future")),
        ({"review_every_days": 0}, ("/review_every_days", "too_small")),
        ({"product_ids": [str(uuid7())] * 2}, ("/product_ids", "listed_twice")),
        ({"colour": "red"}, ("/colour", "unknown_field")),
    ],
)
async def test_what_means_nothing_is_refused(client, alder, body, fault):
    assert await refused(client, "POST", place(alder), json=GOAL | body) == fault


async def test_a_product_that_is_not_here_serves_no_goal(client, neighbour, alder):
    theirs = await post(neighbour, "/v1/products", name="Press")
    for id in (theirs["id"], str(uuid7())):
        answer = await client.post(place(alder), json=GOAL | {"product_ids": [id]})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await ask(client, place(alder)))["data"] == []


async def test_foreign_and_absent_cannot_be_told_apart(client, neighbour, alder):
    goal = await post(client, place(alder), **GOAL)
    told = []
    for account, id in ((alder["id"], goal["id"]), (uuid7(), uuid7())):
        for method, path, body in (
            ("GET", f"/v1/accounts/{account}/goals", None),
            ("POST", f"/v1/accounts/{account}/goals", GOAL),
            ("GET", f"/v1/goals/{id}", None),
            ("PATCH", f"/v1/goals/{id}", {"text": "Mine"}),
            ("DELETE", f"/v1/goals/{id}", None),
        ):
            answer = await neighbour.request(method, path, json=body, headers={"If-Match": '"1"'})
            told.append((answer.status_code, answer.json()["code"]))
    assert set(told) == {(404, "not-found")}
    assert (await ask(neighbour, "/v1/goals"))["data"] == []
    assert (await client.get(f"/v1/goals/{goal['id']}")).json() == goal


async def test_only_who_may_change_accounts_changes_goals(client, limited, stranger, alder):
    reader = await limited(Scope.ACCOUNTS_READ)
    assert (await reader.post(place(alder), json=GOAL)).status_code == 403
    assert (await (await limited(Scope.MATRIX_READ)).get("/v1/goals")).status_code == 403
    assert (await reader.get("/v1/goals")).status_code == 200
    assert (await stranger.get("/v1/goals")).status_code == 401
