"""The part of the walk that orders, renews, and closes the loop with the matrix."""

from typing import Any

ACCOUNT = "Castor Works"
SERVICE = {"amount": "2400.00", "currency": "EUR"}
PRESS = {"amount": "24000.00", "currency": "EUR"}
COST = {"amount": "15000.00", "currency": "EUR"}
TERM = {"term_start": "2026-08-01", "term_end": "2026-09-30"}


async def orders(walk: Any) -> None:
    """A press and some service are sold, and what follows from that is asked."""
    account = (await walk.go("list_accounts", ask={"q": ACCOUNT}))["data"][0]["id"]
    deal = await _sold(walk, account)
    await walk.go("list_orders", id=deal["id"])
    await walk.go("list_credits", ask={"period": "2026-07", "limit": 2})
    await walk.go("list_cycles", ask={"by": "account", "limit": 2})
    due = (await walk.go("list_renewals", ask={"due_in": "90d"}))["data"][0]
    renewal = {"process_id": "new-business", "name": "Service for another year"}
    await walk.go("create_renewal", renewal, line_id=due["line"]["id"])
    parts = await walk.go("create_product", {"key": "press-parts", "name": "Spare parts"})
    place = {"account_id": account, "product_id": parts["id"]}
    await walk.client.put("/v1/matrix/cells", json=[place | {"need": "yes", "est_value": SERVICE}])
    await walk.go("create_cell_opportunity", {"process_id": "new-business"}, **place)
    await walk.go("list_lapsed_cells", ask={"months": 24})


async def _sold(walk: Any, account: str) -> Any:
    owner = (await walk.go("list_people", ask={"q": "Ada"}))["data"][0]["id"]
    service = await walk.go("create_product", {"key": "press-care", "name": "Press care"})
    wanted = {"name": "Press with service", "process_id": "new-business", "owner_id": owner}
    deal = await walk.go("create_opportunity", wanted | {"account_id": account})
    lines = [
        {"product_key": "press-300", "quantity": "1", "amount": PRESS, "direct_cost": COST},
        {"product_id": service["id"], "amount": SERVICE, **TERM},
    ]
    said = {"act": "wrote", "what": "ordered", "evidence": [{"type": "order"}], "lines": lines}
    return await walk.go("reach_milestone", said | {"milestone": "order"}, id=deal["id"])
