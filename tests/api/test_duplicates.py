from itertools import combinations

import pytest
from sqlalchemy import insert, text

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.duplicates import ACCOUNTS, REACH, pairs_sql
from app.tables import Account
from tests.deals import eur, make_deal, make_process, post


async def made(client, name="Acme", **account):
    return await post(client, "/v1/accounts", name=name, **account)


async def asked(client, **wanted):
    answer = await client.get("/v1/duplicates", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def pairs(client, **wanted):
    """The pairs by name, with score and codes."""
    found = (await asked(client, **wanted))["data"]
    return {
        (each["first"]["name"], each["second"]["name"]): (
            each["score"],
            [reason["code"] for reason in each["reasons"]],
        )
        for each in found
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne GmbH & Co. KG", "MUELLER UND SOEHNE"),
        ("Acme, Inc.", "ACME Incorporated"),
        ("Société Générale S.A.", "Societe Generale"),
        ("Dr. Oetker KG", "Dr.Oetker"),
        ("O\u2019Neil's Co.", "Oneils"),
        ("Straße 7 e.K.", "strasse-7"),
        ("Łódź Works Sp. z o.o.", "Lodz Works Sp. z o.o."),
        ("日本 (株)", "日本株"),
    ],
)
async def test_one_name_in_two_spellings_is_found(client, one, other):
    await made(client, one)
    await made(client, other)
    assert await pairs(client) == {(one, other): ("0.7000", ["same_name"])}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bauer GmbH", "Baur GmbH"),
        ("AG Insurance", "Insurance AG"),
        ("Nord Stahl AG", "Nord Strahl AG"),
        ("GmbH & Co. KG", "AG & Co. KG"),
        ("Acme 1", "Acme 2"),
        ("東京", "大阪"),
    ],
)
async def test_a_near_miss_is_none(client, one, other):
    await made(client, one)
    await made(client, other)
    assert await pairs(client, min_score="0") == {}


async def test_each_sign_takes_its_part_of_the_doubt_that_is_left(client):
    """By hand: 1 - .3·.4, 1 - .05, 1 - .6·.7, 1 - .3·.7, then times what speaks against it."""
    await made(client, "Acme GmbH", domain="https://www.acme.example/shop")
    await made(client, "ACME", domain="acme.example")
    await made(client, "Pinta", vat_id="DE 129 273 398")
    await made(client, "Quartz", vat_id="de129273398")
    await made(client, "Nordlicht", postcode="28195")
    await made(client, "Nordlicht Bremen", postcode="28195")
    await made(client, "Heron", postcode="D-28195")
    await made(client, "Heron Ltd", postcode="d28195")
    assert await pairs(client) == {
        ("Pinta", "Quartz"): ("0.9500", ["same_vat_id"]),
        ("Acme GmbH", "ACME"): ("0.8800", ["same_name", "same_domain"]),
        ("Heron", "Heron Ltd"): ("0.7900", ["same_name", "same_postcode"]),
        ("Nordlicht", "Nordlicht Bremen"): ("0.5800", ["similar_name", "same_postcode"]),
    }


async def test_what_speaks_against_it_counts(client):
    await made(client, "Acme", vat_id="DE1", country="DE", postcode="1")
    await made(client, "Acme", vat_id="DE2", country="de ", postcode="1")
    await made(client, "Castor", country="DE", postcode="1")
    await made(client, "Castor", country="AT", postcode="2")
    codes = ["same_name", "different_country", "different_postcode"]
    assert await pairs(client) == {}
    found = await pairs(client, min_score="0.3")
    assert found == {("Castor", "Castor"): ("0.3360", codes)}
    found = await pairs(client, min_score="0.1")
    assert found["Acme", "Acme"] == ("0.1580", ["same_name", "same_postcode", "different_vat_id"])


async def test_a_group_and_its_company_are_two(client):
    group = await made(client, "Acme", domain="acme.example")
    await made(client, "Acme", domain="acme.example", parent_id=group["id"])
    assert await pairs(client) == {}


async def test_a_deleted_account_is_no_duplicate(client):
    await made(client)
    gone = await made(client)
    await client.delete(f"/v1/accounts/{gone['id']}", headers={"If-Match": '"1"'})
    assert await pairs(client) == {}


