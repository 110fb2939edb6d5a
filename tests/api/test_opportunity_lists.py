"""Lists of opportunities: every one once, in order, in a fixed number of statements."""

import pytest

from tests.aims import make_team
from tests.deals import eur, make_deal, make_person, make_process, post, tell

SORTS = [
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "name",
    "-name",
    "value",
    "-value",
]


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def listed(client, **asked):
    answer = await client.get("/v1/opportunities", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(client, **asked):
    return [deal["name"] for deal in (await listed(client, sort="name", **asked))["data"]]


async def walked(client, between=None, **asked):
    """All pages, one after the other; `between` happens after each."""
    seen, cursor = [], {}
    while True:
        page = await listed(client, **asked, **cursor)
        seen += page["data"]
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}
        if between:
            await between()


@pytest.mark.parametrize("sort", SORTS)
async def test_every_opportunity_is_shown_once_while_others_come_in(client, sort):
    made = [
        await make_deal(client, "Aa"[n % 2], value=[None, eur("1.00")][n % 2]) for n in range(7)
    ]

    async def more():
        await make_deal(client, "a", value=eur("1.00"))

    seen = [deal["id"] for deal in await walked(client, more, sort=sort, limit=3)]
    assert len(seen) == len(set(seen))
    assert {deal["id"] for deal in made} <= set(seen)


@pytest.mark.parametrize("sort", ["name", "-name"])
async def test_names_are_ordered_without_regard_to_case(client, sort):
    for name in ("b", "A", "a", "B", "Ä", "🦄"):
        await make_deal(client, name)
    seen = [deal["name"].lower() for deal in await walked(client, sort=sort, limit=2)]
    assert len(seen) == 6
    assert seen == sorted(seen, reverse=sort == "-name")


async def test_unknown_values_come_below_nothing_at_all(client):
    for name, value in (("unknown", None), ("nothing", eur("0.00")), ("much", eur("9.00"))):
        await make_deal(client, name, value=value)
    for sort, order in (
        ("value", ["unknown", "nothing", "much"]),
        ("-value", ["much", "nothing", "unknown"]),
    ):
        assert [deal["name"] for deal in await walked(client, sort=sort, limit=1)] == order


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "name"},
        {"sort": "created_at"},
        {"status": "open"},
        {"milestone": "none"},
        {"stale": "false"},
    ],
)
async def test_a_cursor_of_another_question_is_refused(client, other):
    for name in "ab":
        await make_deal(client, name)
    cursor = (await listed(client, limit=1))["next_cursor"]
    answer = await client.get("/v1/opportunities", params={"limit": 1, "cursor": cursor} | other)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")
    assert answer.json()["errors"][0]["parameter"] == "cursor"


