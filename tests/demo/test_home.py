from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.database import Database, workspace_transaction
from app.domain.demo import Size
from app.domain.demo.home import NAME, Wanted, settle
from app.domain.workspaces import create_workspace
from app.tables import Opportunity, Workspace
from tests.conftest import NOW, client_with

SMALL = Size(months=3, per_month=4)


@pytest.fixture
def demo(database: Database, settings, app):
    """Start the demo (small) at a moment; gives its key."""

    async def start(now=NOW, **wanted) -> str:
        return await settle(database, settings, now, Wanted(size=SMALL, **wanted), lambda _: None)

    return start


async def room_of(app, key: str):
    """The workspace a key opens; None when it opens nothing."""
    async with client_with(app, key) as client:
        answer = await client.get("/v1/me")
    return answer.json()["workspace"]["id"] if answer.status_code == 200 else None


async def test_a_second_start_finds_the_demo_and_gives_a_new_key(app, clock, demo):
    first = await demo(reset=True)
    room = await room_of(app, first)
    second = await demo(NOW + timedelta(hours=1))
    assert await room_of(app, second) == room
    assert await room_of(app, first) is None


@pytest.mark.parametrize(("later", "reset"), [(25, False), (0, True)])
async def test_an_old_demo_or_a_reset_one_is_built_anew(app, engine, clock, demo, later, reset):
    room = await room_of(app, await demo())
    again = await room_of(app, await demo(NOW + timedelta(hours=later), reset=reset))
    assert again != room
    async with workspace_transaction(engine, room) as db:
        left = select(Opportunity.id).where(Opportunity.workspace_id == room)
        assert (await db.execute(left)).all() == []
        assert (await db.execute(select(Workspace).where(Workspace.id == room))).all() == []


async def test_a_workspace_that_merely_has_the_name_is_left_alone(app, engine, clock, demo):
    own = await create_workspace(engine, NOW - timedelta(days=9), name=NAME)
    assert await room_of(app, await demo(reset=True)) != str(own)
    async with workspace_transaction(engine, own) as db:
        assert (await db.execute(select(Workspace).where(Workspace.id == own))).all()
