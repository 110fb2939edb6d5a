"""What was ordered for a term comes back before the term is over."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import eur, make_person, make_process, tell
from tests.sales import line, make_account, make_product, sell

# Today is 20 July 2026.
LAST_YEAR = "2025-08-01T08:00:00Z"


@pytest.fixture
async def service(client):
    await make_process(client)
    return await make_product(client, "Service")


@pytest.fixture
async def alder(client):
    return await make_account(client)


async def due(client, **asked):
    return (await ask(client, "/v1/renewals", **asked))["data"]


async def states(client, **asked):
    return [(each["line"]["term_end"], each["state"]) for each in await due(client, **asked)]


async def renew(client, renewal, status=201, **more):
    path = f"/v1/renewals/{renewal['line']['id']}/opportunity"
    answer = await client.post(path, json={"process_id": "new-business"} | more)
    assert answer.status_code == status, answer.text
    return answer


def ending(product, day, amount="1200.00"):
    return line(product, amount, term_end=day)


async def test_terms_that_end_soon_or_ended_lately_are_listed_by_their_last_day(client, service):
    days = ("2026-10-18", "2026-07-20", "2026-07-19", "2026-10-19", "2026-04-20")
    for day in days:
        await sell(client, ending(service, day), at=LAST_YEAR)
    # 90 days on is 18 October, 90 days back 21 April.
    assert await states(client) == [
        ("2026-07-19", "lapsed"),
        ("2026-07-20", "due"),
        ("2026-10-18", "due"),
    ]
    assert await states(client, due_in="0d", ended_within="91d") == [
        ("2026-04-20", "lapsed"),
        ("2026-07-19", "lapsed"),
        ("2026-07-20", "due"),
    ]
    assert await states(client, state="lapsed") == [("2026-07-19", "lapsed")]
    assert [each["days_left"] for each in await due(client)] == [-1, 0, 90]


async def test_an_order_of_the_same_account_and_product_renews(client, service, alder):
    other = await make_product(client, "Parts")
    await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR, account_id=alder["id"])
    await sell(client, ending(other, "2027-08-31"), account_id=alder["id"])
    assert await states(client) == [("2026-08-31", "due")]
    again = await sell(client, ending(service, "2027-08-31"), account_id=alder["id"])
    [only] = await due(client)
    assert (only["state"], only["renewed_until"]) == ("renewed", "2027-08-31")
    await tell(client, again, "void", milestone="order", reason="never signed")
    assert await states(client) == [("2026-08-31", "due")]


async def test_a_voided_order_has_nothing_to_renew(client, service):
    deal = await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR)
    assert len(await due(client)) == 1
    await tell(client, deal, "void", milestone="order", reason="another company")
    assert await due(client) == []


async def test_a_renewal_begins_with_what_is_known(client, service, alder):
    ada = await make_person(client)
    more = {"account_id": alder["id"], "owner_id": ada["id"], "name": "Service contract"}
    await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR, **more)
    [only] = await due(client, owner=ada["id"])
    answer = await renew(client, only)
    made = answer.json()
    assert answer.headers["location"] == f"/v1/opportunities/{made['id']}"
    seen = {name: made[name] for name in (*more, "value", "product_ids", "status")}
    assert seen == more | {
        "value": eur("1200.00"),
        "product_ids": [service["id"]],
        "status": "open",
    }
    assert (made["business_type"], made["business_subtype"]) == ("existing", "renewal")
    [only] = await due(client)
    assert (only["state"], only["renewal_opportunity_id"]) == ("in_work", made["id"])
    await sell(client, line(service, "1300.00"), deal=made, at="2026-07-20T09:30:00Z")
    assert (await due(client))[0]["state"] == "renewed"


async def test_a_line_is_renewed_in_one_opportunity_at_a_time(client, service):
    await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR)
    [only] = await due(client)
    made = (await renew(client, only)).json()
    refusal = await renew(client, only, status=409)
    assert refusal.json()["code"] == "conflict"
    await tell(client, made, "exit", kind="lost")
    assert (await due(client))[0]["state"] == "due"
    other = (await renew(client, only, name="Once more", value=eur("900.00"))).json()
    assert (other["name"], other["value"]) == ("Once more", eur("900.00"))
    assert (await due(client))[0]["renewal_opportunity_id"] == other["id"]


async def test_renewals_are_filtered_and_paged(client, service, alder):
    await sell(client, ending(service, "2026-08-30"), at=LAST_YEAR, account_id=alder["id"])
    await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR)
    assert await states(client, account=alder["id"]) == [("2026-08-30", "due")]
    assert await due(client, product=str(uuid7())) == []
    first = await ask(client, "/v1/renewals", limit=1)
    rest = await due(client, limit=1, cursor=first["next_cursor"])
    assert first["data"] + rest == await due(client)
    assert await refused(client, "GET", "/v1/renewals?due_in=soon") == ("due_in", "pattern")


async def test_others_have_no_renewals_here(client, service, neighbour, stranger, limited):
    await sell(client, ending(service, "2026-08-31"), at=LAST_YEAR)
    [only] = await due(client)
    assert await due(neighbour) == []
    await make_process(neighbour)
    await renew(neighbour, only, status=404)
    await renew(client, {"line": {"id": str(uuid7())}}, status=404)
    await renew(stranger, only, status=401)
    reader = await limited(Scope.OPPORTUNITIES_READ)
    await renew(reader, only, status=403)
    assert (await stranger.get("/v1/renewals")).status_code == 401
    assert (await (await limited(Scope.ACCOUNTS_READ)).get("/v1/renewals")).status_code == 403


async def test_the_number_of_statements_does_not_grow_with_terms(client, service, statements):
    counts = []
    for _ in range(2):
        await sell(client, *[ending(service, "2026-08-31")] * 5, at=LAST_YEAR)
        statements.clear()
        await due(client)
        counts.append(len(statements))
    assert counts[0] == counts[1]
