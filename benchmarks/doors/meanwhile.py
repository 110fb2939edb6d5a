"""How long a reader waits while the same server imports a file.

uv run python -m benchmarks.doors.meanwhile [--deals 20000] [--rows 20000] [--rounds 3]

One caller reads one opportunity after the other, first with nothing else to do, then until an
import of many rows has ended, in turns. Wall clock, so that a crowded machine counts against both;
the load of the machine is recorded beside it.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks.bench import Spread, record, table
from benchmarks.doors import measuring
from benchmarks.doors.ground import Ground, ground
from benchmarks.doors.measuring import Server, served
from benchmarks.imports.file import write

BROKEN = ("failed", "cancelled")
IDLE_SECONDS, PATIENCE = 10.0, 900.0
_chosen = random.Random(2)  # noqa: S311 - which deals are asked for, nothing more


def waits(server: Server, deals: Ground, going_on: Callable[[], bool]) -> list[float]:
    """Milliseconds until each answer, for as long as something goes on."""
    found: list[float] = []
    with measuring.connected(server.port) as caller:
        while going_on():
            call = measuring.read(deals, _chosen.choice(deals.deals))
            began = time.perf_counter()
            assert measuring.asked(caller, call).startswith(b"200")
            found.append((time.perf_counter() - began) * 1000)
    return found


class Upload:
    """One import, from the file to its end."""

    def __init__(self, server: Server, deals: Ground, path: Path, source: str) -> None:
        self.door = HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {deals.key}"}
        wanted = {"object": "opportunities", "process_id": deals.process, "source": source}
        self.id = self._ask("POST", "/v1/imports", json.dumps(wanted), "application/json")["id"]
        self._ask("PUT", f"/v1/imports/{self.id}/content", path.read_bytes(), "text/csv")
        self._ask("POST", f"/v1/imports/{self.id}/start")
        self.asked_at = time.monotonic()
        self.until = self.asked_at + PATIENCE

    def goes_on(self) -> bool:
        """Asks twice a second, so that asking is no load of its own."""
        if time.monotonic() - self.asked_at < 0.5:  # noqa: PLR2004 - half a second
            return True
        self.asked_at = time.monotonic()
        state = self._ask("GET", f"/v1/imports/{self.id}")["state"]
        if state in BROKEN or self.asked_at > self.until:
            raise RuntimeError(f"the import is {state}")
        return not state.startswith("completed")

    def _ask(
        self, method: str, path: str, body: str | bytes | None = None, kind: str = ""
    ) -> dict[str, str]:
        typed = {"Content-Type": kind} if kind else {}
        self.door.request(method, path, body, self.headers | typed)
        answer = self.door.getresponse()
        said: dict[str, str] = json.loads(answer.read())
        if answer.status >= 300:  # noqa: PLR2004 - no success
            raise RuntimeError(f"{method} {path}: {said}")
        return said


def measured(deals: Ground, rows: int, rounds: int) -> Iterator[tuple[list[float], list[float]]]:
    with served("ours", deals) as server, TemporaryDirectory() as folder:
        path = Path(folder) / "deals.csv"
        write(path, rows)
        waits(server, deals, _for(2.0))
        for number in range(rounds):
            idle = waits(server, deals, _for(IDLE_SECONDS))
            upload = Upload(server, deals, path, f"crm-{number}")
            yield idle, waits(server, deals, upload.goes_on)


def _for(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def p99(found: list[float]) -> float:
    return quantiles(found, n=100)[98]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doors.meanwhile")
    parser.add_argument("--deals", type=int, default=20_000, help="that are there before")
    parser.add_argument("--rows", type=int, default=20_000, help="of each imported file")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with ground(asked.deals) as deals:
        rounds = [*measured(deals, asked.rows, asked.rounds)]
    apart = Spread.of(p99(during) / p99(idle) for idle, during in rounds)
    rows = [
        ("p99 during an import, of the idle one", "≤ 4", apart.text()),
        ("p99 idle, ms", "-", Spread.of(p99(idle) for idle, _ in rounds).text()),
        ("p99 during it, ms", "-", Spread.of(p99(during) for _, during in rounds).text()),
        ("longest wait during it, ms", "-", Spread.of(max(d) for _, d in rounds).text(".0f")),
        ("reads during it, each round", "-", Spread.of(len(d) for _, d in rounds).text(".0f")),
        ("load of the machine at the end", "-", f"{os.getloadavg()[0]:.1f}"),
    ]
    record("meanwhile", table(("reads during an import", "goal", "found"), rows))


if __name__ == "__main__":
    main()
