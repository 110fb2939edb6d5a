import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from app.cli import main
from app.core.database import driven
from tests import databases
from tests.conftest import SERVER


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    """The settings name a database of the test's own, in which there is nothing yet."""
    with own(databases.make) as address:
        monkeypatch.setenv("BACKCAST_DATABASE_URL", address)
        yield address


@pytest.fixture
def installation(monkeypatch) -> Iterator[str]:
    """The same, migrated."""
    with own(databases.make_migrated) as address:
        monkeypatch.setenv("BACKCAST_DATABASE_URL", address)
        yield address


@contextmanager
def own(make) -> Iterator[str]:
    given = driven(os.environ[SERVER])
    name = f"backcast_cli_{uuid4().hex}"
    asyncio.run(make(given, name))
    try:
        yield given.set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(databases.drop(given, name))


@pytest.fixture
def backcast(capsys):
    """Run a command line; gives the exit code, what it answered and what it said beside it."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out.rstrip("\n"), err.rstrip("\n")

    return run
