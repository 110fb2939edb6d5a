"""New or existing business: what counting order by order finds, found in one pass over all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import replay
from tests.api.test_account_trees import switch
from tests.deals import make_process, post
from tests.imports.support import bring

HEADER = "external_id,account,value,created_at,status,closed_at\n"
ACCOUNTS = ("A", "B", "C", "D", "")


@dataclass(frozen=True)
class Deal:
    """`order`: the moment of the only order, which may lie before the deal was written down."""

    id: str
    account: str
    created: datetime
    order: datetime | None

    @property
    def row(self) -> str:
        closed = f"won,{self.order:%Y-%m-%dT%H:%M:%SZ}" if self.order else "open,"
        return f"{self.id},{self.account},10,{self.created:%Y-%m-%dT%H:%M:%SZ},{closed}\n"


def deals(random: Random, many: int, prefix: str = "D") -> list[Deal]:
    """Few days, so that many moments are the same."""

    def moment() -> datetime:
        return datetime(random.randrange(2006, 2026), random.choice((1, 5, 9)), 3, 12, tzinfo=UTC)

    return [
        Deal(
            f"{prefix}{i}", random.choice(ACCOUNTS), moment(), random.choice((None, None, moment()))
        )
        for i in range(many)
    ]


def counted(deal: Deal, others: list[Deal], home: dict[str, str]) -> tuple[str | None, str | None]:
    """(type, subtype) by looking at every order there is."""
    if not deal.account:
        return None, None
    orders = [
        other.order
        for other in others
        if other.id != deal.id and other.order and other.order < deal.created and other.account
        and home.get(other.account, other.account) == home.get(deal.account, deal.account)
    ]  # fmt: skip
    if not orders:
        return "new", None
    lately = max(orders) >= deal.created.replace(year=deal.created.year - 3)
    return ("existing", None) if lately else ("new", "win_back")


async def found(client) -> dict[str, tuple[str | None, str | None]]:
    rows = (await client.get("/v1/opportunities", params={"limit": 200})).json()["data"]
    return {row["external_id"]: (row["business_type"], row["business_subtype"]) for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("grouped", [False, True])
async def test_an_import_decides_as_counting_order_by_order_would(client, seed, grouped):
    await make_process(client)
    home: dict[str, str] = {}
    if grouped:
        await switch(client, group_orders_count=True)
        top = await post(client, "/v1/accounts", name="A")
        for name in ("B", "C"):
            await post(client, "/v1/accounts", name=name, parent_id=top["id"])
            home[name] = "A"
    random = Random(seed)  # noqa: S311 - a story
    known, come = deals(random, 60), deals(random, 60, "E")
    expected = {}
    for brought, there in ((known, known), (come, known + come)):
        file = HEADER + "".join(deal.row for deal in brought)
        job = await bring(client, "opportunities", file, process_id="new-business")
        assert job["state"] == "completed", job
        expected |= {deal.id: counted(deal, there, home) for deal in brought}
    assert await found(client) == expected
    assert len(set(expected.values())) == 4


def touched(node: dict[str, Any]) -> float:
    """The rows all steps of a plan gave on, and those that they compared in vain."""
    own = node["Actual Rows"] + node.get("Rows Removed by Join Filter", 0)
    return own * node["Actual Loops"] + sum(touched(each) for each in node.get("Plans", ()))


@pytest.fixture
def plans(monkeypatch, app) -> Iterator[list[dict[str, Any]]]:
    """What PostgreSQL did for the statements about many deals; the worker cuts off forty rows."""
    seen: list[dict[str, Any]] = []

    async def explained(work, statement, values) -> None:
        await work.db.execute(text(replay.SETS))
        told = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
        seen.append((await work.db.scalar(told, values))[0]["Plan"])
        await work.db.execute(text(replay.AS_BEFORE))

    monkeypatch.setattr(replay, "as_sets", explained)
    desk = app.state.worker.desk
    app.state.worker.desk = replace(desk, chunk_rows=100)
    yield seen
    app.state.worker.desk = desk


async def test_twice_the_orders_of_one_account_are_twice_the_work(client, neighbour, plans):
    """They come in chunks, so their types are decided once more for all of them."""
    work = []
    for caller, many in ((client, 150), (neighbour, 300)):
        await make_process(caller)
        plans.clear()
        file = HEADER + "".join(
            f"{i},Acme,1,2024-0{1 + i % 9}-01T12:00:00Z,won,2024-0{1 + i % 8}-05T12:00:00Z\n"
            for i in range(many)
        )
        job = await bring(caller, "opportunities", file, process_id="new-business")
        assert (job["counts"]["created"], len(plans)) == (many, job["chunks"] + 1)
        work.append(sum(touched(plan) for plan in plans))
    assert 1.5 < work[1] / work[0] < 2.5, work
