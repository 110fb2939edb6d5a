"""Sources on the walk: what they cost, whom they met, and what they bring."""

from typing import Any

FAIR = {"key": "fair-2026", "name": "Trade fair 2026", "kind": "fair"}
COST = {"from": "2026-03-10", "amount": {"amount": "4800.00", "currency": "EUR"}, "note": "stand"}
CORRECTED = {"amount": {"amount": "5200.00", "currency": "EUR"}, "note": "with travel"}


async def sources(walk: Any) -> None:
    """The demo has sources as well; what is asked for is answered from both."""
    made = await walk.go("create_source", FAIR)
    id = made["id"]
    await walk.go("read_source", id=id)
    await walk.go("change_source", {"name": "Spring trade fair 2026"}, id=id)
    await walk.go("list_sources", ask={"limit": 2})
    cost = await walk.go("create_source_cost", COST, id=id)
    await walk.go("create_source_cost", COST | CORRECTED | {"corrects_id": cost["id"]}, id=id)
    await walk.go("list_source_costs", id=id)
    await _touchpoints(walk)
    for name in ("rank_sources", "compare_sources", "read_acquisition"):
        await walk.go(name, ask={"period": "2026"})
    await walk.go("trace_source", id=id, ask={"model": "linear"})
    partners = await walk.client.get("/v1/sources", params={"kind": "partner"})
    await walk.go("read_partner", id=partners.json()["data"][0]["id"])
    await walk.go("delete_source", id=id)
    await walk.go("restore_source", id=id)


async def _touchpoints(walk: Any) -> None:
    accounts = (await walk.client.get("/v1/accounts", params={"q": "Alder &"})).json()["data"]
    met = {"source": "fair-2026", "lead": "badge-0815", "medium": "stand"}
    items = [
        met | {"occurred_at": "2026-03-11T10:20:00Z", "external_id": "scan-1"},
        met
        | {"occurred_at": "2026-03-12T15:05:00Z", "external_id": "scan-2"}
        | {"effort_minutes": 25, "content": "press 200"},
    ]
    await walk.go("write_touchpoints", {"mode": "per_item", "items": items})
    said = {"lead": "badge-0815", "account_id": accounts[0]["id"]}
    await walk.go("stitch_touchpoints", said)
    await walk.go("list_touchpoints", ask={"lead": "badge-0815"})
