"""The short way answers with the bytes of the ordinary one, and neither wall depends on the other.

Whatever comes with an `Origin` goes the ordinary way, and is answered the same otherwise.
"""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.ids import uuid7
from app.domain import replay
from app.domain.ledger.kinds import KINDS
from app.domain.ledger.recounting import differences
from app.tables import Credit, Opportunity, Passage
from tests.deals import eur, make_deal, make_person, make_process, post, tell

ONLY_HERE = re.compile(rb'"request_id":"[^"]*"')
PASSING = {"date", "x-request-id", "ratelimit"}


@pytest.fixture
def taken(app, monkeypatch):
    """How often the short way was gone to its end."""
    seen = []
    rows = app.state.lane.rows

    async def noted(statement, *values):
        found = await rows(statement, *values)
        seen.append(bool(found))
        return found

    monkeypatch.setattr(app.state.lane, "rows", noted)
    return seen


async def both(app, client, taken, path, **headers):
    """The short answer and the ordinary one, without what differs from request to request."""
    await client.get("/v1/opportunities", headers={"Accept-Language": "en"})  # the key is known
    before = len(taken)
    shortly = told(await client.get(path, headers=headers))
    assert set(taken[before:]) == {True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.state.known, "workspaces", {})
        return shortly, told(await client.get(path, headers=headers))


def told(answer):
    kept = [(k, v) for k, v in answer.headers.multi_items() if k.lower() not in PASSING]
    return answer.status_code, kept, ONLY_HERE.sub(b"", answer.content)


async def many(client, criteria=()):
    """Opportunities that differ in everything an answer shows."""
    sections = [{"key": key, "name": key, "customer_act": "x"} for key in ("need", "order")]
    sections[0] |= {"target_rate": "0.5", "criteria": list(criteria)}
    await make_process(client, milestones=sections)
    people = [await make_person(client) for _ in range(2)]
    account = await post(client, "/v1/accounts", name="Acme")
    products = [(await post(client, "/v1/products", name=name))["id"] for name in "AB"]
    percents = zip(people, ("33.5", "66.5"), strict=True)
    shares = [{"person_id": person["id"], "percent": said} for person, said in percents]
    odd = 'Ü"\\/\b\f\n\r\t\x01\x1f\x7f\u2028 "attributes":{} 🦄'
    inside = {"ü": '"attributes":{"x": 1}'}
    numbers = {"a b": [1, 1.50, 1e30, -0.0, True, None, inside], "z": {}}
    deals = [
        await make_deal(client),
        await make_deal(client, odd, attributes=numbers, source=odd, external_id=odd[:50]),
        await make_deal(client, value=eur("1e5"), created_at="2026-01-05T08:00:00.000120Z"),
        await make_deal(client, value={"amount": "12", "currency": "JPY"}),
        await make_deal(client, value={"amount": "0.5", "currency": "KWD"}, attributes={"k": 1}),
        await make_deal(
            client,
            account_id=account["id"],
            owner_id=people[0]["id"],
            credits=shares,
            product_ids=products,
            business_type="existing",
            business_subtype="renewal",
            external_close_date="2026-12-24",
            external_probability="0.500",
        ),
    ]
    reached = [await make_deal(client, name) for name in ("met", "held", "won", "lost", "ball")]
    for deal in reached:
        await tell(client, deal, "reach", milestone="need")
    if criteria:
        await tell(client, reached[0], "meet", criterion="a")
        await tell(client, reached[1], "hold", until="2026-12-01T00:00:00Z", reason="-")
    await tell(client, reached[2], "reach", milestone="order", amount=eur("70.25"))
    await tell(client, reached[3], "exit", kind="lost")
    await tell(client, reached[4], "ball", ball="us")
    return deals + reached


CRITERIA = [{"key": key, "name": key, "weight": weight} for key, weight in (("a", "1"), ("b", "2"))]


@pytest.mark.parametrize("criteria", [CRITERIA, ()])
async def test_the_short_way_answers_with_the_same_bytes(app, client, taken, clock, criteria):
    """With criteria and holds by one statement, without by another."""
    deals = await many(client, criteria)
    clock.forward(days=3, microseconds=5)
    paths = [f"/v1/opportunities/{deal['id']}" for deal in deals]
    paths += [f"/v1/opportunities/{uuid7()}", "/v1/opportunities"]
    paths += [f"/v1/opportunities?limit={n}" for n in (1, 3, len(deals), 500)]
    await client.get("/v1/me")  # notes the use of the key
    for path in paths:
        shortly, ordinarily = await both(app, client, taken, path)
        assert shortly == ordinarily


async def test_a_known_answer_is_not_told_again_on_the_short_way(app, client, taken):
    await make_process(client)
    deal = await make_deal(client)
    for path in (f"/v1/opportunities/{deal['id']}", "/v1/opportunities"):
        tag = (await client.get(path)).headers["etag"]
        shortly, ordinarily = await both(app, client, taken, path, **{"If-None-Match": tag})
        assert shortly == ordinarily
        assert shortly[0] == 304


