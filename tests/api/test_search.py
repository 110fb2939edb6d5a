"""Search: a closed list of typed fields, any combination, the same pages as the list."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.search import search
from app.schemas.search import SearchIn
from tests.aims import make_team
from tests.deals import eur, make_deal, make_person, make_process, post, tell

PATH = "/v1/opportunities/search"


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def found(client, filter=None, **asked):
    body = ({"filter": filter} if filter is not None else {}) | {"sort": ["name"]} | asked
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(client, **filter):
    return [deal["name"] for deal in (await found(client, filter))["data"]]


async def three(client):
    """a is worth 1, b nothing anybody knows, c is worth 9 and at the need."""
    await make_deal(client, "a", value=eur("1.00"), attributes={"region": "north", "size": 3})
    await make_deal(client, "b", attributes={"region": "south", "size": "3", "tags": ["Hot"]})
    deal = await make_deal(client, "c", value=eur("9.00"), source="fair", external_id="X-7")
    await tell(client, deal, "reach", milestone="need")


CASES = [
    ({}, "abc"),
    ({"value": {"gte": "1.00"}}, "ac"),
    ({"value": {"gt": "1.00", "lt": "10.00"}}, "c"),
    ({"value": {"eq": "9"}}, "c"),
    ({"value": {"in": ["1.00", "9.00"]}}, "ac"),
    ({"value": {"is_null": True}}, "b"),
    ({"value": {"is_null": False}}, "ac"),
    ({"not": {"value": {"gte": "5.00"}}}, "ab"),
    ({"not": {"not": {"value": {"gte": "5.00"}}}}, "c"),
    ({"or": [{"value": {"is_null": True}}, {"milestone": {"eq": "need"}}]}, "bc"),
    ({"and": [{"value": {"is_null": False}}, {"not": {"name": {"eq": "a"}}}]}, "c"),
    ({"name": {"in": ["a", "b"]}, "value": {"is_null": True}}, "b"),
    ({"name": {"contains": "A"}}, "a"),
    ({"name": {"contains": "%"}}, ""),
    ({"milestone": {"is_null": True}}, "ab"),
    ({"milestone_position": {"gte": 3}}, "c"),
    ({"status": {"eq": "open"}}, "abc"),
    ({"status": {"in": ["won", "exited"]}}, ""),
    ({"source": {"eq": "fair"}, "external_id": {"contains": "x-"}}, "c"),
    ({"process": {"eq": "new-business"}}, "abc"),
    ({"process": {"in": ["nothing"]}}, ""),
    ({"created_at": {"lte": "2026-07-20T09:30:00Z"}}, "abc"),
    ({"reached_at": {"gt": "2026-07-20T09:29:59+00:00"}}, "c"),
    ({"age_days": {"lt": 1}}, "abc"),
    ({"age_days": {"in": [0, 7]}}, "abc"),
    ({"status": {"in": ["open"]}, "milestone_position": {"in": [3]}}, "c"),
    ({"external_close_date": {"is_null": False}}, ""),
    ({"attributes": {"region": {"eq": "north"}}}, "a"),
    ({"attributes": {"region": {"in": ["north", "south"]}}}, "ab"),
    ({"attributes": {"region": {"contains": "OUT"}}}, "b"),
    ({"attributes": {"tags": {"contains": "Hot"}}}, "b"),
    ({"attributes": {"region": {"is_null": True}}}, "c"),
    ({"attributes": {"size": {"gt": 2}}}, "a"),
    ({"attributes": {"size": {"gte": "3"}}}, "b"),
    ({"attributes": {"size": {"eq": 3}}}, "a"),
    ({"attributes": {"size": {"eq": True}}}, ""),
    ({"attributes": {"size": {"in": [3, "3"]}, "region": {"eq": "south"}}}, "b"),
    ({"stale": {"eq": False}, "drifting": {"eq": False}}, "abc"),
    ({"business_type": {"is_null": True}, "ball": {"is_null": True}}, "abc"),
]


async def test_every_condition_finds_what_it_says(client):
    await three(client)
    for filter, expected in CASES:
        assert "".join(await names(client, **filter)) == expected, filter


async def test_people_accounts_and_products_are_conditions_too(client):
    north = await make_team(client)
    coast = await make_team(client, "Coast", parent_id=north["id"])
    ada = await make_person(client, "Ada", team_id=coast["id"])
    account = await post(client, "/v1/accounts", name="Acme", segment="Machines")
    press = await post(client, "/v1/products", name="Press")
    await make_deal(client, "a", owner_id=ada["id"])
    await make_deal(client, "b", account_id=account["id"])
    await make_deal(client, "c", product_ids=[press["id"]])
    assert await names(client, owner={"eq": ada["id"]}) == ["a"]
    assert await names(client, owner={"is_null": True}) == ["b", "c"]
    assert await names(client, team={"in": [north["id"], coast["id"]]}) == ["a"]
    assert await names(client, **{"not": {"team": {"eq": north["id"]}}}) == ["b", "c"]
    assert await names(client, account={"in": [account["id"]]}) == ["b"]
    assert await names(client, segment={"contains": "mach"}) == ["b"]
    assert await names(client, segment={"is_null": True}) == ["a", "c"]
    assert await names(client, product={"eq": press["id"]}) == ["c"]


async def test_status_and_ball_are_those_of_now(client, clock):
    deal = await make_deal(client, "a")
    await tell(client, deal, "hold", until="2026-08-01T00:00:00Z")
    await tell(client, deal, "ball", ball="us")
    assert await names(client, status={"eq": "on_hold"}, ball={"eq": "us"}) == ["a"]
    clock.forward(days=30)
    assert await names(client, status={"eq": "open"}, drifting={"eq": True}) == ["a"]


async def test_what_was_written_is_found_at_once_and_what_is_gone_is_not(client):
    deal = await make_deal(client, "now")
    assert await names(client, name={"eq": "now"}) == ["now"]
    path = f"/v1/opportunities/{deal['id']}"
    tag = (await client.get(path)).headers["etag"]
    await client.delete(path, headers={"If-Match": tag})
    assert await names(client, name={"eq": "now"}) == []


async def test_a_search_says_the_same_as_the_list(client):
    await three(client)
    listed = (await client.get("/v1/opportunities", params={"sort": "-value,name"})).json()
    assert await found(client, sort=["-value", "name"]) == listed


async def test_a_search_has_pages_counts_fields_and_companions(client):
    await three(client)
    asked = {"limit": 2, "fields": ["name"], "include": ["account", "total_count"]}
    first = await found(client, **asked)
    assert first["data"] == [{"name": "a", "account": None}, {"name": "b", "account": None}]
    assert first["total_count"] == {"count": 3, "accuracy": "exact"}
    second = await found(client, **asked, cursor=first["next_cursor"])
    assert ([deal["name"] for deal in second["data"]], second["next_cursor"]) == (["c"], None)


@pytest.mark.parametrize(
    "other",
    [
        {"sort": ["-name"]},
        {"filter": {"value": {"gte": "0.50"}}},
        {"fields": ["id"]},
        {"cursor": "x"},
    ],
)
async def test_a_cursor_of_another_search_is_refused(client, other):
    await three(client)
    asked = {"filter": {"value": {"gte": "0.01"}}, "sort": ["name"], "limit": 1}
    cursor = (await client.post(PATH, json=asked)).json()["next_cursor"]
    answer = await client.post(PATH, json=asked | {"cursor": cursor} | other)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")
    assert answer.json()["errors"][0]["pointer"] == "/cursor"


NOBODY = "01a200ae-e73f-7cc4-b6aa-0c1f3a1d8d11"
DEEP = {"name": {"eq": "x"}}
for _ in range(9):
    DEEP = {"not": DEEP}
WIDE = {"or": [{"name": {"eq": "x"}}] * 101}
WRONG = [
    ({"nonsense": {"eq": 1}}, "/filter/nonsense", "unknown_field"),
    ({"value": {"above": "1"}}, "/filter/value/above", "unknown_field"),
    ({"value": {"gte": 1}}, "/filter/value/gte", "decimal_string"),
    ({"value": {}}, "/filter/value", "empty"),
    ({"value": {"eq": None}}, "/filter/value/eq", "decimal_string"),
    ({"name": {"gt": "a"}}, "/filter/name/gt", "unknown_field"),
    ({"status": {"eq": "lost"}}, "/filter/status/eq", "not_one_of"),
    ({"status": {"is_null": True}}, "/filter/status/is_null", "unknown_field"),
    ({"owner": {"in": ["ada"]}}, "/filter/owner/in/0", "not_a_uuid"),
    ({"owner": {"in": []}}, "/filter/owner/in", "too_few"),
    ({"owner": {"in": [NOBODY] * 201}}, "/filter/owner/in", "too_many"),
    ({"created_at": {"gt": 1753000000}}, "/filter/created_at/gt", "not_an_instant"),
    ({"created_at": {"gt": "2026-07-20T09:30:00"}}, "/filter/created_at/gt", "time_zone_missing"),
    ({"and": []}, "/filter/and", "too_few"),
    ({"and": {"name": {"eq": "x"}}}, "/filter/and", "not_a_list"),
    ({"or": [{"name": {"eq": "x"}}, {"nam": 1}]}, "/filter/or/1/nam", "unknown_field"),
    ({"not": [1]}, "/filter/not", "not_an_object"),
    ({"name": {"contains": ""}}, "/filter/name/contains", "too_short"),
    ({"name": {"eq": "\u0000"}}, "/filter/name/eq", "nul_character"),
    ({"attributes": {}}, "/filter/attributes", "too_few"),
    ({"workspace_id": {"eq": NOBODY}}, "/filter/workspace_id", "unknown_field"),
    (DEEP, "/filter" + "/not" * 9, "too_deep"),
    (WIDE, "/filter/or/99", "too_many"),
]


@pytest.mark.parametrize(("filter", "pointer", "code"), WRONG, ids=lambda each: str(each)[:40])
async def test_what_is_wrong_is_named_by_its_place(client, filter, pointer, code):
    answer = await client.post(PATH, json={"filter": filter})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert (pointer, code) in {
        (fault["pointer"], fault["code"]) for fault in answer.json()["errors"]
    }, answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"sort": ["amount"]}, {"sort": []}, {"limit": 0}, {"filters": {}}, {"fields": ["secret"]}],
)
async def test_a_wrong_question_names_its_member(client, wrong):
    answer = await client.post(PATH, json=wrong)
    assert answer.status_code == 422
    [name] = wrong
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{name}")


async def test_a_hostile_filter_is_refused_at_once(client, statements):
    nested = '{"not":' * 5_000 + "{}" + "}" * 5_000
    wide = '{"or": [' + ",".join(["{}"] * 100_000) + "]}"
    for filter in (nested, wide):
        body = f'{{"filter": {filter}}}'
        headers = {"Content-Type": "application/json"}
        answer = await client.post(PATH, content=body, headers=headers)
        assert answer.status_code in (400, 422)
    assert not [each for each in statements if "opportunities" in each]


async def test_the_largest_filter_there_may_be_is_answered(client):
    await make_deal(client, "a")
    many = {"in": [str(uuid7()) for _ in range(200)]}
    assert await names(client, **{"or": [{"owner": many} for _ in range(99)]}) == []


async def test_ids_of_another_workspace_find_nothing_like_ids_of_nobody(client, neighbour):
    await make_process(neighbour)
    ada = await make_person(neighbour)
    account = await post(neighbour, "/v1/accounts", name="Acme")
    await make_deal(neighbour, owner_id=ada["id"], account_id=account["id"])
    theirs = [{"owner": {"eq": ada["id"]}}, {"account": {"eq": account["id"]}}, {}]
    assert [await names(client, **filter) for filter in theirs] == [[], [], []]
    assert await names(client, owner={"eq": str(uuid7())}) == []


async def test_a_search_takes_the_same_statements_however_many_it_finds(client, statements):
    for name in "abcdef":
        await make_deal(client, name)
    team = await make_team(client)
    filter = {"team": {"in": [team["id"]]}, "or": [{"name": {"eq": "a"}}, {"segment": {"eq": "b"}}]}
    counts = []
    for body in ({"limit": 1}, {"limit": 6}, {"filter": filter}):
        statements.clear()
        await found(client, **body)
        counts.append(len(statements))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


async def test_a_search_needs_the_right_to_read_only(client, limited, stranger):
    await make_deal(client, "a")
    reader = await limited(Scope.OPPORTUNITIES_READ)
    assert await names(reader) == ["a"]
    answer = await reader.post(PATH, json={"include": ["account"]})
    assert (answer.status_code, answer.json()["scope"]) == (403, "accounts:read")
    assert (await stranger.post(PATH, json={})).status_code == 401


def tangled(filters):
    """Each filter alone, and in knots with the next ones."""
    for here, there, beyond in zip(filters, filters[1:], filters[2:], strict=False):
        yield here
        yield {"or": [here, {"not": there}]}
        yield {"and": [{"not": here}, {"or": [there, {"not": {"or": [beyond, here]}}]}]}


async def test_a_filter_and_its_negation_part_everything_between_them(client, work):
    await three(client)
    for tree in tangled([filter for filter, _ in CASES if filter]):
        kept = await search(work, SearchIn.model_validate({"filter": tree}))
        rest = await search(work, SearchIn.model_validate({"filter": {"not": tree}}))
        ids = [deal.id for page in (kept, rest) for deal in page.data]
        assert len(ids) == len(set(ids)) == 3, tree
