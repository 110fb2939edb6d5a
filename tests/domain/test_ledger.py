"""The ledger holds what counting one by one finds, after whatever happened, and says the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import inflow
from app.domain.access import home
from app.domain.demo import PROCESS, Size, fill
from app.domain.ledger import folding, recounting
from app.domain.ledger.kinds import KINDS
from app.domain.milestones import milestones_of
from app.domain.processes import current_version, resolve
from app.engine.periods import bounds, parse
from app.schemas.scopes import EVERYBODY, Business, Subject, Whose
from app.tables import ArrivalCell, Person, StockCell, Team
from benchmarks.ledger.storm import raised
from tests.aims import arrive, ask, make_target, make_team
from tests.conftest import NOW
from tests.deals import change, eur, make_deal, make_person, make_process, tell

SMALL = (3, 10)
TYPES = (Business.ALL, Business.NEW, Business.EXISTING)


def periods(now):
    """Whole months, and weeks and years whose edges are none."""
    for back in (0, 40, 80):
        day = now - timedelta(days=back)
        yield from (f"{day:%Y-%m}", f"{day:%G}-W{day:%V}")
    yield from (f"{now:%Y}-Q{(now.month + 2) // 3}", f"{now:%Y}")


async def questions(work, key):
    """What may be asked of a process, each with other subjects and types of business."""
    process = await resolve(work, key)
    milestones = await milestones_of(work, (await current_version(work, process.id)).id)
    lineages = tuple(row.lineage_id for row in milestones)
    teams = [Subject(Whose.TEAM, row.id) for row in await work.all(work.rows(Team))]
    people = [Subject(Whose.OWNER, row.id) for row in await work.all(work.rows(Person))]
    for number, period in enumerate(periods(work.now)):
        start, end = bounds(parse(period, work.home.fiscal_start), work.home.zone)
        evidenced = frozenset(lineages[: number % 3])
        for subject in (EVERYBODY, *teams[:3], *people[:3]):
            yield inflow.Question(
                process.id, lineages, evidenced, start, end, subject, TYPES[number % 3]
            )


async def agree(work, key):
    """Ask the ledger, and look at the deals one by one; how many answers said something."""
    said = 0
    for answer in (inflow.arrived, inflow.arrived_by_person):
        async for question in questions(work, key):
            if answer is inflow.arrived_by_person and question.subject != EVERYBODY:
                continue
            told = await answer(work, question)
            counted = await answer(work, inflow.one_by_one(question, question.lineages))
            assert told == {k: replace(v, largest=None) for k, v in counted.items()}
            said += bool(told)
    return said


@pytest.fixture
def differing(engine, workspace):
    """Every cell that does not hold what it should."""

    async def differing():
        async with workspace_transaction(engine, workspace[0]) as db:
            work = Work(db, workspace[0], await home(db, workspace[0]), NOW, "test")
            assert await recounting.misfits(work) == 0
            return [each for name in KINDS for each in await recounting.differences(work, name)]

    return differing


async def rows(work, table):
    return await work.db.scalar(
        select(func.count()).select_from(table).where(table.workspace_id == work.workspace_id)
    )


async def test_no_cell_differs_in_a_storm_of_changes_and_both_ways_agree(
    client, clock, engine, workspace
):
    clock.now = datetime.now(UTC)
    storm = await raised(client, engine, workspace[0], bulk=SMALL)
    team = await make_team(client)
    for person, days in zip(storm.people, (400, 40, 12, 0), strict=True):
        since = f"{clock.now - timedelta(days=days):%Y-%m-%d}"
        await ask_to_join(client, person, team["id"], since)
    await storm.blow(120, callers=4)
    assert await storm.differing() == []
    assert storm.looks > 0
    assert storm.folded > 0
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        assert await agree(work, "north") > 10


async def ask_to_join(client, person, team, since):
    body = {"team_id": team, "since": since}
    answer = await client.post(f"/v1/people/{person}/memberships", json=body)
    assert answer.status_code == 201, answer.text


async def test_both_ways_agree_on_the_demo(work):
    await fill(work, 7, Size(months=8, per_month=10))
    assert await agree(work, PROCESS) > 20
    assert [each for name in KINDS for each in await recounting.differences(work, name)] == []


async def test_partial_orders_and_shared_credit_are_added_up_as_ever(client, work):
    await make_process(client)
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    shares = [{"person_id": who["id"], "percent": "50"} for who in (ada, bob)]
    deal = await arrive(client, "order", "10.00", owner_id=ada["id"])
    await tell(client, deal, "reach", milestone="order", amount=eur("5.00"))
    await arrive(client, "interest", "7.00", owner_id=ada["id"], credits=shares)
    ragged = await work.db.execute(
        text("SELECT count(*) FROM passages WHERE workspace_id = :w AND ragged"),
        {"w": work.workspace_id},
    )
    assert ragged.scalar_one() == 3
    assert await agree(work, "new-business") > 0


async def test_the_largest_deal_is_told_though_the_ledger_does_not_know_it(client):
    await make_process(client)
    ada = await make_person(client)
    for scope in ("all", f"owner:{ada['id']}"):
        await make_target(client, scope=scope, amount=eur("100.00"), count=40)
    await arrive(client, "order", "1000.00", owner_id=ada["id"])
    await arrive(client, "order", "250.00", owner_id=ada["id"])
    asked = {"process": "new-business", "period": "2026-07"}
    everybody = (await ask(client, "/v1/lights", **asked))["milestones"][-1]
    people = await ask(client, "/v1/lights/people", **asked)
    alone = [everybody, people["all"]["milestones"][-1], people["people"][0]["milestones"][-1]]
    assert [light["concentration"] for light in alone] == ["0.8000"] * 3


async def test_folding_changes_no_sum_and_leaves_one_row_for_each_cell(
    client, work, workspace, differing
):
    await make_process(client)
    for _ in range(3):
        await arrive(client, "invited", "10.00")
    before = await ask(client, "/v1/milestones", process="new-business")
    assert (await rows(work, ArrivalCell), await rows(work, StockCell)) == (12, 3)
    assert await folding.fold(work.db, workspace[0], many=13) == 0
    assert await folding.fold(work.db, workspace[0]) == 15
    assert (await rows(work, ArrivalCell), await rows(work, StockCell)) == (4, 1)
    await work.db.commit()
    assert await ask(client, "/v1/milestones", process="new-business") == before
    assert await differing() == []


async def test_what_cancels_out_leaves_nothing(client, work, workspace):
    await make_process(client)
    deal = await arrive(client, "interest", "10.00")
    await tell(client, deal, "void", milestone="interest", reason="never was")
    await folding.fold(work.db, workspace[0])
    assert (await rows(work, ArrivalCell), await rows(work, StockCell)) == (0, 0)


async def test_what_changes_no_sum_writes_none(client, work):
    await make_process(client)
    deal = await arrive(client, "interest", "10.00")
    count = await rows(work, ArrivalCell)
    await change(client, deal, name="Another name")
    await tell(client, deal, "ball", ball="us")
    assert await rows(work, ArrivalCell) == count == 2


async def test_another_time_zone_counts_the_days_anew(client, differing):
    await make_process(client)
    await arrive(client, "interest", "10.00", at="2026-07-01T02:00:00Z")
    path, asked = "/v1/workspace", {"process": "new-business", "period": "2026-06"}
    assert (await ask(client, "/v1/lights", **asked))["milestones"][0]["actual_count"] == 0
    tag = {"If-Match": (await client.get(path)).headers["etag"]}
    moved = await client.patch(path, json={"time_zone": "America/New_York"}, headers=tag)
    assert moved.status_code == 200
    assert (await ask(client, "/v1/lights", **asked))["milestones"][0]["actual_count"] == 1
    assert await differing() == []


async def test_a_hold_that_is_over_counts_in_the_stock_again(client, clock):
    await make_process(client)
    deal = await arrive(client, "interest", "10.00")
    await tell(client, deal, "hold", until=(clock.now + timedelta(days=3)).isoformat())
    assert await standing(client) == (0, eur("0.00"))
    clock.forward(days=4)
    assert await standing(client) == (1, eur("10.00"))


async def standing(client):
    [first, *_] = (await ask(client, "/v1/milestones", process="new-business"))["data"]
    return first["open_count"], first["open_value"]


async def test_a_type_of_business_stated_later_moves_the_arrivals(client, differing):
    await make_process(client)
    deal = await arrive(client, "interest", "10.00", business_type="new")
    await change(client, deal, business_type="existing")
    asked = {"process": "new-business", "period": "2026-07"}
    for kind, count in (("new", 0), ("existing", 1)):
        found = await ask(client, "/v1/lights", **asked, business_type=kind)
        assert found["milestones"][0]["actual_count"] == count
    assert await differing() == []


async def test_a_sum_spoiled_by_hand_is_found_and_written_anew(client, work):
    await make_process(client)
    await make_deal(client)
    await arrive(client, "interest", "10.00")
    await work.db.execute(text("DELETE FROM arrival_cells WHERE grain = 'day'"))
    [found] = await recounting.differences(work, "arrival_cells")
    assert (found.held["n"], found.counted["n"]) == (0, 1)
    await recounting.rebuild(work)
    assert await recounting.differences(work, "arrival_cells") == []
