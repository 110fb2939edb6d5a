from tests.imports.support import bring, counts, problems

FILE = "product,price\nGTX Plus Pro,5482\nMG Special,55.5\n"
COLUMNS = {"product": "name", "price": "list_price"}


async def products(client):
    answer = await client.get("/v1/products", params={"limit": 200})
    return {row["key"]: row for row in answer.json()["data"]}


async def test_a_product_without_a_key_gets_one_from_its_name(client):
    job = await bring(client, "products", FILE, {"columns": COLUMNS, "currency": "USD"})
    assert counts(job) == {"read": 2, "created": 2}, job
    found = await products(client)
    assert found["gtx-plus-pro"]["name"] == "GTX Plus Pro"
    assert found["mg-special"]["list_price"] == {"amount": "55.50", "currency": "USD"}


async def test_a_new_price_changes_the_product_and_the_same_one_does_not(client):
    mapping = {"columns": COLUMNS}
    await bring(client, "products", FILE, mapping)
    job = await bring(client, "products", FILE.replace("5482", "6000"), mapping)
    assert counts(job) == {"read": 2, "updated": 1, "unchanged": 1}
    found = await products(client)
    assert (found["gtx-plus-pro"]["version"], found["mg-special"]["version"]) == (2, 1)


async def test_every_bad_field_of_a_row_is_told(client):
    file = "key,name,list_price,currency,active\nA B,x,1.234,EURO,perhaps\nok,Fine,,,yes\n,,5,,\n"
    job = await bring(client, "products", file)
    assert counts(job) == {"read": 3, "created": 1, "rejected": 2}
    assert await problems(client, job) == [
        (2, "key", "pattern", "A B"),
        (2, "list_price", "too_many_decimals", "1.234"),
        (2, "currency", "unknown_currency", "EURO"),
        (2, "active", "not_a_boolean", "perhaps"),
        (4, "key", "missing", None),
    ]
