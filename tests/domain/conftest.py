"""A transaction of its own in the test's workspace."""

from contextlib import asynccontextmanager

import pytest

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from tests.conftest import CLOCK


@pytest.fixture
def at_work(engine, workspace):
    """A transaction of its own in the test's workspace."""

    @asynccontextmanager
    async def at_work():
        async with workspace_transaction(engine, workspace[0]) as db:
            yield Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")

    return at_work
