"""How long the embedded PostgreSQL takes to start over what a killed one has left behind.

uv run python -m benchmarks.start.left [--rounds 5]

Wall clock, durable as the product starts it, until it takes connections.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from app.core.postgres import running
from benchmarks.bench import Spread, record, table

_HOLD = """
import sys
from pathlib import Path
from app.core.postgres import running
with running(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


def nothing(_: Path) -> None:
    """It was shut down in order."""


def parent_killed(place: Path) -> None:
    """And at once somebody starts it again, while the server still ends."""
    parent = _held(place)
    parent.kill()
    parent.wait()


def all_killed(place: Path) -> None:
    """The server first: nobody tidies up."""
    parent = _held(place)
    os.kill(int(_pid_file(place).read_text().split()[0]), signal.SIGKILL)
    parent.kill()
    parent.wait()


def foreign(place: Path) -> None:
    whole = f"{os.getppid()}\n{place}/cluster\n1\n5432\n{place}/socket\n\n1 1\nready   \n"
    _pid_file(place).write_text(whole)


def cut_off(place: Path) -> None:
    _pid_file(place).write_text(str(os.getppid())[:2])


def empty(place: Path) -> None:
    _pid_file(place).write_text("")


WAYS: dict[str, Callable[[Path], None]] = {
    "nothing: shut down in order": nothing,
    "parent killed just now": parent_killed,
    "server and parent killed just now": all_killed,
    "pid file of a living stranger": foreign,
    "pid file cut off": cut_off,
    "pid file empty": empty,
}


def seconds(place: Path, leave: Callable[[Path], None]) -> float:
    """From the call to a server that answers."""
    leave(place)
    began = time.monotonic()
    with running(place):
        return time.monotonic() - began


def _held(place: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", _HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _pid_file(place: Path) -> Path:
    return place / "cluster" / "postmaster.pid"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start.left", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    folder = Path(mkdtemp(prefix="backcast-left-"))
    folder.chmod(0o755)
    try:
        with running(folder / "pg"):
            pass
        found = {
            name: Spread.of(seconds(folder / "pg", leave) for _ in range(asked.rounds))
            for name, leave in WAYS.items()
        }
    finally:
        rmtree(folder, ignore_errors=True)
    rows = [(name, "< 3", each.text()) for name, each in found.items()]
    load = f"Load of the machine: {os.getloadavg()[0]:.0f}."
    record("left behind", f"{table(('left behind', 'goal', 'seconds'), rows)}\n\n{load}")


if __name__ == "__main__":
    main()
