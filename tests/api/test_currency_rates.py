from decimal import Decimal

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from app.tables import CurrencyRate, Passage

USD = {"currency": "USD", "day": "2026-01-01", "rate": "0.9215", "source": "ECB"}


async def recorded(client, **rate):
    answer = await client.post("/v1/currency_rates", json=USD | rate)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(client, **asked):
    answer = await client.get("/v1/currency_rates", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_rate_is_answered_with_its_place(client):
    answer = await client.post("/v1/currency_rates", json=USD)
    rate = answer.json()
    assert answer.headers["location"] == f"/v1/currency_rates/{rate['id']}"
    assert {name: rate[name] for name in USD} == USD
    assert rate["recorded_at"] == "2026-07-20T09:30:00Z"
    assert (await client.get(answer.headers["location"])).json() == rate


@pytest.mark.parametrize("rate", ["0.0000001", "1E-7", "155.25", "1000000"])
async def test_a_rate_is_kept_to_its_last_digit_and_never_with_an_exponent(client, rate):
    answer = await recorded(client, rate=rate)
    assert Decimal(answer["rate"]) == Decimal(rate)
    assert "E" not in answer["rate"]


async def test_a_better_rate_for_the_same_day_is_a_further_row(client, clock, work):
    await recorded(client)
    clock.forward(hours=1)
    await recorded(client, rate="0.93")
    rates = await listed(client)
    assert [rate["rate"] for rate in rates] == ["0.93", "0.9215"]
    assert len(await work.all(work.rows(CurrencyRate))) == 2


async def test_rates_are_listed_by_currency_and_newest_day_first(client, clock):
    for day in ("2026-01-01", "2026-03-01", "2026-02-01"):
        await recorded(client, day=day)
        await recorded(client, day=day, currency="GBP")
    rates = await listed(client, currency="USD")
    assert [rate["day"] for rate in rates] == ["2026-03-01", "2026-02-01", "2026-01-01"]
    assert {rate["currency"] for rate in rates} == {"USD"}


async def test_pages_show_every_rate_once(client, clock):
    for _ in range(5):
        await recorded(client)
        clock.forward(seconds=1)
    first = (await client.get("/v1/currency_rates", params={"limit": 3})).json()
    asked = {"limit": 3, "cursor": first["next_cursor"]}
    second = (await client.get("/v1/currency_rates", params=asked)).json()
    assert len({rate["id"] for rate in first["data"] + second["data"]}) == 5


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"currency": "EUR"}, "/currency", "reporting_currency"),
        ({"currency": "EURO"}, "/currency", "unknown_currency"),
        ({"rate": "0"}, "/rate", "too_small"),
        ({"rate": "-1"}, "/rate", "too_small"),
        ({"rate": 0.92}, "/rate", "decimal_string"),
        ({"recorded_at": "2020-01-01T00:00:00Z"}, "/recorded_at", "unknown_field"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, change, pointer, code):
    answer = await client.post("/v1/currency_rates", json=USD | change)
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


async def arrival_in_dollars(client):
    process = await client.post(
        "/v1/processes", json={"key": "p", "name": "P", "template": "milestone-selling-5"}
    )
    assert process.status_code == 201, process.text
    deal = {"name": "Deal", "process_id": process.json()["id"]}
    deal["value"] = {"amount": "1000.00", "currency": "USD"}
    made = await client.post("/v1/opportunities", json=deal)
    assert made.status_code == 201, made.text
    act = {"milestone": "interest", "act": "said", "what": "asked for a visit"}
    reached = await client.post(f"{made.headers['location']}/reach", json=act)
    assert reached.status_code == 200, reached.text


async def test_what_arrived_before_any_rate_was_known_waits_for_the_first(client, work, clock):
    await arrival_in_dollars(client)
    worth = []
    for rate in (None, "0.90", "0.95"):
        if rate:
            await recorded(client, rate=rate)
        [passage] = await work.all(work.rows(Passage))
        worth.append(passage.reporting_value)
        clock.forward(minutes=1)
    assert worth == [None, Decimal("900.00"), Decimal("900.00")]


async def test_the_currency_of_the_workspace_stays_once_something_arrived(client):
    await arrival_in_dollars(client)
    tag = {"If-Match": '"1"'}
    answer = await client.patch("/v1/workspace", json={"currency": "USD"}, headers=tag)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "arrived" in answer.json()["detail"]


async def test_a_rate_can_be_neither_changed_nor_deleted(client):
    rate = await recorded(client)
    for method in ("PATCH", "PUT", "DELETE"):
        answer = await client.request(method, f"/v1/currency_rates/{rate['id']}")
        assert answer.status_code == 405


async def test_the_rates_of_others_are_not_there(client, neighbour):
    rate = await recorded(client)
    for id in (rate["id"], uuid7()):
        assert (await neighbour.get(f"/v1/currency_rates/{id}")).status_code == 404
    assert await listed(neighbour) == []


async def test_reading_and_writing_need_their_scopes(limited, stranger):
    reader, writer = await limited(Scope.PROCESSES_READ), await limited(Scope.PROCESSES_WRITE)
    assert (await reader.get("/v1/currency_rates")).status_code == 200
    assert (await reader.post("/v1/currency_rates", json=USD)).status_code == 403
    assert (await writer.get("/v1/currency_rates")).status_code == 403
    assert (await stranger.get("/v1/currency_rates")).status_code == 401
