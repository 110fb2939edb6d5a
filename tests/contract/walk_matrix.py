"""The matrix on the walk: what is said of cells, what is shown, and what is due."""

from typing import Any

WORTH = {"amount": "1200.00", "currency": "EUR"}


async def matrix(walk: Any) -> None:
    account = (await walk.client.post("/v1/accounts", json={"name": "Dorn Foods"})).json()["id"]
    product = (await walk.client.post("/v1/products", json={"name": "Slicer 9"})).json()["id"]
    other = (await walk.client.post("/v1/products", json={"name": "Slicer 8"})).json()["id"]
    here = {"account_id": account, "product_id": product}
    said = {"ours": "no", "competitors": [{"name": "Rival", "annual_value": WORTH}]}
    there = {"account_id": account, "product_id": other, "ours": "yes", "annual_value": WORTH}
    await walk.go("put_cells", [{**here, **said}, there])
    needs = {"need": "yes", "est_value": WORTH, "by_when": "2027-01-01", "evidence": "asked"}
    await walk.go("put_cell", {"need": "no", "reason": "has one"}, **here)
    await walk.go("put_cell", {"aware": "yes"}, account_id=account, product_id=product)
    third = (await walk.client.post("/v1/products", json={"name": "Slicer 7"})).json()["id"]
    await walk.go("put_cell", needs, account_id=account, product_id=third)
    concluded = {"source": "erp", "confirmed": False}
    items = [{**here, "need": "yes"}]
    await walk.client.put("/v1/matrix/cells", json=items, params=concluded)
    await walk.go("read_matrix", ask={"q": "Dorn", "product": f"{product},{third}"})
    await walk.go("read_cell", **here)
    await walk.go("list_cell_changes", ask={"limit": 2}, **here)
    await walk.go("list_cell_conflicts", ask={"account": account})
    await walk.go("export_matrix_csv", ask={"q": "Dorn"})
    await walk.go("export_matrix_xlsx", ask={"q": "Dorn"})
    mark = await walk.go(
        "create_mark", {**here, "kind": "contract_end", "due_on": "2026-09-30", "note": "call"}
    )
    await walk.go("read_mark", id=mark["id"])
    await walk.go("change_mark", {"due_on": "2026-10-15"}, id=mark["id"])
    await walk.go("list_marks", ask={"done": False})
    await walk.go("delete_mark", id=mark["id"])
