"""The matrix as a file: opened again it says the same, and it computes nothing."""

import csv
import io

import pytest
from openpyxl import load_workbook

from app.domain.access import Scope
from tests.imports.support import bring, counts

FILES = ("/v1/matrix/export.csv", "/v1/matrix/export.xlsx")
CELLS = [
    ("Alder", "Press", {"ours": "yes"}),
    ("Alder", "Saw", {"competitors": [{"name": "Rival"}, {"name": "Other"}]}),
    ("Birch", "Press", {"need": "yes"}),
    ("Birch", "Saw", {"need": "no"}),
    ("=1+1", "Press", {"applicable": False}),
]
FILE = [
    ["account", "Press", "Saw"],
    ["'=1+1", "n/a", ""],
    ["Alder", "X", "red: Rival; Other"],
    ["Birch", "green", "grey"],
]
COLOURS = {"X": "00000000", "red: Rival; Other": "FFE06666", "green": "FF93C47D"}
COLOURS |= {"grey": "FFBFBFBF", "n/a": "00000000"}


@pytest.fixture
async def grid(client):
    ids = {}
    for path, names in (("accounts", ("Alder", "Birch", "=1+1")), ("products", ("Press", "Saw"))):
        for name in names:
            body = {"name": name, "key": name.lower()} if path == "products" else {"name": name}
            ids[name] = (await client.post(f"/v1/{path}", json=body)).json()["id"]
    items = [{"account_id": ids[a], "product_id": ids[p], **cell} for a, p, cell in CELLS]
    assert (await client.put("/v1/matrix/cells", json=items)).status_code == 200
    return ids


async def lines(client, **asked):
    answer = await client.get(FILES[0], params=asked)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def book(client, language="en"):
    answer = await client.get(FILES[1], headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return load_workbook(io.BytesIO(answer.content))


async def test_the_file_says_what_the_matrix_says_and_computes_nothing(client, grid):
    assert await lines(client) == FILE
    assert await lines(client, q="b", product=grid["Saw"]) == [["account", "Saw"], FILE[3][::2]]
    assert await lines(client, status="need") == [FILE[0], FILE[3]]
    answer = await client.get(FILES[0])
    assert answer.headers["content-disposition"] == 'attachment; filename="matrix.csv"'


async def test_an_import_of_the_file_says_nothing_new(client, grid):
    file = (await client.get(FILES[0], params={"q": "b"})).content
    assert counts(await bring(client, "matrix", file)) == {"read": 1, "unchanged": 1}
    file = (await client.get(FILES[0], params={"q": "a"})).content
    assert counts(await bring(client, "matrix", file)) == {"read": 1, "unchanged": 1}


async def test_the_workbook_has_the_colours_and_opens_equal(client, grid):
    [matrix, legend] = (await book(client)).worksheets
    rows = [[cell.value or "" for cell in row] for row in matrix.iter_rows()]
    assert rows == [FILE[0], ["=1+1", *FILE[1][1:]], *FILE[2:]]
    assert {cell.data_type for row in matrix.iter_rows() for cell in row if cell.value} == {"s"}
    for row in matrix.iter_rows(min_row=2, min_col=2):
        for cell in row:
            assert cell.fill.fgColor.rgb == COLOURS.get(cell.value, "00000000"), cell.value
    assert legend["B1"].value == "buys it from us"
    assert (await book(client, "de")).worksheets[1]["B1"].value == "kauft es bei uns"


async def test_products_of_one_name_are_told_apart_by_their_keys(client, grid):
    body = {"name": "press", "key": "press-2"}
    await client.post("/v1/products", json=body)
    assert (await lines(client))[0] == ["account", "product:press", "product:press-2", "Saw"]


async def test_a_file_takes_as_many_statements_for_many_customers(client, grid, statements):
    async def counted():
        statements.clear()
        await lines(client)
        return len(statements)

    before = await counted()
    for name in ("Cedar", "Elm"):
        await client.post("/v1/accounts", json={"name": name})
    assert await counted() == before


@pytest.mark.parametrize("path", FILES)
async def test_files_are_for_those_who_may_read(client, neighbour, stranger, limited, path):
    assert (await stranger.get(path)).status_code == 401
    assert (await (await limited(Scope.MATRIX_WRITE)).get(path)).status_code == 403
    assert (await client.get(path, params={"limit": 5})).status_code == 422
    assert (await neighbour.get(path)).status_code == 200
