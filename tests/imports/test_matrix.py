"""The matrix from a file, as people keep it: marks by product, or a row for each cell."""

import pytest

from tests.imports.support import bring, counts, problems

WIDE = "account,Press,Saw,Note\nAlder,X,red,x\nBirch,green,red: Rival; Other,\nCedar,grau,,\n"
LONG = (
    "account,product,ours,since,annual_value,competitor,competitor_value,contract_end,need,reason"
    ",aware,applicable\n"
    "Alder,press,yes,2024-05-01,1200.5,,,,,,ja,\n"
    "Alder,Saw,,,,Rival,900,2027-01-31,no,too few logs,,\n"
    "Birch,saw,,,,,,,,,,no\n"
)


@pytest.fixture
async def products(client):
    for name in ("Press", "Saw"):
        assert (await client.post("/v1/products", json={"name": name})).status_code == 201


async def symbols(client):
    matrix = (await client.get("/v1/matrix")).json()
    return {row["name"]: [cell["symbol"] for cell in row["cells"]] for row in matrix["rows"]}


async def cells(client, name):
    """Every cell of a customer, as it is read alone."""
    [row] = (await client.get("/v1/matrix", params={"q": name})).json()["rows"]
    place = f"/v1/matrix/cells/{row['account_id']}"
    return [(await client.get(f"{place}/{cell['product_id']}")).json() for cell in row["cells"]]


async def test_a_row_for_each_customer_and_a_column_for_each_product(client, products):
    job = await bring(client, "matrix", WIDE)
    assert counts(job) == {"read": 3, "created": 3}, job
    assert job["ignored_columns"] == ["Note"]
    assert job["placeholders"]["accounts"] == ["Alder", "Birch", "Cedar"]
    assert await symbols(client) == {
        "Alder": ["X", "red"],
        "Birch": ["green", "red"],
        "Cedar": ["grey", "blank"],
    }
    press, saw = await cells(client, "Birch")
    named = [each["name"] for each in saw["facets"]["competitors"]["value"]]
    assert named == ["Rival", "Other"]
    need = press["facets"]["need"]
    assert (need["source"], need["confirmed"], need["by"]) == (
        "import",
        False,
        f"import:{job['id']}",
    )


async def test_the_same_file_again_writes_nothing(client, products):
    await bring(client, "matrix", WIDE)
    before = await cells(client, "Birch")
    job = await bring(client, "matrix", WIDE.replace("Alder,X,red", "Alder,X,red: Rival"))
    assert counts(job) == {"read": 3, "updated": 1, "unchanged": 2}
    assert await cells(client, "Birch") == before
    assert (await cells(client, "Alder"))[1]["facets"]["competitors"]["value"][0]["name"] == "Rival"


async def test_a_row_for_each_cell_says_more(client, products):
    job = await bring(client, "matrix", LONG, {"currency": "EUR"})
    assert counts(job) == {"read": 3, "created": 3}, job
    press, saw = await cells(client, "Alder")
    assert press["annual_value"] == {"amount": "1200.50", "currency": "EUR"}
    assert (press["facets"]["ours"]["since"], press["facets"]["aware"]["value"]) == (
        "2024-05-01",
        "yes",
    )
    [rival] = saw["facets"]["competitors"]["value"]
    assert rival == {
        "name": "Rival",
        "annual_value": {"amount": "900.00", "currency": "EUR"},
        "contract_end": "2027-01-31",
        "since": None,
    }
    assert (saw["symbol"], saw["facets"]["need"]["reason"]) == ("red", "too few logs")
    assert (await cells(client, "Birch"))[1]["status"] == "na"
    again = await bring(client, "matrix", LONG, {"currency": "EUR"})
    assert counts(again) == {"read": 3, "unchanged": 3}


async def test_every_bad_field_of_a_row_is_told(client, products):
    file = (
        "account,product,mark,ours,since,need\n"
        "Alder,Press,purple,,,\n"
        "Alder,Lathe,X,,,\n"
        "Birch,Press,,perhaps,soon,\n"
        "Birch,Saw,,,2024-01-01,yes\n"
        "Cedar,Saw,X,,,\n"
        "cedar,saw,green,,,\n"
    )
    job = await bring(client, "matrix", file)
    assert counts(job) == {"read": 6, "created": 1, "rejected": 5}
    assert await problems(client, job) == [
        (2, "mark", "not_a_mark", "purple"),
        (3, "product", "unknown_product", "Lathe"),
        (4, "ours", "not_one_of", "perhaps"),
        (4, "since", "not_a_date", "soon"),
        (5, "since", "answer_missing", "2024-01-01"),
        (6, "account", "duplicate_in_file", "cedar / saw"),
    ]


async def test_columns_are_named_by_a_mapping(client, products):
    columns = {"Kunde": "account", "Pressen": "product:Press"}
    job = await bring(client, "matrix", "Kunde;Pressen\nAlder;rot\n", {"columns": columns})
    assert counts(job) == {"read": 1, "created": 1}
    assert await symbols(client) == {"Alder": ["red", "blank"]}


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"Kunde": "account", "X": "product:lathe"}, "unknown_field"),
        ({"Kunde": "account", "X": "need"}, "missing"),
    ],
)
async def test_a_mapping_that_cannot_be_meant_is_refused(client, products, columns, code):
    body = {"object": "matrix", "source": "crm", "mapping": {"columns": columns}}
    answer = await client.post("/v1/imports", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_a_dry_run_keeps_nothing(client, products):
    job = await bring(client, "matrix", WIDE, dry_run=True)
    assert counts(job) == {"read": 3, "created": 3}
    assert await symbols(client) == {}


async def test_what_a_person_confirmed_a_file_does_not_overwrite(client, products):
    await bring(client, "matrix", WIDE)
    [press, _] = await cells(client, "Alder")
    place = f"/v1/matrix/cells/{press['account_id']}/{press['product_id']}"
    await client.put(place, json={"need": "no"})
    file = "account,Press\nAlder,green\n"
    job = await bring(client, "matrix", file)
    assert (counts(job), job["notes"]) == ({"read": 1, "unchanged": 1}, {"conflict": 1})
    [conflict] = (await client.get("/v1/matrix/conflicts")).json()["data"]
    assert (conflict["facet"], conflict["import_id"]) == ("need", job["id"])


async def test_a_file_without_customers_is_no_matrix(client, products):
    job = await bring(client, "matrix", "Press,Saw\nX,red\n")
    assert (job["state"], job["problem"]["code"]) == ("failed", "column-missing")
