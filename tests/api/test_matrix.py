"""The matrix: customers by products, dense, in order, and the same however it is asked for."""

import asyncio
from itertools import product as combined

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.cells import Change, Voice, write
from app.engine.matrix.status import SYMBOLS, flags, status
from app.tables import Account, Product

EUR = {"amount": "1200.00", "currency": "EUR"}
PERSON = Voice("manual", confirmed=True)


async def made(client, path, **body):
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.fixture
async def grid(client):
    """Two customers and two products, with their ids by name."""
    ids = {name: await made(client, "accounts", name=name) for name in ("Alder", "Birch")}
    ids |= {name: await made(client, "products", name=name) for name in ("Press", "Saw")}
    return ids


async def said(client, ids, *cells, **asked):
    items = [{"account_id": ids[a], "product_id": ids[p], **cell} for a, p, cell in cells]
    return await client.put("/v1/matrix/cells", json=items, params=asked)


async def read(client, **asked):
    answer = await client.get("/v1/matrix", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def symbols(matrix):
    return {row["name"]: [cell["symbol"] for cell in row["cells"]] for row in matrix["rows"]}


def faults(answer):
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_nobody_spoke_of_anything_yet_and_all_of_it_is_there(client, grid):
    matrix = await read(client)
    assert [column["name"] for column in matrix["columns"]] == ["Press", "Saw"]
    assert symbols(matrix) == {"Alder": ["blank", "blank"], "Birch": ["blank", "blank"]}
    assert [cell["product_id"] for cell in matrix["rows"][1]["cells"]] == [
        column["product_id"] for column in matrix["columns"]
    ]
    summary = matrix["summary"]
    assert (summary["unknown"], summary["knowledge"], summary["penetration"]) == (4, "0.0000", None)


async def test_the_marks_of_the_shepherd(client, grid):
    answer = await said(
        client,
        grid,
        ("Alder", "Press", {"ours": "yes", "annual_value": EUR}),
        ("Alder", "Saw", {"competitors": [{"name": "Rival", "annual_value": EUR}]}),
        ("Birch", "Press", {"need": "yes", "est_value": EUR}),
        ("Birch", "Saw", {"need": "no", "reason": "has no wood", "recheck_on": "2027-07-01"}),
    )
    assert (answer.status_code, answer.json()["created"]) == (200, 4)
    matrix = await read(client)
    assert symbols(matrix) == {"Alder": ["X", "red"], "Birch": ["green", "grey"]}
    assert matrix["rows"][0]["cells"][1]["facets"]["competitors"] == ["Rival"]
    values = [cell["annual_value"] for row in matrix["rows"] for cell in row["cells"]]
    assert values == [EUR, EUR, EUR, None]
    assert matrix["summary"] | {"counts": None} == {
        "knowledge": "1.0000",
        "penetration": "0.3333",
        "occupation": "0.3333",
        "open_need": "0.3333",
        "unknown": 0,
        "counts": None,
    }
    assert matrix["rows"][0]["summary"]["penetration"] == "0.5000"


async def test_every_combination_of_facets_shows_the_same_everywhere(client, work):
    """The rule stands in Python, in the table and in the page: all three say the same."""
    answers = ("yes", "no", "unknown")
    all_there_are = [*combined(answers, (0, 1, 2), answers, (True, False))]
    account = await work.add(Account, name="Alder", source="api")
    changes, expected = [], []
    for number, (ours, rivals, need, applicable) in enumerate(all_there_are):
        product = await work.add(Product, key=f"p{number:02}", name=f"P{number:02}")
        named = [{"name": f"R{n}"} for n in range(rivals)]
        facets = {
            "ours": {"value": ours},
            "competitors": {"value": named},
            "need": {"value": need},
            "applicable": {"value": applicable},
        }
        changes.append(Change(account.id, product.id, facets))
        judged = {"ours": ours, "competitors": rivals, "need": need, "applicable": applicable}
        expected.append((status(**judged), SYMBOLS[status(**judged)], flags(**judged)))
    await write(work, changes, PERSON)
    await work.db.commit()
    matrix = await read(client)
    [row] = matrix["rows"]
    assert [(c["status"], c["symbol"], c["flags"]) for c in row["cells"]] == expected
    place = f"/v1/matrix/cells/{account.id}"
    for cell in row["cells"][::9]:
        alone = (await client.get(f"{place}/{cell['product_id']}")).json()
        assert {name: alone[name] for name in ("status", "symbol", "flags")} == {
            name: cell[name] for name in ("status", "symbol", "flags")
        }


async def test_customers_are_chosen_by_segment_owner_name_and_what_they_show(client, grid):
    ada = await made(client, "people", name="Ada")
    await made(client, "accounts", name="Cedar", segment="wood", owner_id=ada)
    await said(
        client,
        grid,
        ("Alder", "Press", {"ours": "yes"}),
        ("Alder", "Saw", {"need": "no"}),
        ("Birch", "Press", {"need": "yes"}),
    )
    for asked, names in (
        ({"segment": "wood"}, ["Cedar"]),
        ({"owner": ada}, ["Cedar"]),
        ({"q": "b"}, ["Birch"]),
        ({"status": "buys"}, ["Alder"]),
        ({"status": "buys,need"}, ["Alder", "Birch"]),
        ({"status": "unknown"}, ["Birch", "Cedar"]),
        ({"status": "unknown", "product": grid["Press"]}, ["Cedar"]),
        ({"sort": "-name"}, ["Cedar", "Birch", "Alder"]),
        ({"sort": "-created_at"}, ["Cedar", "Birch", "Alder"]),
    ):
        assert [row["name"] for row in (await read(client, **asked))["rows"]] == names, asked
    chosen = await read(client, q="b")
    assert (chosen["summary"]["knowledge"], chosen["summary"]["unknown"]) == ("0.5000", 1)


async def test_only_products_that_are_sold_and_customers_that_are_there_count(client, grid):
    await said(
        client,
        grid,
        ("Alder", "Press", {"ours": "yes"}),
        ("Alder", "Saw", {"need": "yes"}),
        ("Birch", "Press", {"need": "no"}),
    )
    tag = {"If-Match": '"1"'}
    await client.patch(f"/v1/products/{grid['Saw']}", json={"active": False}, headers=tag)
    await client.delete(f"/v1/accounts/{grid['Birch']}", headers=tag)
    matrix = await read(client)
    assert symbols(matrix) == {"Alder": ["X"]}
    assert matrix["summary"]["counts"] == {
        "buys": 1,
        "competitor": 0,
        "need": 0,
        "no_need": 0,
        "unknown": 0,
        "na": 0,
    }


async def test_pages_follow_the_customers_and_a_cursor_belongs_to_its_question(client, grid):
    first = await read(client, limit=1)
    second = await read(client, limit=1, cursor=first["next_cursor"])
    assert [page["rows"][0]["name"] for page in (first, second)] == ["Alder", "Birch"]
    assert (second["next_cursor"], second["summary"]) == (None, first["summary"])
    asked = {"cursor": first["next_cursor"], "segment": "x"}
    answer = await client.get("/v1/matrix", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


async def test_a_page_takes_four_statements_however_much_is_on_it(client, grid, statements):
    async def counted():
        statements.clear()
        await read(client, status="unknown")
        return sum("set_config" not in each and "SET LOCAL" not in each for each in statements)

    before = await counted()
    for name in ("Cedar", "Elm", "Fir"):
        await made(client, "accounts", name=name)
        await made(client, "products", name=f"{name} saw")
    await said(client, grid, ("Alder", "Press", {"ours": "yes"}))
    assert await counted() == before
    about = ("FROM cells", "FROM accounts", "FROM products", "chosen")
    assert sum(any(word in each for word in about) for each in statements) == 4


async def test_a_list_of_cells_is_written_as_a_whole_or_each_alone(client, grid):
    good = ("Alder", "Press", {"ours": "yes"})
    answer = await said(
        client, grid, good, ("Birch", "Press", {"by_when": "2026-12-01"}), ("Birch", "Saw", {})
    )
    assert (answer.status_code, answer.json()["index"]) == (422, 1)
    assert faults(answer) == [("/1/by_when", "answer_without_member"), ("/2", "nothing_said")]
    assert symbols(await read(client))["Alder"] == ["blank", "blank"]
    ghost = {"account_id": str(uuid7()), "product_id": grid["Saw"], "need": "no"}
    items = [{"account_id": grid["Alder"], "product_id": grid["Press"], "ours": "yes"}, ghost]
    answer = await client.put("/v1/matrix/cells", json=items, params={"mode": "per_item"})
    told = answer.json()
    assert [each["status"] for each in told["results"]] == [201, 404]
    assert told["results"][1]["problem"]["errors"][0]["pointer"] == "/1/account_id"
    assert (told["created"], told["failed"]) == (1, 1)
    assert symbols(await read(client))["Alder"] == ["X", "blank"]


async def test_a_dry_run_says_what_would_be_and_keeps_nothing(client, grid):
    answer = await said(client, grid, ("Alder", "Saw", {"need": "yes"}), dry_run=True)
    assert (answer.json()["created"], answer.json()["results"][0]["version"]) == (1, None)
    assert symbols(await read(client))["Alder"] == ["blank", "blank"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "", "not_a_list"),
        ([], "", "too_few"),
        ([7], "/0", "not_an_object"),
        ([{"account_id": "x", "need": "no"}], "/0/account_id", "not_a_uuid"),
        ([{"ours": "maybe"}], "/0/ours", "not_one_of"),
    ],
)
async def test_what_is_no_list_of_cells_is_refused(client, body, pointer, code):
    answer = await client.put("/v1/matrix/cells", json=body)
    assert answer.status_code == 422
    assert faults(answer)[0] == (pointer, code)


