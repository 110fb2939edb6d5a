"""How dates and numbers are read, in each of the ways they may be written."""

import pytest

from tests.deals import make_process
from tests.imports.support import bring, counts, problems


@pytest.mark.parametrize(
    ("date_format", "said", "meant"),
    [
        ("iso", "2026-01-05", "2026-01-04T23:00:00Z"),
        ("iso", "2026-01-05 09:30", "2026-01-05T08:30:00Z"),
        ("iso", "2026-07-05T09:30:15.5", "2026-07-05T07:30:15.500000Z"),
        ("iso", "2026-01-05T09:30:00Z", "2026-01-05T09:30:00Z"),
        ("iso", "2026-01-05T09:30:00-05:00", "2026-01-05T14:30:00Z"),
        ("us", "1/5/2026", "2026-01-04T23:00:00Z"),
        ("us", "01/05/2026, 9:30 PM", "2026-01-05T20:30:00Z"),
        ("us", "2026-01-05", "2026-01-04T23:00:00Z"),
        ("eu", "5.1.2026", "2026-01-04T23:00:00Z"),
        ("eu", "05-01-2026", "2026-01-04T23:00:00Z"),
        ("eu", "5/1/2026 09:30 +02:00", "2026-01-05T07:30:00Z"),
        ("eu", "15.01.2026 09:30:00.25", "2026-01-15T08:30:00.250000Z"),
    ],
)
async def test_an_instant_is_read_as_declared(client, date_format, said, meant):
    process = await make_process(client)
    file = f'external_id;created_at\n1;"{said}"\n'
    job = await bring(
        client, "opportunities", file, {"date_format": date_format}, process_id=process["id"]
    )
    assert counts(job) == {"read": 1, "created": 1}, await problems(client, job)
    (found,) = (await client.get("/v1/opportunities")).json()["data"]
    assert found["created_at"] == meant


@pytest.mark.parametrize(
    ("date_format", "said", "code"),
    [
        ("iso", "5.1.2026", "not_a_date"),
        ("iso", "2026-02-30", "not_a_date"),
        ("iso", "2026-01-05 25:00", "not_a_date"),
        ("us", "13/1/2026", "not_a_date"),
        ("eu", "1.13.2026", "not_a_date"),
        ("eu", "1.1.26", "not_a_date"),
        ("eu", "1.1.1026", "date_out_of_range"),
        ("iso", "2026-07-21", "in_future"),
    ],
)
async def test_what_is_no_such_date_is_told(client, date_format, said, code):
    process = await make_process(client)
    file = f"external_id;created_at\n1;{said}\n"
    job = await bring(
        client, "opportunities", file, {"date_format": date_format}, process_id=process["id"]
    )
    assert await problems(client, job) == [(2, "created_at", code, said)]


@pytest.mark.parametrize(
    ("locale", "said", "meant"),
    [
        ("en", "1,234.56", "1234.56"),
        ("en", "1234.5", "1234.50"),
        ("en", "+7", "7.00"),
        ("de", "1.234,56", "1234.56"),
        ("de", "1.234", "1234.00"),
        ("de", "999999999999999999,99", "999999999999999999.99"),
    ],
)
async def test_an_amount_is_read_as_declared(client, locale, said, meant):
    job = await bring(client, "products", f"key;list_price\na;{said}\n", {"locale": locale})
    assert counts(job) == {"read": 1, "created": 1}, await problems(client, job)
    (found,) = (await client.get("/v1/products")).json()["data"]
    assert found["list_price"] == {"amount": meant, "currency": "EUR"}


@pytest.mark.parametrize(
    ("locale", "said", "code"),
    [
        ("en", "1.234", "too_many_decimals"),
        ("en", "1.234,56", "not_a_decimal"),
        ("en", "12,34", "not_a_decimal"),
        ("en", "1e3", "not_a_decimal"),
        ("en", "€ 5", "not_a_decimal"),
        ("de", "1,234", "too_many_decimals"),
        ("de", "1.23", "not_a_decimal"),
        ("de", "-0,01", "negative"),
        ("en", "1234567890123456789", "amount_too_large"),
    ],
)
async def test_an_amount_that_may_mean_something_else_is_never_guessed(client, locale, said, code):
    job = await bring(client, "products", f"key;list_price\na;{said}\n", {"locale": locale})
    assert await problems(client, job) == [(2, "list_price", code, said)]


async def test_a_currency_decides_how_many_decimals_there_are(client):
    file = "key,list_price,currency\na,5.5,JPY\nb,5.125,KWD\nc,5.00,jpy\n"
    job = await bring(client, "products", file)
    assert await problems(client, job) == [(2, "list_price", "too_many_decimals", "5.5")]
    found = (await client.get("/v1/products")).json()["data"]
    assert {row["key"]: row["list_price"]["amount"] for row in found} == {"b": "5.125", "c": "5"}