async def test_a_new_opportunity_is_the_same_on_either_way(app, client, taken, work):
    process = await make_process(client)
    people = [await make_person(client) for _ in range(2)]
    shares = [{"person_id": person["id"], "percent": "50"} for person in people]
    bodies = [
        {},
        {"process_id": process["id"], "value": eur("12.50"), "owner_id": people[0]["id"]},
        {"owner_id": people[0]["id"], "credits": shares, "attributes": {"a": [1.50, {"b": "ü"}]}},
        {"business_type": "new", "business_subtype": "win_back", "created_at": "2026-07-01T08:00Z"},
        {"external_close_date": "2026-12-24", "external_probability": "0.250", "credits": []},
        {
            "business_subtype": "renewal",
            "source": "crm",
            "value": {"amount": "3", "currency": "JPY"},
        },
    ]
    histories = []
    for n, body in enumerate(bodies):
        made = []
        for way in ("short", "ordinary"):
            place = {"name": "Deal", "process_id": "new-business", "external_id": f"{way}-{n}"}
            with pytest.MonkeyPatch.context() as patch:
                if way == "ordinary":
                    patch.setattr(app.state.known, "workspaces", {})
                taken.clear()
                answer = await client.post("/v1/opportunities", json=place | body)
            assert taken == ([True] if way == "short" else [])
            made.append(neutral(answer, f"{way}-{n}"))
            assert (await client.get(answer.headers["location"])).content == answer.content
            histories.append(await history(client, answer))
        assert made[0] == made[1]
        assert histories[-1] == histories[-2]
    ids = [UUID(deal["id"]) for deal in (await client.get("/v1/opportunities")).json()["data"]]
    await replay.derive(work, ids=ids)
    versions = await work.db.scalars(select(Opportunity.version).where(Opportunity.id.in_(ids)))
    assert set(versions) == {1}  # whatever follows from the events stood there before


async def history(client, answer):
    told = (await client.get(f"{answer.headers['location']}/events")).json()["data"]
    return [{name: value for name, value in each.items() if name != "id"} for each in told]


def neutral(answer, external_id):
    """A created opportunity without what tells it from its twin."""
    assert answer.status_code in (200, 201), answer.text
    status, headers, content = told(answer)
    for own in (answer.json()["id"], external_id):
        content = content.replace(own.encode(), b"?")
        headers = [(k, v.replace(own, "?")) for k, v in headers if k != "content-length"]
    return status, headers, content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"process_id": "none"}, 404),
        ({"owner_id": str(uuid7())}, 404),
        ({"created_at": "2027-01-01T00:00:00Z"}, 422),
        ({"external_id": "taken"}, 409),
        ({"milestone": "need"}, 422),
        ({"name": ""}, 422),
    ],
)
async def test_what_is_refused_is_refused_as_ever_and_writes_nothing(app, client, body, status):
    await make_process(client)
    await make_deal(client, external_id="taken")
    before = (await client.get("/v1/opportunities")).json()["data"]
    whole = {"name": "Deal", "process_id": "new-business"} | body
    answers = [told(await client.post("/v1/opportunities", json=whole))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.state.known, "workspaces", {})
        answers.append(told(await client.post("/v1/opportunities", json=whole)))
    assert answers[0] == answers[1]
    assert answers[0][0] == status
    assert (await client.get("/v1/opportunities")).json()["data"] == before


async def test_a_milestone_is_reached_the_same_on_either_way(app, client, statements, work):
    await make_process(client)
    owner = await make_person(client)
    tales = [
        [{"milestone": "interest"}],
        [{"milestone": "need", "act": "said", "what": "ü", "evidence": [{"type": "mail"}]}],
        [{"milestone": "need"}, {"milestone": "need"}, {"milestone": "invited"}],
        [{"milestone": "need", "amount": eur("5.00")}, {"milestone": "concept"}],
        [{"milestone": "concept", "occurred_at": "2026-07-20T09:30:00Z"}],
    ]
    for tale in tales:
        seen = {}
        for way in ("short", "ordinary"):
            deal = await make_deal(client, owner_id=owner["id"], value=eur("100.00"))
            statements.clear()
            answers = [await reached(app, client, deal, body, way) for body in tale]
            assert bool(statements) == (way == "ordinary")
            seen[way] = [neutral(answer, deal["id"]) for answer in answers], await kept(work, deal)
        assert seen["short"] == seen["ordinary"]
    assert [one for name in KINDS for one in await differences(work, name)] == []


async def test_an_order_goes_the_ordinary_way_and_speaks_of_the_matrix(client, statements):
    await make_process(client)
    deal = await make_deal(client)
    statements.clear()
    told_of = {"milestone": "order", "amount": eur("7")}
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json=told_of)
    assert answer.json()["status"] == "won"
    assert any("cell_deals" in statement for statement in statements)


async def reached(app, client, deal, body, way):
    with pytest.MonkeyPatch.context() as patch:
        if way == "ordinary":
            patch.setattr(app.state.known, "workspaces", {})
        return await client.post(f"/v1/opportunities/{deal['id']}/reach", json=body)


async def kept(work, deal):
    """All that follows from the events, without the ids."""
    id, found = UUID(deal["id"]), []
    for table in (Passage, Credit):
        rows = await work.all(work.rows(table).where(table.opportunity_id == id))
        keep = [row._asdict() for row in rows]
        found += [{k: v for k, v in row.items() if k not in OF_ITS_OWN} for row in keep]
    return sorted(found, key=str)


OF_ITS_OWN = {"opportunity_id", "event_id"}
