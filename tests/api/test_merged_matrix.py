"""What is known of a merged account's cells is the kept one's, and goes back with it."""

import pytest

from tests.api.test_account_merges import made, merged, undo
from tests.deals import eur, make_deal, make_process, post, tell


@pytest.fixture
async def products(client):
    for key in ("press", "saw", "lathe"):
        await post(client, "/v1/products", key=key, name=key.title())
    found = (await client.get("/v1/products")).json()["data"]
    return {each["key"]: each["id"] for each in found}


async def shown(client):
    """By account, the product of each cell that says something, with its symbol; and the sums."""
    found = (await client.get("/v1/matrix")).json()
    names = {each["product_id"]: each["key"] for each in found["columns"]}
    rows = {
        row["name"]: {
            names[cell["product_id"]]: cell["symbol"]
            for cell in row["cells"]
            if cell["symbol"] != "blank"
        }
        for row in found["rows"]
    }
    return rows, found["summary"]


async def test_cells_go_along_and_come_back(client, products):
    await make_process(client)
    keep, other = await made(client, "Acme"), await made(client, "ACME Inc")
    for account, product, said in (
        (keep, "press", {"need": "no"}),
        (other, "press", {"need": "yes"}),
        (other, "lathe", {"need": "yes"}),
    ):
        cell = {"account_id": account["id"], "product_id": products[product], **said}
        answer = await client.put("/v1/matrix/cells", json=[cell])
        assert answer.status_code == 200, answer.text
    deal = await make_deal(client, account_id=other["id"], product_ids=[products["saw"]])
    await tell(client, deal, "reach", milestone="order", amount=eur("900"))
    before = await shown(client)
    assert before[0] == {
        "Acme": {"press": "grey"},
        "ACME Inc": {"press": "green", "saw": "X", "lathe": "green"},
    }
    told = await merged(client, keep, other)
    rows, summary = await shown(client)
    assert rows == {"Acme": {"press": "grey", "saw": "X", "lathe": "green"}}
    assert (summary["knowledge"], summary["unknown"]) == ("1.0000", 0)
    assert (await undo(client, told)).status_code == 200
    assert await shown(client) == before