async def test_pages_show_every_pair_once_and_belong_to_their_question(client):
    ids = [(await made(client))["id"] for _ in range(4)]
    seen, cursor = [], {}
    while True:
        page = await asked(client, limit=2, **cursor)
        seen += [(each["first"]["id"], each["second"]["id"]) for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(combinations(sorted(ids), 2))
    other = await client.get("/v1/duplicates", params=cursor | {"min_score": "0.6"})
    assert other.json()["code"] == "invalid-cursor"


async def test_only_those_of_one_account_may_be_asked_for(client):
    for name in ("Acme", "Acme", "Pinta"):
        await made(client, name)
    lonely = (await client.get("/v1/accounts", params={"q": "Pinta"})).json()["data"][0]
    assert len(await pairs(client)) == 1
    assert await pairs(client, account=lonely["id"]) == {}


async def test_what_was_dismissed_is_remembered_until_it_is_taken_back(client):
    one, other = (await made(client))["id"], (await made(client))["id"]
    said = await post(client, "/v1/duplicates/dismissals", ids=[other, one], note="two towns")
    assert (said["first_id"], said["second_id"]) == tuple(sorted((one, other)))
    assert await pairs(client) == {}
    again = await client.post("/v1/duplicates/dismissals", json={"ids": [one, other]})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    listed = (await client.get("/v1/duplicates/dismissals")).json()["data"]
    assert listed == [said]
    place = f"/v1/duplicates/dismissals/{said['id']}"
    assert (await client.get(place)).json() == said
    assert (await client.delete(place)).status_code == 204
    assert len(await pairs(client)) == 1
    assert (await client.delete(place)).status_code == 404


async def test_a_pair_is_two_different_ones(client):
    one = (await made(client))["id"]
    answer = await client.post("/v1/duplicates/dismissals", json={"ids": [one, one]})
    assert answer.json()["errors"][0]["code"] == "repeated"
    answer = await client.post("/v1/duplicates/dismissals", json={"ids": [one, str(uuid7())]})
    assert answer.status_code == 404


async def test_open_opportunities_of_one_account_are_compared(client):
    await make_process(client)
    await make_process(client, key="other")
    account, other = await made(client), await made(client, "Pinta")
    product = await post(client, "/v1/products", name="Press")
    here = {"account_id": account["id"]}
    await make_deal(client, "Press line", value=eur("10"), **here)
    await make_deal(client, "press-line", value=eur("10.00"), **here)
    await make_deal(client, "Press line", account_id=other["id"])
    await make_deal(client, "Spare parts", product_ids=[product["id"]], **here)
    await make_deal(client, "Spare", product_ids=[product["id"]], **here)
    await make_deal(client, "Spare parts", process="other", **here)
    assert await pairs(client, object="opportunities") == {
        ("Press line", "press-line"): ("0.7600", ["same_name", "same_value"]),
        ("Spare parts", "Spare"): ("0.5800", ["similar_name", "same_product"]),
    }
    less = await pairs(client, object="opportunities", min_score="0.4", account=account["id"])
    assert less["Spare parts", "Spare parts"] == ("0.4200", ["same_name", "different_process"])


async def test_opportunities_may_be_dismissed_as_well(client):
    await make_process(client)
    account = await made(client)
    deals = [await make_deal(client, account_id=account["id"]) for _ in range(2)]
    ids = [deal["id"] for deal in deals]
    said = await post(client, "/v1/duplicates/dismissals", object="opportunities", ids=ids)
    assert await pairs(client, object="opportunities") == {}
    assert (await client.delete(f"/v1/duplicates/dismissals/{said['id']}")).status_code == 204
    assert len(await pairs(client, object="opportunities")) == 1


async def test_reasons_are_sentences_in_the_language_of_the_caller(client):
    await made(client)
    await made(client, "ACME AG")
    answer = await client.get("/v1/duplicates", headers={"Accept-Language": "de"})
    [reason] = answer.json()["data"][0]["reasons"]
    assert reason["text"] == "Derselbe Name, von Rechtsform und Schreibweise abgesehen."


async def test_neighbours_strangers_and_smaller_keys_see_nothing(
    client, neighbour, stranger, limited
):
    ids = [(await made(client))["id"] for _ in range(2)]
    said = await post(client, "/v1/duplicates/dismissals", ids=ids)
    assert await pairs(neighbour) == {}
    for place in (said["id"], str(uuid7())):
        assert (await neighbour.delete(f"/v1/duplicates/dismissals/{place}")).status_code == 404
        assert (await neighbour.get(f"/v1/duplicates/dismissals/{place}")).status_code == 404
    answer = await neighbour.post("/v1/duplicates/dismissals", json={"ids": ids})
    assert answer.status_code == 404
    assert (await stranger.get("/v1/duplicates")).status_code == 401
    reader = await limited(Scope.ACCOUNTS_READ)
    assert (await reader.get("/v1/duplicates")).status_code == 200
    deals = {"object": "opportunities"}
    assert (await reader.get("/v1/duplicates", params=deals)).status_code == 403
    assert (await reader.delete(f"/v1/duplicates/dismissals/{said['id']}")).status_code == 403


async def test_a_question_takes_one_statement_however_many_pairs_there_are(client, statements):
    for _ in range(3):
        await made(client)
    statements.clear()
    await pairs(client)
    few = len(statements)
    for _ in range(5):
        await made(client)
    statements.clear()
    assert len((await asked(client))["data"]) == 28
    assert len(statements) == few


async def test_a_large_group_is_compared_in_a_stretch_and_not_with_itself(work):
    """Of 300 that share a domain each is compared with the next ten, not with 299."""
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "name": f"Company {number}x",
            "domain": "group.example",
            "source": "api",
            "created_at": work.now,
            "updated_at": work.now,
        }
        for number in range(300)
    ]
    await work.db.execute(insert(Account), rows)
    count = f"SELECT count(*) FROM ({pairs_sql(ACCOUNTS)}) p"  # noqa: S608 - our own words
    found = await work.db.scalar(text(count), {"workspace": work.workspace_id})
    assert found == 300 * REACH - REACH * (REACH + 1) // 2
