"""Who may take longer than others may do so for the server and for the driver alike."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import database as databases
from app.core.database import unhurried
from app.core.settings import Settings

LONG = text("SELECT pg_sleep(1.5)")


@pytest.fixture
async def hurried(database, monkeypatch):
    """Of both, the server and the driver, every statement has a second."""
    monkeypatch.setattr(databases, "GRACE_SECONDS", 0)
    engine = database.engine(Settings(_env_file=None, statement_timeout_seconds=1))
    yield engine
    await engine.dispose()


async def test_a_statement_that_may_take_longer_is_given_up_by_nobody(hurried):
    async with hurried.connect() as db:
        async with unhurried(db, 20):
            await db.execute(LONG)
            assert await db.scalar(text("SHOW statement_timeout")) == "20s"
        assert await db.scalar(text("SHOW statement_timeout")) == "1s"


async def test_the_next_one_of_the_same_connection_has_the_usual_time(hurried):
    async with hurried.connect() as db:
        with pytest.raises(ZeroDivisionError):
            async with unhurried(db, 20):
                raise ZeroDivisionError
        await db.rollback()
        with pytest.raises((DBAPIError, TimeoutError)):
            await db.execute(LONG)
