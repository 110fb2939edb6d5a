"""The short way opens only what its key opens, whichever wall is missing, by the right index."""

import re
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from app.core.ids import uuid7
from app.core.keys import digest
from app.core.lane import Caller, Lane
from app.core.roles import APP
from app.core.settings import Settings
from app.domain import opportunity_bytes
from app.domain.access import Scope
from app.domain.opportunity_advance import ADVANCE
from app.domain.opportunity_bytes import MARK_ONE, ONE, PLAIN_ONE
from app.domain.opportunity_page import MARKS, ONES, PLAIN_ONES
from tests.conftest import new_key
from tests.deals import make_deal, make_process

READ = Scope.OPPORTUNITIES_READ.value
INDEX = re.compile(r"Index (?:Only )?Scan (?:Backward )?using (\w+)")


@pytest.fixture
async def deal(client):
    await make_process(client)
    made = await make_deal(client)
    await client.get("/v1/opportunities")
    return made


async def test_a_foreign_workspace_is_not_opened_by_naming_it(app, client, deal, neighbour, clock):
    """Even if what is remembered of a key were wrong, the key must stand in that workspace."""
    await neighbour.get("/v1/me")
    known = app.state.known.workspaces
    foreign = next(seen for seen, id in reversed(known.items()))
    own = known[digest(client.headers["authorization"].removeprefix("Bearer "))]
    mixed = Caller(own, foreign, clock.now, READ)
    assert known[foreign] != own
    for query, asked in (
        (ONE, deal["id"]),
        (PLAIN_ONE, deal["id"]),
        (MARK_ONE, deal["id"]),
        (MARKS, 50),
        (ONES, [deal["id"]]),
        (PLAIN_ONES, [deal["id"]]),
    ):
        assert await app.state.lane.row(query, *mixed, asked) is None


async def test_without_its_own_filter_the_short_way_still_sees_one_workspace(
    app, client, deal, neighbour, workspace, clock
):
    await make_process(neighbour)
    theirs = await make_deal(neighbour)
    read, own = asker(workspace, clock), "opportunities.workspace_id = k.workspace_id AND"
    assert all(own in query for query in (ONE, PLAIN_ONE, MARK_ONE, MARKS, ONES, PLAIN_ONES))
    for one, shown in ((ONE, "body"), (PLAIN_ONE, "id"), (MARK_ONE, "mark")):
        bare = one.replace(own, "")
        mine, none = [await app.state.lane.row(bare, *read, each["id"]) for each in (deal, theirs)]
        assert (mine[shown] is None, none[shown]) == (False, None)
    seen = await app.state.lane.row(MARKS.replace(own, ""), *read, 50)
    assert seen["marks"].split(".")[0] == deal["id"]
    assert "," not in seen["marks"]
    for many in (ONES, PLAIN_ONES):
        rows = await app.state.lane.rows(many.replace(own, ""), *read, [deal["id"], theirs["id"]])
        assert [row["mark"] for row in rows] == [seen["marks"]]


async def test_the_setting_ends_with_the_statement(app, deal, workspace, clock):
    await app.state.lane.row(ONE, *asker(workspace, clock), deal["id"])
    seen = await app.state.lane.row("SELECT count(*), current_setting('app.ws', true) FROM events")
    assert (seen[0], seen[1] or None) == (0, None)


async def test_a_revoked_key_opens_nothing_at_once(client, deal, limited):
    reader = await limited(Scope.OPPORTUNITIES_READ)
    path = f"/v1/opportunities/{deal['id']}"
    assert [(await reader.get(path)).status_code for _ in range(2)] == [200, 200]
    keys = (await client.get("/v1/api_keys")).json()["data"]
    id = next(key["id"] for key in keys if key["scopes"] == [READ])
    assert (await client.delete(f"/v1/api_keys/{id}")).status_code == 204
    assert (await reader.get(path)).status_code == 401


async def test_an_expired_key_opens_nothing(app, client, engine, workspace, deal, clock):
    key = await new_key(engine, workspace[0], [Scope.OPPORTUNITIES_READ], clock.now + timedelta(1))
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/opportunities/{deal['id']}"
    for step, status in ((0, 200), (1, 200), (23 * 3600, 200), (3601, 401)):
        clock.forward(seconds=step)
        assert (await client.get(path, headers=headers)).status_code == status


WRITTEN = {  # what a statement that writes the whole answer looks up for every deal
    "process_versions_pk",
    "milestones_pk",
    "criteria_workspace_id_milestone_id_key_key",
    "events_workspace_id_opportunity_id_occurred_at_idx",
}
NEWEST = "opportunities_workspace_id_created_at_id_idx"
ALWAYS = {"workspaces_pk", "opportunity_products_pk"}
# Of a key, either index names its digest.
OF_A_KEY = {"api_keys_digest_idx", "api_keys_workspace_id_digest_key"}
# Of a version, either index names its milestones.
OF_A_VERSION = {
    "milestones_workspace_id_version_id_key_key",
    "milestones_workspace_id_version_id_position_key",
}
STEP = {
    "opportunities_pk",
    "process_versions_pk",
    "passages_pk",
    "criteria_workspace_id_milestone_id_key_key",
    "events_workspace_id_opportunity_id_occurred_at_idx",
}
MANY = 3_000


