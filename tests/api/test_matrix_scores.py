"""What working on a cell may bring, on the page of the matrix and in the list of all potential."""

import pytest

from tests.deals import eur, post


@pytest.fixture
async def ids(client):
    ids = {}
    for name in ("Alder", "Birch"):
        ids[name] = (await post(client, "/v1/accounts", name=name, segment="wood"))["id"]
    for key in ("press", "saw", "oil"):
        ids[key] = (await post(client, "/v1/products", key=key, name=key.title()))["id"]
    cells = [
        ("Alder", "press", {"need": "yes", "est_value": eur("900.00")}),
        ("Alder", "saw", {"ours": "yes", "annual_value": eur("500.00")}),
        ("Birch", "press", {"need": "no"}),
        ("Birch", "saw", {"ours": "yes", "annual_value": eur("700.00")}),
    ]
    body = [{"account_id": ids[a], "product_id": ids[p], **said} for a, p, said in cells]
    answer = await client.put("/v1/matrix/cells", json=body)
    assert answer.status_code == 200, answer.text
    return ids


async def shown(client, **asked):
    answer = await client.get("/v1/matrix", params=asked)
    assert answer.status_code == 200, answer.text
    names = {each["product_id"]: each["key"] for each in answer.json()["columns"]}
    return {
        (row["name"], names[cell["product_id"]]): cell["score"]
        for row in answer.json()["rows"]
        for cell in row["cells"]
    }


async def test_scores_are_given_when_they_are_asked_for(client, ids):
    assert set((await shown(client)).values()) == {None}


async def test_scores_are_those_of_the_list_and_nothing_where_nothing_is_to_be_won(client, ids):
    found = await shown(client, include="score")
    listed = (await client.get("/v1/matrix/opportunities")).json()["data"]
    ranked = {(each["account"], each["product"].lower()): each["score"] for each in listed}
    assert set(ranked) == {("Alder", "press"), ("Alder", "oil"), ("Birch", "oil")}
    assert {place: found[place] for place in ranked} == ranked
    settled = found.keys() - ranked.keys()
    assert [found[place] for place in settled] == [eur("0.00")] * 3


async def test_nothing_else_can_be_included(client):
    answer = await client.get("/v1/matrix", params={"include": "margin"})
    assert answer.status_code == 422
