import pytest

from app.domain.access import Scope


async def made(client, **product):
    answer = await client.post("/v1/products", json={"name": "GTX Pro"} | product)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def changed(client, product, **patch):
    tag = {"If-Match": f'"{product["version"]}"'}
    return await client.patch(f"/v1/products/{product['id']}", json=patch, headers=tag)


async def names(client, **asked):
    answer = await client.get("/v1/products", params=asked)
    assert answer.status_code == 200, answer.text
    return [product["name"] for product in answer.json()["data"]]


async def test_a_product_is_answered_with_place_and_etag(client):
    price = {"amount": "5482", "currency": "EUR"}
    answer = await client.post("/v1/products", json={"name": "GTX Pro", "list_price": price})
    product = answer.json()
    assert answer.headers["location"] == f"/v1/products/{product['id']}"
    assert answer.headers["etag"] == '"1"'
    assert product["list_price"] == {"amount": "5482.00", "currency": "EUR"}
    assert (await client.get(answer.headers["location"])).json() == product


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("GTX Plus Pro", "gtx-plus-pro"),
        ("Große Anlage (süd)", "grosse-anlage-sued"),
        ("MG & Special!", "mg-special"),
        ("Crème", "creme"),
        ("x" * 100, "x" * 64),
    ],
)
async def test_a_key_is_made_of_the_name(client, name, key):
    assert (await made(client, name=name))["key"] == key


async def test_a_name_without_letters_of_a_key_needs_one_sent(client):
    answer = await client.post("/v1/products", json={"name": "配管"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/key"
    assert (await made(client, name="配管", key="pipes"))["key"] == "pipes"


async def test_a_key_belongs_to_one_product(client):
    product = await made(client)
    answer = await client.post("/v1/products", json={"name": "gtx pro"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key-taken")
    await client.delete(f"/v1/products/{product['id']}", headers={"If-Match": '"1"'})
    assert await names(client) == []
    await made(client)


async def test_a_price_is_changed_or_taken_away_as_a_whole(client):
    product = await made(client, list_price={"amount": "10.00", "currency": "EUR"})
    yen = await changed(client, product, list_price={"amount": "900", "currency": "JPY"})
    assert yen.json()["list_price"] == {"amount": "900", "currency": "JPY"}
    none = await changed(client, yen.json(), list_price=None)
    assert none.json()["list_price"] is None
    assert (await changed(client, none.json(), active=False)).json()["active"] is False


async def test_a_patch_without_a_price_leaves_it(client):
    product = await made(client, list_price={"amount": "10.00", "currency": "EUR"})
    answer = await changed(client, product, attributes={"line": "GTX"})
    assert answer.json()["list_price"] == product["list_price"]
    assert answer.json()["attributes"] == {"line": "GTX"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "A", "key": "Not A Key"}, "/key"),
        ({"name": "A", "list_price": {"amount": 10, "currency": "EUR"}}, "/list_price/amount"),
        ({"name": "A", "list_price": {"amount": "1.5", "currency": "JPY"}}, "/list_price"),
        ({"name": "A", "list_price": {"amount": "1"}}, "/list_price/currency"),
        ({"name": "A", "list_price": {"amount": "-1", "currency": "EUR"}}, "/list_price/amount"),
        ({"name": "A", "price": "1"}, "/price"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, body, pointer):
    answer = await client.post("/v1/products", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("field", ["name", "key", "active", "attributes"])
async def test_null_for_what_every_product_has_is_refused(client, field):
    answer = await changed(client, await made(client), **{field: None})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_products_are_found_in_one_statement(client, statements):
    await made(client, name="GTX Pro", list_price={"amount": "1.00", "currency": "EUR"})
    await made(client, name="GTK 500", active=False)
    statements.clear()
    assert await names(client, q="gt", sort="name") == ["GTK 500", "GTX Pro"]
    assert sum("FROM products" in statement for statement in statements) == 1
    assert await names(client, active=True) == ["GTX Pro"]
    assert await names(client, key="gtk-500") == ["GTK 500"]


async def test_a_change_needs_the_version_it_was_made_from(client):
    product = await made(client)
    assert (await client.delete(f"/v1/products/{product['id']}")).status_code == 428
    await changed(client, product, name="B")
    assert (await changed(client, product, name="C")).status_code == 412


async def test_reading_and_writing_need_their_scopes(limited):
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    assert (await reader.get("/v1/products")).status_code == 200
    assert (await reader.post("/v1/products", json={"name": "A"})).status_code == 403
    assert (await writer.get("/v1/products")).status_code == 403
