"""From the touch to the order, partnerships that work or sleep, and what an order costs."""

import pytest

from app.domain.access import Scope
from tests.aims import ask
from tests.deals import eur, make_deal, make_process, post
from tests.flows import flow, on
from tests.sources import make_source, sell, spend, touch

WHOLE = {"period": "2026"}


@pytest.fixture(autouse=True)
async def fair(client):
    await make_process(client)
    return await make_source(client)


async def traced(client, source, **asked):
    return (await ask(client, f"/v1/sources/{source['id']}/trace", **asked))["data"]


async def partner_of(client, **asked):
    """A partner with a company behind it, and how its page is read."""
    company = (await post(client, "/v1/accounts", name="Castor Works"))["id"]
    source = await make_source(client, "castor", "partner", account_id=company)
    return source, lambda **more: ask(client, f"/v1/sources/{source['id']}/partner", **more)


async def types(client):
    found = await ask(client, "/v1/sources/acquisition", **WHOLE)
    return found, {one["business_type"]: one for one in found["business_types"]}


async def test_a_touch_leads_to_its_opportunity_and_the_events_of_its_orders(client, fair):
    deal = await sell(client)
    await touch(client, {"opportunity_id": deal["id"], "medium": "stand", "external_id": "1"})
    [one] = await traced(client, fair)
    assert (one["medium"], one["opportunity"]) == (
        "stand",
        {"id": deal["id"], "name": deal["name"], "status": "won"},
    )
    [order] = one["orders"]
    events = (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]
    assert order["event_id"] == next(e["id"] for e in events if e["kind"] == "ordered")
    assert order["value"] == order["credited"] == eur("1000.00")


async def test_each_touch_is_told_its_own_part_of_the_order(client, fair):
    deal = await sell(client, "100.00", source="fair-2026")
    await touch(
        client,
        *[{"opportunity_id": deal["id"], "occurred_at": on(day)} for day in (1, 2, 31)],
        {"lead": "badge-1", "occurred_at": on(3)},
    )
    found = await traced(client, fair, model="linear")
    assert [one["occurred_at"][:10] for one in found] == [
        "2026-04-02",
        "2026-03-05",
        "2026-03-04",
        "2026-03-03",
        "2026-03-02",
    ]
    assert [[o["credited"]["amount"] for o in one["orders"]] for one in found] == [
        [],
        [],
        ["33.33"],
        ["33.33"],
        ["33.34"],
    ]
    assert (found[1]["lead"], found[1]["opportunity"]) == ("badge-1", None)
    assert found[4]["touchpoint_id"] is None


async def test_the_trace_comes_in_pages_in_a_fixed_number_of_statements(client, fair, statements):
    statements.clear()
    await traced(client, fair)
    alone = len(statements)
    company = (await post(client, "/v1/accounts", name="Alder & Sons"))["id"]
    for _ in range(2):
        await make_deal(client, account_id=company, created_at=on(0))
    await touch(client, *[{"account_id": company, "occurred_at": on(1)}] * 2)
    statements.clear()
    place = f"/v1/sources/{fair['id']}/trace"
    page = await ask(client, place, limit=3)
    assert len(statements) == alone <= 11
    rest = await ask(client, place, limit=3, cursor=page["next_cursor"])
    rows = [*page["data"], *rest["data"]]
    assert len({(one["touchpoint_id"], one["opportunity"]["id"]) for one in rows}) == 4


async def test_a_partnership_is_told_from_both_sides(client):
    _, page = await partner_of(client)
    for asked, expected in (({}, None), ({"dormant_days": 1}, None)):
        found = await page(**asked)
        assert (found["status"], found["dormant_since"]) == ("never_active", expected)
    await sell(client, "900.00", source="castor")
    await flow(client, (10, "lost"), source="castor")
    given = [{"direction": "given", "lead": str(n), "occurred_at": on(n)} for n in (10, 20)]
    await touch(client, *[one | {"source": "castor"} for one in given])
    found = await page()
    received = found["received"]
    assert (received["introductions"], received["opportunities"], received["orders"]) == (2, 2, 1)
    assert received["order_value"] == eur("900.00")
    assert received["order_value_per_introduction"] == eur("450.00")
    assert (found["given"]["introductions"], found["given"]["last_at"][:10]) == (2, "2026-03-22")
    assert (found["status"], found["dormant_since"]) == ("dormant", "2026-03-22")
    found = await page(dormant_days=200)
    assert (found["status"], found["dormant_since"]) == ("active", None)


