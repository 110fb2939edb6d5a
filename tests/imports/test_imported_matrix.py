"""The matrix of an imported list of deals: who buys what, counted again from the file alone."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from tests.deals import post
from tests.imports.support import bring, counts
from tests.imports.test_deal_lists import LISTS, SALES, asked, rows, sales

CELLS = (
    "SELECT a.name AS account, p.name AS product, c.ours, c.ours_since, c.ours_annual_value,"
    " c.status, c.competitors, c.need_recheck_on FROM cells c"
    " JOIN accounts a ON a.workspace_id = :ws AND a.id = c.account_id"
    " JOIN products p ON p.workspace_id = :ws AND p.id = c.product_id"
    " WHERE c.workspace_id = :ws ORDER BY 1, 2"
)
HEADER = "id,account,product,value,created_at,status,closed_at,exit_reason,competitor\n"
COLUMNS = {"id": "external_id"} | {name: name for name in HEADER.strip().split(",")[1:]}
SAID = {"columns": COLUMNS, "stages": {"no": {"exit": "lost"}}, "currency": "EUR"}


async def cells(engine, workspace):
    return await asked(engine, workspace, CELLS)


async def brought(client, *lines):
    mapping = SAID | {"stages": {"won": {"won": True}} | SAID["stages"]}
    file = HEADER + "".join(f"{line}\n" for line in lines)
    job = await bring(client, "opportunities", file, mapping, process_id="new-business")
    assert job["problem"] is None, job
    return counts(job)


@pytest.fixture
async def market(client):
    wanted = {"key": "new-business", "name": "New business", "template": "milestone-selling-5"}
    await post(client, "/v1/processes", **wanted)
    await bring(client, "products", "name\nPress\nParts\n", {"columns": {"name": "name"}})


async def test_orders_losses_and_no_needs_of_a_list_fill_the_matrix(
    client, market, engine, workspace
):
    await brought(
        client,
        "1,Alder,Press,100,2026-01-02,won,2026-02-03,,",
        "2,Alder,Parts,100,2026-01-02,no,2026-02-03,,Rival",
        "3,Birch,Press,100,2026-01-02,no,2026-02-03,no_need,",
        "4,Birch,Parts,100,2026-01-02,,,,",
    )
    found = {(row.account, row.product): row for row in await cells(engine, workspace)}
    assert {place: row.status for place, row in found.items()} == {
        ("Alder", "Press"): "buys",
        ("Alder", "Parts"): "competitor",
        ("Birch", "Press"): "no_need",
    }
    assert found["Birch", "Press"].need_recheck_on == date(2027, 2, 3)
    assert found["Alder", "Press"].ours_annual_value == 100


async def test_what_a_later_list_says_otherwise_is_told_again(client, market, engine, workspace):
    await brought(client, "1,Alder,Press,100,2026-01-02,won,2026-02-03,,")
    await brought(client, "1,Birch,Press,100,2026-01-02,won,2026-02-03,,")
    found = [(row.account, row.status) for row in await cells(engine, workspace)]
    assert found == [("Alder", "unknown"), ("Birch", "buys")]
    await brought(client, "1,Birch,Parts,100,2026-01-02,no,2026-02-03,,Rival")
    found = {(row.account, row.product): row.status for row in await cells(engine, workspace)}
    assert found["Birch", "Press"] == "competitor"  # the deal is about both by now
    assert found["Birch", "Parts"] == "competitor"


async def test_a_dry_run_says_nothing(client, market, engine, workspace):
    file = HEADER + "1,Alder,Press,100,2026-01-02,won,2026-02-03,,\n"
    mapping = SAID | {"stages": {"won": {"won": True}}}
    await bring(client, "opportunities", file, mapping, process_id="new-business", dry_run=True)
    assert await cells(engine, workspace) == []


async def test_the_number_of_statements_does_not_grow_with_rows(client, market, statements):
    sent = []
    for first, many in ((0, 2), (100, 60)):
        statements.clear()
        told = (
            f"{first + n},A{first + n},Press,1,2026-01-02,won,2026-02-03,," for n in range(many)
        )
        await brought(client, *told)
        sent.append(sum("cell" in statement for statement in statements))
    assert sent[0] == sent[1]


def owned_by_the_file() -> dict[tuple[str, str], list[tuple[date, Decimal]]]:
    """The orders of every account and product, as the file has them."""
    found = defaultdict(list)
    for deal in rows(SALES / "sales_pipeline.csv"):
        if deal["deal_stage"] == "Won" and deal["account"]:
            product = deal["product"].replace("GTXPro", "GTX Pro")
            order = date.fromisoformat(deal["close_date"]), Decimal(deal["close_value"])
            found[deal["account"], product].append(order)
    return found


@pytest.mark.skipif(not LISTS.exists(), reason="the deal lists are not at hand")
@pytest.mark.timeout(400)
async def test_products_owned_per_account_are_those_of_the_file(client, engine, workspace):
    answer = await client.get("/v1/workspace")
    tag = {"If-Match": answer.headers["etag"]}
    await client.patch("/v1/workspace", json={"currency": "USD"}, headers=tag)
    await sales(client, SALES)
    found = await cells(engine, workspace)
    orders = owned_by_the_file()
    assert {(row.account, row.product) for row in found if row.ours == "yes"} == orders.keys()
    assert len(found) == len(orders) > 400
    for row in found:
        told = orders[row.account, row.product]
        first, last = min(day for day, _ in told), max(day for day, _ in told)
        # The list spans less than a year: all of it is of the last twelve months.
        assert (last - first).days < 365
        assert row.ours_since == first
        assert row.ours_annual_value == sum(value for _, value in told)
