"""What becomes of deals is told of the cells of the matrix, and taken back with the deals."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import cells
from app.domain.cells import Change, Voice
from app.tables import Cell, CellChange, CellConflict
from tests.conftest import CLOCK
from tests.deals import change, eur, make_deal, make_process, tell
from tests.sales import line, make_account, make_product, sell

EARLIER, LATER = "2026-03-10T08:00:00Z", "2026-06-10T08:00:00Z"


@dataclass
class Market:
    """An account, two products, and a look at the cells."""

    client: object
    work: object
    account: dict
    press: dict
    parts: dict

    async def deal(self, *products, account=None, **more):
        ids = [product["id"] for product in products or (self.press,)]
        account_id = (account or self.account)["id"]
        told = {"created_at": "2020-01-02T08:00:00Z", "product_ids": ids, "account_id": account_id}
        return await make_deal(self.client, **told | more)

    async def lose(self, *products, at=LATER, deal=None, **more):
        deal = deal or await self.deal(*products)
        return await tell(self.client, deal, "exit", occurred_at=at, **{"kind": "lost"} | more)

    async def cell(self, product=None, account=None):
        """The cell as stored; None while nobody spoke of it."""
        place = {
            "account_id": (account or self.account)["id"],
            "product_id": (product or self.press)["id"],
        }
        return await self.work.one(self.work.rows(Cell).filter_by(**place))

    async def status(self, product=None, account=None):
        cell = await self.cell(product, account)
        return cell and cell.status

    async def rivals(self):
        cell = await self.cell()
        return cell and [each["name"] for each in cell.competitors]

    async def conflicts(self):
        rows = await self.work.all(self.work.rows(CellConflict))
        return [(row.facet, row.source, row.said["value"]) for row in rows]


@pytest.fixture
async def market(client, work):
    await make_process(client)
    account = await make_account(client)
    press, parts = [await make_product(client, name) for name in ("Press", "Parts")]
    return Market(client, work, account, press, parts)


@pytest.fixture
def confirm(engine, workspace, market):
    """Let a person say something of the cell of the press."""

    async def say(**said):
        async with workspace_transaction(engine, workspace[0]) as db:
            work = Work(db, workspace[0], market.work.home, CLOCK.now, "person")
            place = UUID(market.account["id"]), UUID(market.press["id"])
            await cells.write(work, [Change(*place, said)], Voice("person", confirmed=True))

    return say


async def test_an_order_says_that_the_account_buys_its_products(market):
    deal = await market.deal(market.press)
    lines = (line(market.press, "600.00", quantity="2"), line(market.parts, "100.00"))
    await sell(market.client, *lines, deal=deal, at=EARLIER)
    cell = await market.cell()
    assert (cell.status, cell.ours_source, cell.ours_confirmed) == ("buys", "order", False)
    assert (cell.ours_since, cell.ours_quantity) == (date(2026, 3, 10), 2)
    assert (cell.ours_annual_value, cell.ours_currency) == (600, "EUR")
    parts = await market.cell(market.parts)
    assert (parts.status, parts.ours_quantity, parts.ours_annual_value) == ("buys", None, 100)


async def test_without_lines_the_products_of_the_deal_are_bought(market):
    deal = await market.deal(market.press, market.parts)
    await sell(market.client, deal=deal, amount="500.00")
    cell = await market.cell()
    # Two products for one amount: how much of it each of them is, nobody knows.
    assert (cell.status, cell.ours_annual_value) == ("buys", None)
    assert await market.status(market.parts) == "buys"


async def test_lines_and_not_the_deal_say_what_was_bought(market):
    deal = await market.deal(market.press, market.parts)
    await sell(market.client, line(market.press, "500.00"), deal=deal)
    assert (await market.status(), await market.status(market.parts)) == ("buys", None)


async def test_the_annual_value_is_that_of_the_year_up_to_the_latest_order(market):
    for day, amount in (("2024-01-10", "900.00"), ("2025-07-11", "30.00"), ("2026-07-10", "4.00")):
        deal = await market.deal()
        at = f"{day}T08:00:00Z"
        await sell(market.client, line(market.press, amount, quantity="1"), deal=deal, at=at)
    cell = await market.cell()
    # 2025-07-11 lies within a year of 2026-07-10, 2024-01-10 does not.
    assert (cell.ours_annual_value, cell.ours_quantity) == (34, 2)
    assert cell.ours_since == date(2024, 1, 10)


async def test_a_voided_order_takes_back_what_it_said(market):
    deal = await market.deal()
    await sell(market.client, line(market.press, "5.00"), deal=deal)
    assert await market.status() == "buys"
    await tell(market.client, deal, "void", milestone="order", reason="another company")
    cell = await market.cell()
    assert (cell.status, cell.ours, cell.ours_since) == ("unknown", "unknown", None)


async def test_another_order_goes_on_saying_it(market):
    deals = [await market.deal() for _ in range(2)]
    for deal, at, amount in zip(deals, (EARLIER, LATER), ("7.00", "5.00"), strict=True):
        await sell(market.client, line(market.press, amount), deal=deal, at=at)
    assert (await market.cell()).ours_annual_value == 12
    await tell(market.client, deals[1], "void", milestone="order", reason="another company")
    cell = await market.cell()
    assert (cell.status, cell.ours_annual_value) == ("buys", 7)
    assert cell.ours_at == datetime.fromisoformat(EARLIER)


async def test_a_deal_lost_to_a_competitor_says_so_of_its_products(market):
    await market.lose(market.press, market.parts, competitor="Rival")
    cell = await market.cell()
    assert (cell.status, cell.competitors_source) == ("competitor", "exit")
    assert [(each["name"], each["since"]) for each in cell.competitors] == [("Rival", "2026-06-10")]
    assert await market.status(market.parts) == "competitor"


async def test_only_what_was_lost_to_somebody_says_something(market):
    await market.lose()
    await market.lose(kind="declined", competitor="Rival")
    assert await market.cell() is None


async def test_competitors_are_one_in_either_case_and_each_is_named_once(market):
    await market.lose(competitor="Rival", at=EARLIER)
    await market.lose(competitor="RIVAL ")
    await market.lose(competitor="Other")
    assert sorted(await market.rivals()) == ["Other", "RIVAL"]


async def test_reopening_takes_one_competitor_back_and_leaves_the_others(market, clock):
    lost = await market.lose(competitor="Rival")
    await market.lose(competitor="Other")
    await tell(market.client, lost, "reopen", reason="closed by mistake")
    assert await market.rivals() == ["Other"]
    at = clock.forward(hours=1).isoformat()
    await market.lose(deal=lost, competitor="Third", at=at)
    assert sorted(await market.rivals()) == ["Other", "Third"]


async def test_reviving_takes_back_what_the_exit_said(market):
    lost = await market.lose(competitor="Rival")
    await tell(market.client, lost, "revive", act="said", what="is back")
    assert await market.status() == "unknown"


async def test_an_order_ends_what_older_deals_said_against_it_and_a_later_loss_does_not(market):
    await market.lose(competitor="Rival", at=EARLIER)
    await sell(market.client, line(market.press, "1.00"), deal=await market.deal(), at=LATER)
    assert (await market.status(), await market.rivals()) == ("buys", [])
    await market.lose(competitor="Other", at="2026-07-01T08:00:00Z")
    assert (await market.status(), await market.rivals()) == ("buys", ["Other"])


async def test_no_need_is_asked_again_in_a_year(market):
    lost = await market.lose(reason="no_need")
    cell = await market.cell()
    assert (cell.status, cell.need_source, cell.need_reason) == ("no_need", "exit", "no_need")
    assert cell.need_recheck_on == date(2027, 6, 10)
    await tell(market.client, lost, "reopen", reason="closed by mistake")
    cell = await market.cell()
    assert (cell.status, cell.need_recheck_on) == ("unknown", None)


async def test_a_deal_that_moves_takes_what_it_says_along(market):
    other = await make_account(market.client, "Birch")
    deal = await market.deal()
    await sell(market.client, line(market.press, "5.00"), deal=deal)
    await change(market.client, deal, account_id=other["id"])
    assert (await market.status(), await market.status(account=other)) == ("unknown", "buys")
    lost = await market.lose(competitor="Rival")
    await change(market.client, lost, product_ids=[market.parts["id"]])
    assert (await market.rivals(), await market.status(market.parts)) == ([], "competitor")
    await change(market.client, lost, account_id=None)
    assert await market.status(market.parts) == "unknown"


async def test_a_deleted_deal_says_nothing_until_it_is_restored(market):
    deal = await sell(market.client, line(market.press, "5.00"), deal=await market.deal())
    path = f"/v1/opportunities/{deal['id']}"
    tag = (await market.client.get(path)).headers["etag"]
    assert (await market.client.delete(path, headers={"If-Match": tag})).status_code == 204
    assert await market.status() == "unknown"
    assert (await market.client.post(f"{path}/restore")).status_code == 200
    assert await market.status() == "buys"


async def test_what_a_person_confirmed_stands_and_the_conflict_is_kept(market, confirm, clock):
    await confirm(ours={"value": "no"}, competitors={"value": [{"name": "Rival"}]})
    clock.forward(hours=1)
    deal = await sell(market.client, line(market.press, "5.00"), deal=await market.deal())
    assert await market.status() == "competitor"
    assert await market.conflicts() == [("ours", "order", "yes")]
    await tell(market.client, deal, "void", milestone="order", reason="another company")
    assert await market.conflicts() == []


async def test_what_deals_confirm_is_no_conflict(market, confirm):
    await confirm(ours={"value": "yes", "quantity": "7"}, need={"value": "no"})
    await sell(market.client, line(market.press, "5.00"), deal=await market.deal(), at=EARLIER)
    await market.lose(reason="no_need")
    cell = await market.cell()
    assert (cell.ours_quantity, cell.ours_confirmed, cell.version) == (7, True, 1)
    assert await market.conflicts() == []


async def test_who_confirmed_after_the_deal_knew_of_it(market, confirm, clock):
    deal = await sell(market.client, line(market.press, "5.00"), deal=await market.deal())
    clock.forward(hours=1)
    await confirm(ours={"value": "no"})
    await change(market.client, deal, value=eur("9.00"))
    assert (await market.conflicts(), await market.status()) == ([], "unknown")


async def test_the_same_again_is_no_news(market):
    deal = await sell(market.client, line(market.press, "5.00"), deal=await market.deal())
    await change(market.client, deal, value=eur("9.00"))
    assert (await market.cell()).version == 1
    history = await market.work.all(market.work.rows(CellChange))
    assert [(row.facet, row.source, str(row.opportunity_id)) for row in history] == [
        ("ours", "order", deal["id"])
    ]


async def test_open_deals_are_asked_for_in_one_statement(market, statements):
    deal = await market.deal()
    statements.clear()
    await tell(market.client, deal, "reach", milestone="need")
    assert sum("cell_deals" in sent for sent in statements) == 1


async def test_statements_do_not_grow_with_products(market, statements):
    counts = []
    for many in (1, 30):
        products = [await make_product(market.client, f"P{many} {n}") for n in range(many)]
        deal = await market.deal(*products)
        statements.clear()
        await sell(market.client, *[line(each, "1.00") for each in products], deal=deal)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    rows = (await market.work.db.execute(select(Cell.status))).scalars().all()
    assert rows == ["buys"] * 31