async def test_what_we_gave_to_a_partner_is_no_lead_of_ours(client):
    source, _ = await partner_of(client)
    given = {"source": "castor", "direction": "given", "lead": "theirs"}
    await touch(client, given)
    found = await ask(client, "/v1/sources/ranking", **WHOLE)
    assert [one["leads"] for one in found["sources"]] == [0, 0]
    assert await traced(client, source) == []


async def test_only_a_partner_has_a_page_of_partnership(client, fair):
    await ask(client, f"/v1/sources/{fair['id']}/partner", 404)


async def test_an_order_of_new_business_costs_a_multiple(client, fair):
    """300.00 for three leads of new and one of existing business, one order each."""
    await spend(client, fair, "400.00", "2026-03-02")
    new, old = {"business_type": "new"}, {"business_type": "existing"}
    for kind in (new, old):
        deal = await sell(client, source="fair-2026", **kind)
        effort = {"opportunity_id": deal["id"], "occurred_at": on(1), "effort_minutes": 30}
        await touch(client, effort)
    for _ in range(2):
        await flow(client, (10, "lost"), source="fair-2026", **new)
    found, by_type = await types(client)
    assert [by_type[kind]["cost"] for kind in ("new", "existing")] == [eur("300.00"), eur("100.00")]
    assert by_type["new"]["cost_per_order"] == eur("300.00")
    assert by_type["existing"]["cost_per_order"] == eur("100.00")
    assert {one["cost_status"] for one in by_type.values()} == {"ok", "none_recorded"}
    assert by_type["new"]["effort_minutes_per_order"] == "30.0"
    assert (by_type["new"]["effort_status"], found["sources_without_cost"]) == ("ok", [])
    assert by_type[None]["cost"] is None


async def test_what_an_order_costs_is_unknown_for_a_reason(client, fair):
    await make_source(client, "webinar", "event")
    for key in ("fair-2026", "webinar"):
        await sell(client, source=key, business_type="new")
    found, by_type = await types(client)
    assert (by_type["new"]["cost"], by_type["new"]["cost_status"]) == (None, "none_recorded")
    assert (by_type["new"]["effort_minutes"], by_type["new"]["effort_status"]) == (
        None,
        "none_recorded",
    )
    await spend(client, fair, "400.00", "2026-03-02")
    found, by_type = await types(client)
    new = by_type["new"]
    assert (new["cost"], new["cost_status"], new["cost_per_order"]) == (
        eur("400.00"),
        "partial",
        None,
    )
    assert found["sources_without_cost"] == ["webinar"]
    total = (await ask(client, "/v1/sources/ranking", **WHOLE))["total"]
    assert (total["cost"], total["cost_status"], total["cost_per_order"]) == (
        eur("400.00"),
        "partial",
        None,
    )


async def test_what_has_leads_and_no_order_has_no_cost_per_order(client, fair):
    await spend(client, fair, "400.00", "2026-03-02")
    await flow(client, (10, "lost"), source="fair-2026", business_type="new")
    _, by_type = await types(client)
    assert (by_type["new"]["cost_status"], by_type["new"]["cost_per_order"]) == ("no_orders", None)
    assert by_type["new"]["cost"] == eur("400.00")


async def test_a_few_leads_distinguish_no_source_and_rank_none(client):
    await make_source(client, "webinar", "event")
    for key, end in (("fair-2026", "order"), ("webinar", "lost")):
        for _ in range(4):
            await flow(client, (10, end), source=key)
    found = await ask(client, "/v1/sources/compare", **WHOLE)
    assert found["whole"]["value"] == "0.5000"
    told = {one["key"]: one for one in found["sources"]}
    assert told["fair-2026"]["conversion"]["value"] == "1.0000"
    assert told["fair-2026"]["conversion"]["ci"] == ["0.5101", "1.0000"]
    assert told["fair-2026"]["difference"]["value"] == "0.5000"
    assert not any(one["difference"]["distinguishable"] for one in told.values())
    assert [one["rank"] for one in told.values()] == [None, None]
    asked = WHOLE | {"sources": "webinar,fair-2026"}
    found = await ask(client, "/v1/sources/compare", **asked)
    assert [one["key"] for one in found["sources"]] == ["webinar", "fair-2026"]
    await ask(client, "/v1/sources/compare", 404, sources="nowhere")


async def test_the_analysis_needs_its_own_scope(limited, fair):
    reader, forecaster = await limited(Scope.ACCOUNTS_READ), await limited(Scope.FORECAST_READ)
    for path in ("ranking", "compare", "acquisition", f"{fair['id']}/trace"):
        assert (await reader.get(f"/v1/sources/{path}")).status_code == 403
        assert (await forecaster.get(f"/v1/sources/{path}")).status_code == 200
