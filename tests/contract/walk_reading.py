"""The part of the walk that reads the matrix: measures, potential, questions, risks, goals."""

from typing import Any

CADENCE = {"review_every_days": 90, "since": "2026-01-15"}


async def reading(walk: Any) -> None:
    """On two customers of a segment of their own, of whom something is known."""
    press = (await walk.client.get("/v1/products", params={"key": "press-200"})).json()["data"][0]
    accounts = [
        (await walk.client.post("/v1/accounts", json={"name": name, "segment": "foundries"})).json()
        for name in ("Elder Castings", "Fir Castings")
    ]
    price = {"amount": "18000.00", "currency": "EUR"}
    known = {"account_id": accounts[0]["id"], "product_id": press["id"]}
    rival = {"name": "Rival Presses", "contract_end": "2026-12-31"}
    cells = [
        known | {"ours": "yes", "annual_value": price, "competitors": [rival]},
        known | {"account_id": accounts[1]["id"], "need": "yes", "est_value": price},
    ]
    answer = await walk.client.put("/v1/matrix/cells", json=cells)
    assert answer.is_success, answer.text
    part = {"segment": "foundries"}
    await walk.go("read_matrix_stats", ask=part | {"by": "product", "limit": 1})
    await walk.go("read_matrix_value", ask=part)
    await walk.go("read_matrix_coverage", ask=part)
    await walk.go("list_white_spots", ask=part | {"limit": 2})
    asked = {"account": accounts[1]["id"], "per_person": 2}
    await walk.go("list_next_questions", ask=asked)
    await walk.go("list_cells_at_risk", ask=part | {"limit": 2})
    await walk.go("list_account_scores", ask=part | {"limit": 1})
    await walk.go("list_next_products", id=accounts[1]["id"], ask={"limit": 1})
    await walk.go("read_focus_balance", ask={"days": 90})
    await _goals(walk, accounts[0]["id"], press["id"])


async def _goals(walk: Any, account_id: str, product_id: str) -> None:
    goal = {"text": "Half the scrap in press shop 2", "product_ids": [product_id]} | CADENCE
    made = await walk.go("create_account_goal", goal, id=account_id)
    await walk.go("list_account_goals", id=account_id)
    await walk.go("list_goals", ask={"due_by": "2026-12-31", "limit": 2})
    await walk.go("read_goal", id=made["id"])
    await walk.go("change_goal", {"reviewed_on": "2026-07-20"}, id=made["id"])
    await walk.go("read_goal", id=made["id"])
    await walk.go("delete_goal", id=made["id"])
