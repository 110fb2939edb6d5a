"""The sums of the matrix hold what counting cell by cell finds, and say the same."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.ledger import folding, recounting
from app.domain.ledger.kinds import MATRIX
from app.domain.potential import sql
from app.domain.potential.grounds import ALL, given
from tests.conftest import CLOCK
from tests.deals import eur, make_process, post, tell
from tests.white_spots import NO_NEED, NOT_APPLICABLE, buys, know, needs, rival, town

FAR, NEAR = "2029-01-01", "2026-10-01"
SEGMENTS = ("north", "south", None)


def money(amount, currency):
    return {"amount": amount, "currency": currency}


def rivals(*each):
    names = ("Rival", "Other", "Third")
    return {
        "competitors": {
            "value": [
                {"name": name, "annual_value": value, "contract_end": until, "since": None}
                for name, (value, until) in zip(names, each, strict=False)
            ]
        }
    }


def flat(said):
    """As a caller says it."""
    return {
        facet if member == "value" else member: value
        for facet, members in said.items()
        for member, value in members.items()
    }


SAID = (
    buys("100.01"),
    buys(),
    {"ours": {"value": "yes", "annual_value": money("33.33", "USD")}},
    {"ours": {"value": "no"}, "competitors": {"value": []}, "need": {"value": "unknown"}},
    needs("70.00"),
    {"need": {"value": "yes", "est_value": money("12.34", "GBP")}},
    NO_NEED,
    NOT_APPLICABLE,
    {"applicable": {"value": True}},
    rival(value="50.00", until=NEAR),
    rival(value="51.00", until=FAR),
    rival(until=FAR),
    rivals((money("5.00", "USD"), FAR)),
    rivals((money("5.00", "USD"), FAR), (money("6.00", "EUR"), NEAR)),
    rivals((money("5.00", "USD"), FAR), (None, FAR)),
)


@pytest.fixture
def look(engine, workspace):
    """Both ways of counting at this moment, beside what the ledger holds wrongly."""

    async def look(now=None):
        async with workspace_transaction(engine, workspace[0]) as db:
            found = await home(db, workspace[0])
            work = Work(db, workspace[0], found, now or CLOCK.now, "test")
            ways = [await tallied(work, way) for way in (sql.SUMMED, sql.TALLIES)]
            return ways, await recounting.differences(work, MATRIX.table)

    return look


async def tallied(work, way):
    rows = await work.db.execute(text(way), given(work, ALL))
    return {
        (row.segment, row.product_id, row.status, row.attackable): (row.n, row.stated, row.total)
        for row in rows
    }


async def agree(look):
    (summed, counted), wrong = await look()
    assert wrong == []
    assert summed == counted
    return summed


async def send(client, method, path, **body):
    """As the one who read it last."""
    read = await client.get(path)
    tag = {"If-Match": read.headers.get("etag", '"1"')}
    answer = await client.request(method, path, json=body or None, headers=tag)
    assert answer.status_code in (200, 204, 404, 412), answer.text


async def refile(engine, workspace):
    async with workspace_transaction(engine, workspace[0]) as db:
        await folding.fold(db, workspace[0])


class Callers:
    """Whatever the world may do to a matrix, in any order."""

    def __init__(self, client, engine, workspace, found, seed):
        self.client, self.engine, self.workspace = client, engine, workspace
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.accounts = list(found.accounts.values())
        self.products = [found.press, found.oil, found.old]
        self.ways = (*[self.say] * 6, self.resegment, self.leave, self.back, self.sell, self.order)

    async def act(self):
        await self.chance.choice(self.ways)()

    def account(self):
        return self.chance.choice(self.accounts)["id"]

    async def say(self):
        path = f"/v1/matrix/cells/{self.account()}/{self.chance.choice(self.products)['id']}"
        answer = await self.client.put(path, json=flat(self.chance.choice(SAID)))
        assert answer.status_code in (200, 201, 404), answer.text

    async def resegment(self):
        segment = self.chance.choice(SEGMENTS)
        await send(self.client, "PATCH", f"/v1/accounts/{self.account()}", segment=segment)

    async def leave(self):
        await send(self.client, "DELETE", f"/v1/accounts/{self.account()}")

    async def back(self):
        for account in self.accounts:
            await self.client.post(f"/v1/accounts/{account['id']}/restore")

    async def sell(self):
        product, active = self.chance.choice(self.products), self.chance.random() < 0.7
        await send(self.client, "PATCH", f"/v1/products/{product['id']}", active=active)

    async def order(self):
        product = self.chance.choice(self.products)["id"]
        about = {"name": "Deal", "process_id": "new-business", "product_ids": [product]}
        about |= {"account_id": self.account(), "value": eur("25.00")}
        deal = await self.client.post("/v1/opportunities", json=about)
        if deal.status_code == 201:
            await tell(self.client, deal.json(), "reach", milestone="order", amount=eur("25.00"))


@pytest.fixture
async def found(client, engine, workspace):
    await make_process(client)
    for currency, rate in (("USD", "0.913"), ("GBP", "1.17")):
        await post(client, "/v1/currency_rates", currency=currency, rate=rate, day="2026-01-01")
    return await town(client, engine, workspace)


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_sum_differs_after_mixed_changes_and_both_ways_agree(
    client, engine, workspace, found, look, seed
):
    callers = [Callers(client, engine, workspace, found, seed * 10 + n) for n in range(3)]
    for _ in range(8):
        for _ in range(3):
            await asyncio.gather(*(one.act() for one in callers))
        before = await agree(look)
        await refile(engine, workspace)
        assert await agree(look) == before
    assert before


async def test_what_depends_on_the_day_is_told_for_the_day(client, engine, workspace, found, look):
    """A contract to 2029 binds today, and no longer in 2028."""
    cedar, oil = found.accounts["Cedar"], found.oil
    await know(engine, workspace, (cedar, oil, rivals((money("10.00", "USD"), FAR))))
    (summed, counted), _ = await look()
    assert summed == counted
    bound = [
        (key[3], value)
        for key, value in summed.items()
        if key[0] == "south" and key[2] == "competitor"
    ]
    assert [(attackable, n, str(total)) for attackable, (n, _, total) in bound] == [
        (False, 1, "9.13")
    ]
    later = CLOCK.now + timedelta(days=700)
    (summed, counted), _ = await look(later)
    assert summed == counted
    assert [key[3] for key in summed if key[0] == "south" and key[2] == "competitor"] == [True]


async def test_a_merge_and_its_undoing_move_the_cells(client, found, look):
    alder, cedar = found.accounts["Alder"]["id"], found.accounts["Cedar"]["id"]
    before = await agree(look)
    merged = await post(client, "/v1/accounts/merge", keep=alder, merge=[cedar])
    during = await agree(look)
    assert during != before
    assert sum(n for n, *_ in during.values()) == 5  # of Cedar's two cells Alder's stay
    undone = await client.post(f"/v1/merges/{merged['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert await agree(look) == before


async def test_sums_that_were_changed_by_hand_are_found_and_written_anew(
    engine, workspace, found, look
):
    before = await agree(look)
    async with workspace_transaction(engine, workspace[0]) as db:
        await db.execute(text("DELETE FROM matrix_sums WHERE status = 'buys'"))
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        wrong = await recounting.differences(work, MATRIX.table)
        assert [(one.held, one.counted["n"]) for one in wrong] == [({"n": 0, "value": 0}, 1)] * 3
        await recounting.rebuild(work)
    assert await agree(look) == before
