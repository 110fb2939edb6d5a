"""What is said to opportunities that do not add up, and what is kept of those that do."""

import pytest

from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell

NAMED = {"name": "Press line", "process_id": "new-business"}


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def created(client, **body):
    return await client.post("/v1/opportunities", json=NAMED | body)


async def patched(client, deal, patch, tag=None):
    path = f"/v1/opportunities/{deal['id']}"
    tag = tag or (await client.get(path)).headers["etag"]
    return await client.patch(path, json=patch, headers=[(b"If-Match", tag.encode("latin-1"))])


def fault(answer):
    assert answer.status_code == 422, answer.text
    [found] = answer.json()["errors"]
    return found.get("pointer") or found.get("parameter"), found["code"]


@pytest.mark.parametrize(
    ("amount", "currency", "seen"),
    [
        ("0", "EUR", "0.00"),
        ("-0.00", "EUR", "0.00"),
        ("0.01", "EUR", "0.01"),
        ("999999999999999999.99", "EUR", "999999999999999999.99"),
        ("1E2", "EUR", "100.00"),
        ("100.000", "EUR", "100.00"),
        ("5", "JPY", "5"),
        ("0.001", "KWD", "0.001"),
    ],
)
async def test_amounts_are_kept_exactly_in_the_decimals_of_their_currency(
    client, amount, currency, seen
):
    deal = await make_deal(client, value={"amount": amount, "currency": currency})
    assert deal["value"] == {"amount": seen, "currency": currency}


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("1000000000000000000", "EUR", "amount_too_large"),
        ("1E+20", "EUR", "amount_too_large"),
        ("1E+999", "EUR", "not_a_decimal"),
        ("0.001", "EUR", "too_many_decimals"),
        ("1E-3", "EUR", "too_many_decimals"),
        ("0.5", "JPY", "too_many_decimals"),
        ("0.0005", "KWD", "too_many_decimals"),
        ("-1", "EUR", "too_small"),
        ("1_000", "EUR", "decimal_string"),
        (" 1", "EUR", "decimal_string"),
        ("٣", "EUR", "decimal_string"),
        ("NaN", "EUR", "decimal_string"),
        (100, "EUR", "decimal_string"),
        ("1", "XXX", "unknown_currency"),
    ],
)
async def test_amounts_that_are_none_are_refused(client, amount, currency, code):
    answer = await created(client, value={"amount": amount, "currency": currency})
    assert fault(answer)[1] == code


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (1_750_000_000, "not_an_instant"),
        ("1750000000", "not_an_instant"),
        (True, "not_an_instant"),
        ("2026-07-01T00:00:00", "time_zone_missing"),
        ("0001-01-01T00:00:00+14:00", "out_of_range"),
        ("9999-12-31T23:59:59-14:00", "out_of_range"),
        ("2026-02-30T00:00:00Z", "not_an_instant"),
        ("2026-07-20T09:30:01Z", "in_future"),
    ],
)
async def test_moments_that_are_none_are_refused(client, moment, code):
    assert fault(await created(client, created_at=moment)) == ("/created_at", code)


@pytest.mark.parametrize("day", [0, "20260701", "2026-07-01T00:00:00Z", "2026-02-30"])
async def test_days_that_are_none_are_refused(client, day):
    answer = await created(client, external_close_date=day)
    assert fault(answer) == ("/external_close_date", "not_a_date")


async def test_a_moment_of_a_question_may_be_as_wrong_as_one_of_a_body(client):
    asked = {"updated_since": "0001-01-01T00:00:00+14:00"}
    answer = await client.get("/v1/opportunities", params=asked)
    assert fault(answer) == ("updated_since", "out_of_range")


@pytest.mark.parametrize(
    ("attributes", "code"),
    [('{"a": 1e999}', "not_json"), ('{"a": "\\ud800"}', "not_json")],
)
async def test_attributes_that_cannot_be_kept_are_refused(client, attributes, code):
    answer = await client.post(
        "/v1/opportunities",
        content=f'{{"name": "A", "process_id": "new-business", "attributes": {attributes}}}',
        headers={"Content-Type": "application/json"},
    )
    assert fault(answer) == ("/attributes", code)


async def test_a_patch_reaches_into_attributes(client):
    deal = await make_deal(client, attributes={"fair": "2026", "crm": {"no": 7, "old": True}})
    deal = await change(client, deal, attributes={"fair": None, "crm": {"no": 8}})
    assert deal["attributes"] == {"crm": {"no": 8, "old": True}}


async def test_attributes_cannot_grow_by_patches_beyond_their_limit(client):
    deal = await make_deal(client, attributes={"a": "x" * 9000})
    answer = await patched(client, deal, {"attributes": {"b": "x" * 9000}})
    assert fault(answer) == ("/attributes", "too_large")


@pytest.mark.parametrize("field", ["name", "source", "product_ids", "attributes"])
async def test_null_for_what_every_opportunity_has_is_refused(client, field):
    deal = await make_deal(client)
    assert fault(await patched(client, deal, {field: None}))[0] == f"/{field}"


async def test_null_empties_and_what_is_left_out_stays(client):
    ada = await make_person(client)
    product = await post(client, "/v1/products", name="Press")
    stated = {
        "account": {"name": "Acme"},
        "owner_id": ada["id"],
        "value": eur("10.00"),
        "external_id": "7",
        "external_close_date": "2026-09-01",
        "external_probability": "0.4",
        "product_ids": [product["id"]],
    }
    deal = await make_deal(client, **stated)
    assert await kept(client, deal, {}) == deal | {"version": 2}
    gone = {name: None for name in deal if name in stated and name != "product_ids"}
    deal = await kept(client, deal, gone | {"account_id": None, "product_ids": []})
    assert {name: deal[name] for name in gone} == gone
    assert (deal["account_id"], deal["product_ids"]) == (None, [])


