import asyncio
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.cli import main
from app.core.database import driven
from tests.conftest import SERVER, _drop, _make


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    """The settings name a database of the test's own, in which there is nothing yet."""
    given = driven(os.environ[SERVER])
    name = f"backcast_cli_{uuid4().hex}"
    asyncio.run(_make(given, name))
    address = given.set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("BACKCAST_DATABASE_URL", address)
    yield address
    asyncio.run(_drop(given, name))


@pytest.fixture
def installation(server, capsys) -> str:
    """The same, migrated."""
    assert main(["migrate"]) == 0
    capsys.readouterr()
    return server


@pytest.fixture
def backcast(capsys):
    """Run a command line; gives the exit code, what it answered and what it said beside it."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out.rstrip("\n"), err.rstrip("\n")

    return run
