"""What is kept between questions answers as a process does that knows nothing yet."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from app.core.shelf import Shelf
from app.domain import replay
from app.domain.facts import keeping
from app.main import create_app
from benchmarks.ledger.storm import raised
from tests.aims import ask, make_team
from tests.conftest import CLOCK, client_with
from tests.deals import change, eur, make_deal, make_process, post, tell
from tests.domain.records import agree, asked_of
from tests.imports.support import bring
from tests.imports.test_revert import FIRST, SECOND, STAGES, undone

DOORS = ("/v1/rates", "/v1/leaks", "/v1/stale", "/v1/pipeline")


@pytest.fixture
async def fresh(database, settings, workspace):
    """A caller of a process that keeps nothing."""
    forgetful = settings.model_copy(update={"kept_deals": 0})
    app = create_app(forgetful, replace(database, shelf=Shelf()), clock=CLOCK)
    async with app.router.lifespan_context(app), client_with(app, workspace[1]) as client:
        yield client


async def passages_read(work, statements):
    statements.clear()
    await keeping.kept(work, await asked_of(work))
    return [each for each in statements if "passages" in each]


async def reaching(client, *milestones, **more):
    deal = await make_deal(client, **more)
    for milestone in milestones:
        await tell(client, deal, "reach", milestone=milestone)
    return deal


def questions(storm, team):
    scopes = ("all", f"owner:{storm.people[0]}", f"team:{team}")
    for door in DOORS:
        for process in ("north", "south"):
            yield door, {"process": process}
            yield door, {"process": process, "scope": scopes[1], "business_type": "new"}
        yield door, {"process": "north", "scope": scopes[2]}
        yield door, {"process": "north", "as_of": f"{CLOCK.now - timedelta(days=1):%FT%TZ}"}


async def test_after_any_storm_it_says_what_a_fresh_process_says(
    client, clock, engine, fresh, workspace
):
    clock.now = datetime.now(UTC)
    storm = await raised(client, engine, workspace[0], bulk=(3, 10))
    team = (await make_team(client))["id"]
    body = {"team_id": team, "since": f"{clock.now - timedelta(days=40):%Y-%m-%d}"}
    await client.post(f"/v1/people/{storm.people[1]}/memberships", json=body)
    for _ in range(2):
        storm.running = True
        await storm.blow(storm.done.total() + 40, callers=3)
        clock.now = datetime.now(UTC)
        for door, query in questions(storm, team):
            kept = await client.get(door, params=query)
            anew = await fresh.get(door, params=query)
            assert kept.is_success, kept.text
            assert kept.content == anew.content, (door, query)


async def test_only_touched_deals_are_read_again(client, at_work, statements):
    await make_process(client)
    deals = [await reaching(client, "interest") for _ in range(3)]
    async with at_work() as work:
        await agree(work)
    await change(client, deals[1], name="Another name", value=eur("7.00"))
    async with at_work() as work:
        statements.clear()
        kept = await keeping.kept(work, await asked_of(work))
        assert len(kept) == 3
        assert sum("= ANY(CAST(" in each for each in statements) == 2
        # As long as anybody's transaction is older than the change, it is read once more.
        async with asyncio.timeout(30):
            while await passages_read(work, statements):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)
        await agree(work)


async def test_a_deal_that_comes_goes_and_comes_back_is_told_each_time(client, at_work):
    await make_process(client)
    for _ in range(3):
        deal = await reaching(client, "interest")
        async with at_work() as work:
            count = len(await agree(work))
        tag = {"If-Match": f'"{(await tell(client, deal, "ball", ball="us"))["version"]}"'}
        assert (await client.delete(f"/v1/opportunities/{deal['id']}", headers=tag)).is_success
        async with at_work() as work:
            assert len(await agree(work)) == count - 1
        await tell(client, deal, "restore")
        async with at_work() as work:
            assert len(await agree(work)) == count


async def test_the_exit_that_makes_a_clean_up_makes_it_of_those_before(client, at_work):
    await make_process(client)
    for number in range(1, 21):
        deal = await reaching(client, "interest")
        async with at_work() as work:
            await agree(work)
        await tell(client, deal, "exit", kind="no_decision")
        async with at_work() as work:
            told = (await agree(work)).at(work.now)
        assert told.columns["clean_up"].tolist() == [number == 20] * number


async def test_what_a_deal_is_worth_follows_its_products_and_the_rates(client, clock, at_work):
    await make_process(client)
    money = {"amount": "100.00", "currency": "USD"}
    product = await post(client, "/v1/products", name="Press", list_price=money)
    deal = await reaching(client, "interest")
    await reaching(client, "interest", value=money)
    await worth(at_work, None, None)
    await change(client, deal, product_ids=[product["id"]])
    await worth(at_work, None, None)
    await rate(client, clock, "0.50")
    await worth(at_work, 50.0, 50.0)
    clock.forward(days=1)
    await rate(client, clock, "0.80")
    await worth(at_work, 80.0, 80.0)


async def worth(at_work, *amounts):
    async with at_work() as work:
        found = (await agree(work)).deals["amount"].tolist()
    assert [None if np.isnan(each) else each for each in found] == list(amounts)


async def rate(client, clock, rate):
    said = {"currency": "USD", "day": f"{clock.now:%Y-%m-%d}", "rate": rate, "source": "bank"}
    await post(client, "/v1/currency_rates", **said)


async def test_a_hold_ends_by_itself(client, clock, fresh):
    await make_process(client)
    deal = await reaching(client, "interest")
    await tell(client, deal, "hold", until=(clock.now + timedelta(days=3)).isoformat())
    for days, held in ((0, 1), (4, 0)):
        clock.forward(days=days)
        for caller in (client, fresh):
            seen = await ask(caller, "/v1/pipeline", process="new-business")
            assert seen["on_hold"]["count"] == held


async def test_deals_of_accounts_that_become_one_and_two_again_are_touched(client, at_work):
    await make_process(client)
    kept, gone = [await post(client, "/v1/accounts", name=name) for name in ("A", "B")]
    await reaching(client, "interest", account_id=gone["id"])
    await whose(at_work, gone)
    body = {"keep": kept["id"], "merge": [gone["id"]]}
    merged = await post(client, "/v1/accounts/merge", **body)
    await whose(at_work, kept)
    undone = await client.post(f"/v1/merges/{merged['id']}/undo")
    assert undone.is_success, undone.text
    await whose(at_work, gone)


async def whose(at_work, account):
    async with at_work() as work:
        found = (await agree(work)).deals["account_id"].tolist()
    assert [str(each) for each in found] == [account["id"]]


async def test_what_is_committed_late_is_not_missed(client, at_work):
    await make_process(client)
    slow, quick = [await reaching(client, "interest") for _ in range(2)]
    async with at_work() as other:
        await rename(other, slow, "slow")
        async with at_work() as work:
            await agree(work)
        await change(client, quick, name="quick")
        async with at_work() as work:
            assert names(await agree(work)) == {"Press line", "quick"}
    async with at_work() as work:
        assert names(await agree(work)) == {"slow", "quick"}


async def test_what_is_taken_back_is_told_to_nobody_else(client, at_work):
    await make_process(client)
    deal = await reaching(client, "interest")
    async with at_work() as work:
        await agree(work)
        await rename(work, deal, "never")
        assert names(await agree(work)) == {"never"}
        await work.db.rollback()
    async with at_work() as work:
        assert names(await agree(work)) == {"Press line"}


async def rename(work, deal, name):
    """As far as it follows from no event, without the end of the transaction."""
    await work.db.execute(
        text("UPDATE opportunities SET name = :name WHERE workspace_id = :w AND id = :id"),
        {"name": name, "w": work.workspace_id, "id": deal["id"]},
    )
    await replay.derive(work, ids=[deal["id"]], stated=True)


def names(record):
    return set(record.deals["name"].tolist())


async def test_what_is_forgotten_is_read_by_whoever_looked_before(client, at_work):
    await make_process(client)
    deal = await reaching(client, "interest")
    async with at_work() as work:
        await agree(work)
    await change(client, deal, name="Another name")
    async with at_work() as work:
        later = replace(work, now=datetime.now(UTC) + timedelta(days=2))
        assert await keeping.forget(later) == 1
    async with at_work() as work:
        touches = "SELECT count(*) FROM deal_touches WHERE workspace_id = :w"
        assert await work.db.scalar(text(touches), {"w": work.workspace_id}) == 0
        assert names(await agree(work)) == {"Another name"}


async def test_a_mark_of_another_database_is_worth_nothing(client, at_work, database):
    await make_process(client)
    deal = await reaching(client, "interest")
    async with at_work() as work:
        await agree(work)
        key = keeping._key(work, await asked_of(work))  # noqa: SLF001 - nobody else can know
        known = database.shelf.get(key)
        database.shelf.put(key, replace(known, mark=2**62), weight=1)
    await change(client, deal, name="Another name")
    async with at_work() as work:
        assert names(await agree(work)) == {"Another name"}


async def test_so_many_are_kept_and_no_more(client, at_work, engine, database):
    await make_process(client)
    for _ in range(3):
        await reaching(client, "interest")
    shelf = Shelf(keeping.EMPTY + 2)
    async with at_work() as work:
        few = await work.db.execution_options(shelf=shelf)
        await agree(replace(work, db=few))
        assert shelf.heavy == 0
    shelf.most = keeping.EMPTY + 3
    async with at_work() as work:
        few = await work.db.execution_options(shelf=shelf)
        await agree(replace(work, db=few))
        assert shelf.heavy == keeping.EMPTY + 3


async def test_records_without_deals_are_not_kept_for_ever(client, at_work):
    shelf = Shelf(2 * keeping.EMPTY)
    for key in ("north", "south", "west"):
        await make_process(client, key=key)
        async with at_work() as work:
            few = await work.db.execution_options(shelf=shelf)
            assert len(await agree(replace(work, db=few), key)) == 0
    assert len(shelf._things) == 2  # noqa: SLF001 - nobody else can know


async def test_what_was_forgotten_elsewhere_hides_nothing_that_is_forgotten_here(client, at_work):
    await make_process(client)
    deal = await reaching(client, "interest")
    async with at_work() as work:
        restored = "UPDATE workspaces SET touches_forgotten = :far WHERE id = :w"
        await work.db.execute(text(restored), {"far": 2**62, "w": work.workspace_id})
        await agree(work)
    await change(client, deal, name="Another name")
    async with at_work() as work:
        later = replace(work, now=datetime.now(UTC) + timedelta(days=2))
        assert await keeping.forget(later) == 1
    async with at_work() as work:
        assert names(await agree(work)) == {"Another name"}


async def test_nothing_is_kept_of_a_server_that_has_hung_up(database, settings):
    left = replace(database, shelf=Shelf())
    mine = left.engine(settings.model_copy(update={"pool_size": 1}))
    try:
        async with mine.connect() as db:
            pid = await db.scalar(text("SELECT pg_backend_pid()"))
        left.shelf.put("record", 1, weight=1)
        owner = database.owner_engine()
        async with owner.connect() as db:
            assert await db.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await owner.dispose()
        async with asyncio.timeout(30):
            while True:
                async with mine.connect() as db:
                    if await db.scalar(text("SELECT pg_backend_pid()")) != pid:
                        break
        assert left.shelf.get("record") is None
    finally:
        await mine.dispose()


async def test_an_import_and_its_way_back_are_touches_too(client, at_work):
    process = await make_process(client)
    job = await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    async with at_work() as work:
        assert len(await agree(work)) == 2
    job = await bring(client, "opportunities", SECOND, STAGES, process_id=process["id"])
    async with at_work() as work:
        assert len(await agree(work)) == 3
    await undone(client, job)
    async with at_work() as work:
        assert len(await agree(work)) == 2
