"""The short way opens only what its key opens, whichever wall is missing, by the right index."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.keys import digest
from app.core.lane import Caller
from app.domain import opportunity_bytes
from app.domain.access import Scope
from app.domain.opportunity_bytes import ONE, PAGE
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


def caller(app, workspace, clock):
    return Caller(workspace[0], digest(workspace[1]), clock.now, READ)


async def test_a_foreign_workspace_is_not_opened_by_naming_it(app, client, deal, neighbour, clock):
    """Even if what is remembered of a key were wrong, the key must stand in that workspace."""
    await neighbour.get("/v1/me")
    known = app.state.known.workspaces
    foreign = next(seen for seen, id in reversed(known.items()))
    own = known[digest(client.headers["authorization"].removeprefix("Bearer "))]
    mixed = Caller(own, foreign, clock.now, READ)
    assert known[foreign] != own
    assert await app.state.lane.row(ONE, *mixed, deal["id"]) is None
    assert await app.state.lane.row(PAGE, *mixed, 50) is None


async def test_without_its_own_filter_the_short_way_still_sees_one_workspace(
    app, client, deal, neighbour, workspace, clock
):
    await make_process(neighbour)
    theirs = await make_deal(neighbour)
    for query in (ONE, PAGE):
        assert "opportunities.workspace_id = k.workspace_id" in query
    bare = ONE.replace("opportunities.workspace_id = k.workspace_id AND", "")
    mine, none = [
        await app.state.lane.row(bare, *caller(app, workspace, clock), each["id"])
        for each in (deal, theirs)
    ]
    assert (mine["body"] is None, none["body"]) == (False, None)
    page = PAGE.replace("opportunities.workspace_id = k.workspace_id AND", "")
    seen = await app.state.lane.row(page, *caller(app, workspace, clock), 50)
    assert [deal["id"] in body for body in seen["bodies"]] == [True]


async def test_the_setting_ends_with_the_statement(app, deal, workspace, clock):
    await app.state.lane.row(ONE, *caller(app, workspace, clock), deal["id"])
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


async def test_every_row_is_found_by_the_index_that_leads_to_it(app, deal, workspace, clock):
    """Whatever the planner believes of a workspace it does not know."""
    for query, asked, chosen in (
        (ONE, deal["id"], "opportunities_pk"),
        (PAGE, 50, "opportunities_workspace_id_created_at_id_idx"),
    ):
        plan = await planned(app, query, *caller(app, workspace, clock), asked)
        used = set(INDEX.findall(plan))
        # Of a key, either index names its digest.
        used -= {"api_keys_digest_idx", "api_keys_workspace_id_digest_key"}
        assert used == {
            chosen,
            "workspaces_pk",
            "process_versions_pk",
            "milestones_pk",
            "criteria_workspace_id_milestone_id_key_key",
            "events_workspace_id_opportunity_id_occurred_at_idx",
            "opportunity_products_pk",
        }
        assert "Sort" not in plan
        assert "Seq Scan" not in plan


async def planned(app, query, *values):
    """The plan that is made once for all callers."""
    async with app.state.lane.transaction(values[0]) as db:
        await db.execute(f"PREPARE asked AS {query}")
        said = ", ".join(literal(value) for value in values)
        rows = await db.fetch(f"EXPLAIN (COSTS OFF) EXECUTE asked({said})")
        await db.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


def literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else f"'{value}'"


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
    monkeypatch.setattr(opportunity_bytes, "ONE", "SELECT 1 / 0")
    assert (await client.get(f"/v1/opportunities/{deal['id']}")).status_code == 200
