"""Import time and memory of the serving process; the demo until its first answer.

uv run python -m benchmarks.start [--rounds 5] [--demo]

Each import runs in a process of its own, by turns with the limit; CPU time, with the bytecode
compiled. `--demo` also times `backcast demo` on an empty folder: database made, migrated, filled,
served, until a first request is answered. That one is wall clock.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from benchmarks.bench import Spread, by_turns, ratio, record, table

_IMPORT = """
import json, sys, time
begin = time.process_time()
{imports}
spent = time.process_time() - begin
status = open('/proc/self/status').read()
print(json.dumps([spent, int(status.split('VmRSS:')[1].split()[0]) / 1024]))
"""
WAYS = {
    "limit": "import fastapi, sqlalchemy.orm",
    "served": "import fastapi, sqlalchemy.orm, sqlalchemy.ext.asyncio, asyncpg, uvicorn, uvloop,"
    " httptools, pydantic_settings",
    "ours": "from app.cli import loading\nwith loading.for_good():"
    " import app.main, app.cli.listening, asyncpg",
}
_COMMAND = "import app.cli; app.cli.main()"
PATIENCE, BEAT = 300.0, 0.02


class Imports:
    def __init__(self) -> None:
        self.memory: dict[str, list[float]] = {name: [] for name in WAYS}

    async def once(self, name: str) -> float:
        code = _IMPORT.format(imports=WAYS[name])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()
        spent, memory = json.loads(said)
        self.memory[name].append(memory)
        return float(spent)


async def imports(rounds: int) -> list[tuple[str, str, str]]:
    found = Imports()
    ways = {name: (lambda name=name: found.once(name)) for name in WAYS}
    costs = await by_turns(ways, rounds)
    of = {name: Spread.of(each) for name, each in found.memory.items()}
    return [
        (
            "import, of FastAPI + SQLAlchemy's ORM",
            "≤ 0.6",
            ratio(costs["ours"], costs["limit"]).text(),
        ),
        (
            "of these with driver, server and settings",
            "-",
            ratio(costs["ours"], costs["served"]).text(),
        ),
        ("import, seconds of CPU", "-", Spread.of(costs["ours"]).text()),
        ("memory after it, MiB", "≤ 90", of["ours"].text(".0f")),
        ("memory of FastAPI + SQLAlchemy's ORM, MiB", "-", of["limit"].text(".0f")),
    ]


def demo(folder: Path) -> float:
    """Seconds until the demo answers."""
    port = 8000 + os.getpid() % 1000 + 1000
    folder.chmod(0o755)
    begin = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", _COMMAND, "demo", "--port", str(port)],
        env=os.environ | {"BACKCAST_DATA_DIR": str(folder / "data")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - begin > PATIENCE:
                raise RuntimeError("the demo did not start")
            time.sleep(BEAT)
        return time.monotonic() - begin
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--demo", action="store_true")
    asked = parser.parse_args()
    rows = asyncio.run(imports(asked.rounds))
    if asked.demo:
        with TemporaryDirectory(prefix="backcast-demo-") as folder:
            rows.append(
                ("`backcast demo` until it answers, seconds", "≤ 10", f"{demo(Path(folder)):.1f}")
            )
    record("start", table(("case", "goal", "found"), rows))


if __name__ == "__main__":
    main()