async def test_a_cell_tells_who_said_what_and_when(client, grid, clock):
    place = f"/v1/matrix/cells/{grid['Alder']}/{grid['Saw']}"
    blank = await client.get(place)
    assert (blank.json()["status"], blank.json()["version"]) == ("unknown", None)
    body = {"need": "yes", "est_value": EUR, "by_when": "2027-01-01", "evidence": "asked for it"}
    answer = await client.put(place, json=body)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    clock.forward(days=366)
    cell = (await client.get(place)).json()
    need = cell["facets"]["need"]
    assert (need["source"], need["confirmed"], need["age_days"]) == ("manual", True, 366)
    assert (need["stale"], cell["facets"]["ours"]["stale"]) == (True, False)
    assert (need["est_value"], need["evidence"]) == (EUR, "asked for it")
    assert (await read(client, q="Alder"))["rows"][0]["cells"][1]["stale"] is True


async def test_a_change_can_match_the_version_it_was_made_from(client, grid):
    place = f"/v1/matrix/cells/{grid['Alder']}/{grid['Saw']}"
    early = await client.put(place, json={"need": "yes"}, headers={"If-Match": '"1"'})
    assert early.status_code == 404
    await client.put(place, json={"need": "yes"})
    answer = await client.put(place, json={"aware": "yes"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    late = await client.put(place, json={"aware": "no"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')


async def test_those_who_speak_of_a_cell_at_once_are_all_heard(client, grid):
    place = f"/v1/matrix/cells/{grid['Alder']}/{grid['Saw']}"
    said = ({"ours": "no"}, {"need": "yes"}, {"aware": "yes"}, {"applicable": True})
    answers = await asyncio.gather(*(client.put(place, json=each) for each in said))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    cell = (await client.get(place)).json()
    assert (cell["version"], cell["facets"]["need"]["value"]) == (4, "yes")
    assert all(facet["source"] for name, facet in cell["facets"].items() if name != "competitors")


async def test_the_history_of_a_cell_is_kept(client, grid):
    place = f"/v1/matrix/cells/{grid['Alder']}/{grid['Saw']}"
    await client.put(place, json={"need": "yes", "aware": "yes"})
    await client.put(place, json={"need": "no", "reason": "bought one elsewhere"})
    first = (await client.get(f"{place}/history", params={"limit": 1})).json()
    [latest] = first["data"]
    assert (latest["facet"], latest["before"]["value"], latest["after"]["value"]) == (
        "need",
        "yes",
        "no",
    )
    asked = {"cursor": first["next_cursor"]}
    rest = (await client.get(f"{place}/history", params=asked)).json()["data"]
    assert [(each["facet"], each["before"]) for each in rest] == [("aware", None), ("need", None)]


async def test_what_a_system_concludes_against_a_person_is_listed_until_confirmed(client, grid):
    cell = ("Alder", "Saw", {"need": "no"})
    await said(client, grid, cell)
    concluded = {"source": "erp", "confirmed": False}
    answer = await said(client, grid, ("Alder", "Saw", {"need": "yes"}), **concluded)
    assert answer.json()["results"][0]["conflicts"] == ["need"]
    [conflict] = (await client.get("/v1/matrix/conflicts")).json()["data"]
    assert (conflict["facet"], conflict["source"]) == ("need", "erp")
    assert (conflict["stands"]["value"], conflict["said"]["value"]) == ("no", "yes")
    for asked, there in (({"account": grid["Birch"]}, 0), ({"source": "erp"}, 1)):
        found = (await client.get("/v1/matrix/conflicts", params=asked)).json()["data"]
        assert len(found) == there
    await said(client, grid, cell)
    assert (await client.get("/v1/matrix/conflicts")).json()["data"] == []
    assert symbols(await read(client))["Alder"] == ["blank", "grey"]


async def test_the_matrix_stops_at_the_wall(client, neighbour, grid):
    await said(client, grid, ("Alder", "Press", {"ours": "yes"}))
    assert (await read(neighbour))["rows"] == []
    place = f"/v1/matrix/cells/{grid['Alder']}/{grid['Press']}"
    ghost = f"/v1/matrix/cells/{uuid7()}/{uuid7()}"
    for path in ("", "/history"):
        for there in (place, ghost):
            assert (await neighbour.get(f"{there}{path}")).status_code == 404
    for there in (place, ghost):
        assert (await neighbour.put(there, json={"ours": "no"})).status_code == 404
    answer = await said(neighbour, grid, ("Alder", "Press", {"ours": "no"}))
    assert (answer.status_code, faults(answer)) == (404, [("/0/account_id", "not-found")])


async def test_reading_and_writing_need_their_scopes(limited, client, grid):
    reader, writer = await limited(Scope.MATRIX_READ), await limited(Scope.MATRIX_WRITE)
    assert (await reader.get("/v1/matrix")).status_code == 200
    assert (await said(reader, grid, ("Alder", "Saw", {"need": "no"}))).status_code == 403
    assert (await said(writer, grid, ("Alder", "Saw", {"need": "no"}))).status_code == 200
    assert (await writer.get("/v1/matrix")).status_code == 403
