"""What is said of cells: people confirm, deals and files let conclude, and nothing is forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.errors import Invalid, NotFound, PreconditionFailed
from app.core.ids import uuid7
from app.domain.cells import Change, Voice, write
from app.tables import Account, Cell, CellChange, CellConflict, Product

PERSON = Voice("manual", confirmed=True)
ORDER = Voice("order", confirmed=False)
EXIT = Voice("exit", confirmed=False)


@pytest.fixture
async def cell(work):
    """(account, product) of an empty cell."""
    account = await work.add(Account, name="Smith", source="api")
    product = await work.add(Product, key="gtx", name="GTX")
    return account.id, product.id


@pytest.fixture
def say(work, cell):
    async def say(voice, seen=(), version=None, at=None, **said):
        change = Change(*cell, said, seen=seen, version=version, at=at)
        return (await write(work, [change], voice))[0]

    return say


async def row(work):
    return (await work.db.execute(select(Cell))).one()


async def conflicts(work):
    rows = (await work.db.execute(select(CellConflict).order_by(CellConflict.facet))).all()
    return [(each.facet, each.source, each.said) for each in rows]


async def test_a_cell_comes_to_be_with_the_first_thing_said_of_it(work, say):
    worth = {"amount": "1200.00", "currency": "EUR"}
    done = await say(PERSON, ours={"value": "yes", "since": "2024-05-01", "annual_value": worth})
    assert (done.version, done.fresh, done.changed) == (1, True, ["ours"])
    stored = await row(work)
    assert (stored.status, stored.ours, str(stored.ours_annual_value)) == ("buys", "yes", "1200.00")
    assert (stored.ours_source, stored.ours_confirmed, stored.ours_by) == ("manual", True, "test")
    assert stored.need_source is None


async def test_what_a_person_confirmed_a_deal_does_not_overwrite(work, say):
    await say(PERSON, need={"value": "no", "reason": "has one"})
    done = await say(ORDER, need={"value": "yes"})
    assert (done.changed, done.conflicts, done.version) == ([], ["need"], 1)
    assert (await row(work)).need == "no"
    [(facet, source, said)] = await conflicts(work)
    assert (facet, source, said["value"]) == ("need", "order", "yes")


async def test_a_conflict_ends_when_a_person_confirms_either(work, say, clock):
    await say(PERSON, need={"value": "no"})
    await say(ORDER, need={"value": "yes"})
    done = await say(PERSON, need={"value": "yes"})
    assert done.changed == ["need"]
    assert (await conflicts(work), (await row(work)).need) == ([], "yes")
    await say(EXIT, need={"value": "no"})
    assert len(await conflicts(work)) == 1
    await say(PERSON, need={"value": "yes"})
    assert await conflicts(work) == []


async def test_what_was_concluded_gives_way_to_what_is_newer_and_not_to_what_is_older(work, say):
    day = work.now
    await say(ORDER, ours={"value": "yes"}, at=day - timedelta(days=10))
    older = await say(ORDER, ours={"value": "no"}, at=day - timedelta(days=20))
    again = await say(ORDER, ours={"value": "yes"}, at=day - timedelta(days=10))
    newer = await say(ORDER, ours={"value": "yes"}, at=day)
    assert [each.changed for each in (older, again, newer)] == [[], [], ["ours"]]
    stored = await row(work)
    assert (stored.ours, stored.ours_at, stored.version) == ("yes", day, 2)


async def test_the_same_said_again_is_no_news(work, say):
    for voice in (ORDER, ORDER, PERSON, PERSON):
        await say(voice, ours={"value": "yes"})
    assert (await row(work)).version == 2
    kept = (await work.db.execute(select(CellChange).order_by(CellChange.id))).all()
    assert [(each.source, each.confirmed) for each in kept] == [("order", False), ("manual", True)]
    assert (kept[0].before, kept[1].before["value"]) == (None, "yes")


async def test_competitors_seen_join_those_that_are_known(work, say):
    await say(EXIT, seen=[{"name": "Rival"}])
    await say(EXIT, seen=[{"name": "RIVAL"}, {"name": "Other"}])
    assert [each["name"] for each in (await row(work)).competitors] == ["Rival", "Other"]
    await say(PERSON, competitors={"value": [{"name": "Other"}]})
    done = await say(EXIT, seen=[{"name": "Rival"}])
    assert done.conflicts == ["competitors"]
    assert (await row(work)).status == "competitor"


async def test_what_belongs_to_an_answer_goes_with_it(work, say):
    await say(PERSON, need={"value": "yes", "by_when": "2026-12-01", "reason": "line grows"})
    await say(PERSON, need={"reason": "second line"})
    assert str((await row(work)).need_by_when) == "2026-12-01"
    await say(PERSON, need={"value": "no", "recheck_on": "2027-07-01"})
    stored = await row(work)
    assert (stored.need_by_when, stored.need_reason) == (None, None)
    assert isinstance(await say(PERSON, need={"by_when": "2026-12-01"}), Invalid)


async def test_every_change_is_answered_for_itself(work, cell):
    account, product = cell
    yes = {"ours": {"value": "yes"}}
    wanted = [
        Change(uuid7(), product, yes),
        Change(account, uuid7(), yes),
        Change(account, product, yes, version=7),
        Change(account, product, yes),
        Change(account, product, yes, version=7),
    ]
    done = await write(work, wanted, PERSON, together=True)
    assert [type(each) for each in done[:3]] == [NotFound, NotFound, NotFound]
    assert isinstance(done[4], PreconditionFailed)
    assert (await work.db.execute(select(Cell))).all() == []
    assert (await write(work, wanted, PERSON))[3].changed == ["ours"]
    assert (await row(work)).ours == "yes"


async def test_many_cells_are_written_in_as_many_statements_as_one(work, statements):
    products = [await work.add(Product, key=f"p{n}", name=f"P{n}") for n in range(5)]
    accounts = [await work.add(Account, name=f"A{n}", source="api") for n in range(8)]
    counts = []
    for batch in (accounts[:1], accounts[1:]):
        said = {"ours": {"value": "yes"}, "need": {"value": "no"}}
        changes = [Change(a.id, p.id, said) for a in batch for p in products]
        statements.clear()
        await write(work, changes, PERSON)
        counts.append(len(statements))
    assert counts == [8, 8]
    assert len((await work.db.execute(select(Cell))).all()) == 40