async def test_every_row_is_found_by_the_index_that_leads_to_it(owner_db, deal, workspace, clock):
    """Whatever the planner believes of a workspace it does not know: nothing, or a lot."""
    read, id, now = asker(workspace, clock), deal["id"], clock.now
    step = (id, uuid7(), "need", now, *[None] * 5)
    for fill in (None, MANY):
        if fill is not None:
            await filled(owner_db, workspace[0], fill)
        for query, asked, indexes in (
            (PLAIN_ONE, (id,), ALWAYS | {"opportunities_pk"}),
            (MARK_ONE, (id,), {"workspaces_pk", "opportunities_pk"}),
            (PLAIN_ONES, ([id],), ALWAYS | {"opportunities_pk"}),
            (ONE, (id,), ALWAYS | WRITTEN | {"opportunities_pk"}),
            (ONES, ([id],), ALWAYS | WRITTEN | {"opportunities_pk"}),
            (MARKS, (50,), {"workspaces_pk", NEWEST}),
            (ADVANCE, step, ALWAYS | STEP),
        ):
            plan = await planned(owner_db, query, *read, *asked)
            assert set(INDEX.findall(plan)) - OF_A_KEY - OF_A_VERSION == indexes
            assert "Seq Scan" not in plan
            # A few milestones of one version may be put in order; rows of many never are.
            assert re.search(r"(?<!Incremental )Sort\b(?! Key)", plan) is None


async def test_a_step_changes_rows_by_their_place_alone(owner_db, deal, workspace, clock):
    """Nothing else leads to them: an index might be gone through before the wall stands."""
    step = (deal["id"], uuid7(), "need", clock.now, *[None] * 5)
    for many in (0, MANY):
        await filled(owner_db, workspace[0], many)
        plan = await planned(owner_db, ADVANCE, *asker(workspace, clock), *step)
        assert plan.count("Update on") == plan.count("Tid Scan") == 2


def asker(workspace, clock):
    return Caller(workspace[0], digest(workspace[1]), clock.now, READ)


@pytest.fixture
async def owner_db(database):
    """One transaction of the owner's, taken back in the end."""
    options = Lane(database, Settings(_env_file=None)).options
    address = database.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    db = await asyncpg.connect(address)
    begun = db.transaction()
    await begun.start()
    for name, value in options["server_settings"].items():
        if name.startswith(("enable_", "plan_", "jit")):
            await db.execute(f"SET LOCAL {name} = {value}")
    yield db
    await begun.rollback()
    await db.close()


async def filled(db, workspace_id, many):
    """Deals by the thousand, and what the planner then knows of them."""
    await db.execute(
        """INSERT INTO opportunities (workspace_id, id, version, created_at, updated_at, name,
          process_id, version_id, source, attributes, business_chosen, status, position,
          clock_from, clock_held_days)
        SELECT workspace_id, gen_random_uuid(), 1, created_at - n * interval '1 minute', updated_at,
          'Deal ' || n, process_id, version_id, 'many', '{}', false, 'open', 0, clock_from, 0
        FROM opportunities CROSS JOIN generate_series(1, $2::int) n
        WHERE workspace_id = $1 AND source <> 'many'""",
        workspace_id,
        many,
    )
    await db.execute("ANALYZE opportunities, workspaces, milestones, process_versions")


async def planned(db, query, *values):
    """The plan that is made once for all callers."""
    await db.execute(f"SET LOCAL ROLE {APP}")
    await db.execute(f"PREPARE asked AS {query}")
    said = ", ".join(literal(value) for value in values)
    rows = await db.fetch(f"EXPLAIN (COSTS OFF) EXECUTE asked({said})")
    await db.execute("DEALLOCATE asked")
    await db.execute("RESET ROLE")
    return "\n".join(row[0] for row in rows)


def literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, list):
        return f"'{{{','.join(value)}}}'"
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


async def test_a_lost_connection_is_replaced_and_a_reader_hears_nothing_of_it(
    app, client, deal, database
):
    owner = database.owner_engine()
    async with owner.connect() as db:
        for connection in app.state.lane.idle:
            await db.execute(text(f"SELECT pg_terminate_backend({connection.get_server_pid()})"))
    await owner.dispose()
    for _ in range(2):
        assert (await client.get(f"/v1/opportunities/{deal['id']}")).status_code == 200


async def test_where_the_database_says_no_nothing_is_said_twice(app, client, deal, monkeypatch):
    """A statement that was refused has done nothing; the ordinary way does it once."""
    monkeypatch.setattr(opportunity_bytes, "PLAIN_ONE", "SELECT 1 / 0")
    assert (await client.get(f"/v1/opportunities/{deal['id']}")).status_code == 200