async def kept(client, deal, patch):
    answer = await patched(client, deal, patch)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_value_that_becomes_unknown_is_unknown_and_not_zero(client):
    deal = await make_deal(client, value=eur("10.00"))
    await change(client, deal, value=None)
    deal = await tell(client, deal, "reach", milestone="need")
    assert deal["value"] is None


@pytest.mark.parametrize("tag", ["*", 'W/"1"', '"1", "2"', '"1" "1"', "1", '""', '"²"', '"01"'])
async def test_if_match_takes_one_strong_tag(client, tag):
    deal = await make_deal(client)
    assert fault(await patched(client, deal, {"name": "B"}, tag)) == ("If-Match", "etag")


@pytest.mark.parametrize("tag", ['"2"', '"99999999999"', '"999999999999999999"'])
async def test_a_tag_that_does_not_match_is_answered_with_the_one_that_would(client, tag):
    deal = await make_deal(client)
    answer = await patched(client, deal, {"name": "B"}, tag)
    assert (answer.status_code, answer.headers["etag"]) == (412, '"1"')


async def test_without_if_match_nothing_is_changed(client):
    deal = await make_deal(client)
    path = f"/v1/opportunities/{deal['id']}"
    assert (await client.patch(path, json={"name": "B"})).status_code == 428
    assert (await client.delete(path)).status_code == 428
    assert (await client.get(path)).json() == deal


IDS = ["🦄", "ß", "ẞ", "ss", "\u00e9", "e\u0301", "  7", "7", "a" * 200, "\u202e7"]


async def test_external_ids_are_kept_and_compared_letter_by_letter(client):
    for id in IDS:
        deal = await make_deal(client, external_id=id)
        assert deal["external_id"] == id
        found = await client.get("/v1/opportunities", params={"external_id": id})
        assert [each["id"] for each in found.json()["data"]] == [deal["id"]]


async def test_an_external_id_is_unique_within_its_source_and_free_again_after(client):
    deal = await make_deal(client, external_id="7", source="crm-x")
    await make_deal(client, external_id="7", source="crm-y")
    answer = await created(client, external_id="7", source="crm-x")
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")
    other = await make_deal(client, external_id="8", source="crm-x")
    answer = await patched(client, other, {"external_id": "7"})
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")
    gone = await client.delete(f"/v1/opportunities/{deal['id']}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    assert (await kept(client, other, {"external_id": "7"}))["external_id"] == "7"


async def test_a_name_has_two_hundred_code_points_however_they_look(client):
    assert (await make_deal(client, name="👩‍🔧" * 50))["name"] == "👩‍🔧" * 50
    assert fault(await created(client, name="🦄" * 201)) == ("/name", "too_long")


@pytest.mark.parametrize("field", ["status", "milestone", "won_at", "reached_at", "exited_at"])
async def test_what_the_customer_decides_is_never_written(client, field):
    assert fault(await created(client, **{field: "won"}))[1] == "unknown_field"
    answer = await patched(client, await make_deal(client), {field: "won"})
    assert fault(answer)[1] == "not_writable"


async def test_shares_sum_to_one_hundred_and_name_everybody_once(client):
    ada, bob = await make_person(client, "Ada"), await make_person(client, "Bob")
    for shares, code in (
        ([(ada, "60"), (bob, "39.999999")], "not_100_percent"),
        ([(ada, "50"), (ada, "50")], "repeated"),
        ([(ada, "100.0000001")], "too_many_digits"),
        ([(ada, "0"), (bob, "100")], "too_small"),
    ):
        answer = await created(client, owner_id=ada["id"], credits=credited(shares))
        assert fault(answer)[1] == code


def credited(shares):
    return [{"person_id": person["id"], "percent": percent} for person, percent in shares]


async def test_the_owner_has_a_share_whoever_else_has(client):
    ada, bob = await make_person(client, "Ada"), await make_person(client, "Bob")
    shares = credited([(ada, "60"), (bob, "40")])
    missing = ("/credits", "owner_without_share")
    assert fault(await created(client, credits=shares)) == missing
    deal = await make_deal(client, owner_id=ada["id"], credits=shares)
    for patch in ({"owner_id": None}, {"owner_id": (await make_person(client, "C"))["id"]}):
        assert fault(await patched(client, deal, patch)) == ("/owner_id", "owner_without_share")
    deal = await change(client, deal, owner_id=bob["id"])
    assert (deal["owner_id"], deal["credits"]) == (bob["id"], shares)
    deal = await change(client, deal, owner_id=None, credits=None)
    assert (deal["owner_id"], deal["credits"]) == (None, None)


async def test_saying_again_what_is_known_leaves_no_event(client):
    ada = await make_person(client)
    shares = credited([(ada, "100")])
    deal = await make_deal(client, owner_id=ada["id"], credits=shares, value=eur("10.00"))
    await change(client, deal, owner_id=ada["id"], credits=shares, value=eur("10.0"))
    history = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert [event["kind"] for event in history] == ["created"]


async def test_a_correction_without_a_value_corrects_nothing_and_is_refused(client):
    deal = await make_deal(client)
    path, tag = f"/v1/opportunities/{deal['id']}", {"If-Match": '"1"'}
    answer = await client.patch(path, json={"correction": True}, headers=tag)
    assert answer.json()["errors"][0]["code"] == "value_missing"


async def test_no_milestone_can_be_called_none(client):
    first = {**MILESTONES[0], "key": "none"}
    body = {"key": "p", "name": "P", "milestones": [first, *MILESTONES[1:]]}
    answer = await client.post("/v1/processes", json=body)
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/milestones/0/key", "code": "reserved", "detail": ""
    }  # fmt: skip
