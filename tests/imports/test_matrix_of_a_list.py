"""A whole sales list as a matrix: what won deals say of customers, and the white spots beside."""

from collections import defaultdict
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.cells import Change, Voice, write
from tests.aims import ask
from tests.conftest import CLOCK
from tests.imports.test_deal_lists import LISTS, SALES, rows, sales

pytestmark = [
    pytest.mark.skipif(not LISTS.exists(), reason="the deal lists are not at hand"),
    pytest.mark.timeout(400),
]
WON = """
SELECT o.account_id, x.product_id, sum(coalesce(o.ordered_value, o.value)) AS value
FROM opportunities o JOIN opportunity_products x
  ON x.workspace_id = o.workspace_id AND x.opportunity_id = o.id
WHERE o.workspace_id = :ws AND o.status = 'won' AND o.account_id IS NOT NULL
GROUP BY o.account_id, x.product_id"""
A_CALL = 1_000


async def owned(engine, workspace) -> None:
    """Say of every product that an account ordered that it buys it."""
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        found = (await db.execute(text(WON), {"ws": workspace[0]})).all()
        changes = [Change(row.account_id, row.product_id, said(row.value)) for row in found]
        for place in range(0, len(changes), A_CALL):
            await write(work, changes[place : place + A_CALL], Voice("manual", confirmed=True))


def said(value: Decimal):
    """All orders of the list lie within a year; as amounts of the workspace, to be compared."""
    amount = {"amount": f"{value:.2f}", "currency": "EUR"}
    return {"ours": {"value": "yes", "annual_value": amount}}


def counted():
    """From the file itself: by product the accounts that ordered it, and for how much."""
    found = defaultdict(lambda: (set(), Decimal(0)))
    for row in rows(SALES / "sales_pipeline.csv"):
        if row["deal_stage"] == "Won":
            name = {"GTXPro": "GTX Pro"}.get(row["product"], row["product"])
            accounts, value = found[name]
            found[name] = (accounts | {row["account"]}, value + Decimal(row["close_value"]))
    return found


async def test_owned_products_are_those_of_the_won_deals_and_the_rest_is_white(
    client, engine, workspace
):
    await sales(client, SALES)
    await owned(engine, workspace)
    expected = counted()
    accounts = len(rows(SALES / "accounts.csv"))
    stats = await ask(client, "/v1/matrix/stats", limit=200)
    seen = {group["name"]: group for group in stats["data"]}
    assert seen.keys() == {row["product"] for row in rows(SALES / "products.csv")}
    for name, (buyers, value) in expected.items():
        [bought] = [each for each in seen[name]["cells"] if each["status"] == "buys"]
        [unknown] = [each for each in seen[name]["cells"] if each["status"] == "unknown"]
        assert bought["count"] == len(buyers), name
        assert Decimal(bought["value"]["amount"]) == value, name
        assert unknown["count"] == accounts - len(buyers), name
    pairs = sum(len(buyers) for buyers, _ in expected.values())
    spots = await listed(client, "/v1/matrix/opportunities")
    assert len(spots) == accounts * len(seen) - pairs
    assert {one["status"] for one in spots} == {"unknown"}
    scores = [Decimal(one["score"]["amount"]) for one in spots]
    assert scores == sorted(scores, reverse=True)
    assert all(one["value_source"] in ("segment", "product") for one in spots)
    scores = await listed(client, "/v1/matrix/accounts")
    assert len(scores) == accounts
    assert {one["potential_used"]["by_count"] for one in scores} <= {"1.0000", None}


async def listed(client, path):
    """Everything on all pages."""
    found, asked = [], {"limit": 200}
    while True:
        page = await ask(client, path, **asked)
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        asked = {"limit": 200, "cursor": page["next_cursor"]}