async def test_a_cursor_of_one_history_is_refused_by_another(client):
    first, second = await make_deal(client), await make_deal(client)
    await tell(client, first, "reach", milestone="need")
    page = await client.get(f"/v1/opportunities/{first['id']}/events", params={"limit": 1})
    asked = {"limit": 1, "cursor": page.json()["next_cursor"]}
    answer = await client.get(f"/v1/opportunities/{second['id']}/events", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


async def test_opportunities_are_found_by_what_they_are(client, clock):
    ada, account = await make_person(client), await post(client, "/v1/accounts", name="Acme")
    await make_process(client, key="renewal")
    await make_deal(client, "a", owner_id=ada["id"], source="fair", external_id="7")
    await make_deal(client, "b", account_id=account["id"], value=eur("50.00"))
    deal = await make_deal(client, "c", process="renewal", value=eur("100.00"))
    clock.forward(days=1)
    await tell(client, deal, "reach", milestone="need")
    assert await names(client, owner=ada["id"]) == ["a"]
    assert await names(client, source="fair", external_id="7") == ["a"]
    assert await names(client, account=account["id"], business_type="new") == ["b"]
    assert await names(client, process="renewal") == ["c"]
    assert await names(client, milestone="need") == ["c"]
    assert await names(client, milestone="none") == ["a", "b"]
    assert await names(client, value_gte="50", value_lte="99.99") == ["b"]
    assert await names(client, updated_since=clock.now.isoformat()) == ["c"]


async def test_status_is_what_it_is_now(client, clock):
    deals = {name: await make_deal(client, name) for name in ("open", "won", "exited", "on_hold")}
    await tell(client, deals["won"], "reach", milestone="order", amount=eur("1.00"))
    await tell(client, deals["exited"], "exit", kind="lost")
    await tell(client, deals["on_hold"], "hold", until="2026-08-01T00:00:00Z")
    for status in deals:
        assert await names(client, status=status) == [status]
    clock.forward(days=30)
    assert await names(client, status="on_hold") == []
    assert await names(client, status="open") == ["on_hold", "open"]


async def test_a_team_shows_what_its_people_and_those_below_it_own(client):
    north = await make_team(client)
    coast = await make_team(client, "Coast", parent_id=north["id"])
    ada = await make_person(client, "Ada", team_id=coast["id"])
    await make_deal(client, "hers", owner_id=ada["id"])
    await make_deal(client, "nobody's")
    assert await names(client, team=north["id"]) == ["hers"]
    assert await names(client, team=coast["id"]) == ["hers"]
    await change_team(client, ada)
    assert await names(client, team=north["id"]) == []


async def change_team(client, person):
    place = f"/v1/people/{person['id']}"
    tag = (await client.get(place)).headers["etag"]
    answer = await client.patch(place, json={"team_id": None}, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("asked", "parameter", "code"),
    [
        ({"limt": 5}, "limt", "unknown_parameter"),
        ({"limit": "1_0"}, "limit", "not_a_number"),
        ({"status": "lost"}, "status", "not_one_of"),
        ({"sort": "amount"}, "sort", "not_one_of"),
        ({"stale": "maybe"}, "stale", "not_a_boolean"),
        ({"owner": "ada"}, "owner", "not_a_uuid"),
        ({"value_gte": "NaN"}, "value_gte", "not_a_decimal"),
        ({"updated_since": "yesterday"}, "updated_since", "not_an_instant"),
    ],
)
async def test_a_wrong_parameter_is_named(client, asked, parameter, code):
    answer = await client.get("/v1/opportunities", params=asked)
    assert answer.status_code == 422
    [found] = answer.json()["errors"]
    assert (found["parameter"], found["code"]) == (parameter, code)


async def test_however_long_a_list_is_it_takes_the_same_statements(client, statements, clock):
    for name in "abcdefgh":
        await make_deal(client, name, account={"name": name})
    asked = {"process": "new-business", "sort": "name", "stale": "false", "limit": 4}
    few = await counted(statements, listed(client, **asked | {"limit": 1}))
    assert await counted(statements, listed(client, **asked)) == few == DOOR + 2


# Which key, which workspace: the statement of every request.
DOOR = 1
# A page of our own: it goes the ordinary way, the only one whose statements are counted here.
ORDINARY = {"Origin": "http://test"}


async def test_reading_and_writing_one_take_a_fixed_number_of_statements(client, statements):
    ada = await make_person(client)
    path = "/v1/opportunities"
    body = {
        "name": "D",
        "process_id": "new-business",
        "owner_id": ada["id"],
        "account": {"name": "A"},
    }
    deal = (await client.post(path, json=body)).json()
    assert (
        await counted(statements, client.get(f"{path}/{deal['id']}", headers=ORDINARY)) == DOOR + 1
    )
    assert await counted(statements, client.post(path, json=body)) == DOOR + 11
    place, told = f"{path}/{deal['id']}/reach", {"milestone": "need"}
    assert await counted(statements, client.post(place, json=told, headers=ORDINARY)) == DOOR + 8
    assert await counted(statements, client.get(f"{path}/{deal['id']}")) == 0


async def counted(statements, request):
    statements.clear()
    await request
    return len(statements)
