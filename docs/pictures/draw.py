# ruff: noqa: INP001 - a script beside its picture, no package
"""Draws the lights and the forecast of a demo: `uv run python docs/pictures/draw.py`."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import forecast
import httpx2
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from app.cli import lights

LIGHTS, FORECAST = (Path(__file__).with_name(f"{name}.svg") for name in ("demo", "forecast"))
DEMO = [sys.executable, "-c", "from app.cli import main; main()", "demo", "--port", "0"]
# Wide enough for the widest row, so that nothing is cut off.
WIDTH = 88
# A picture fetches nothing: without the font's addresses the reader's own typewriter face is used.
REMOTE = re.compile(r"@font-face \{\{.*?\}\}\n|<!--.*?-->\n", re.DOTALL)
# Early in a month there is not much to see yet.
LOOK_BACK = timedelta(days=10)


def main() -> None:
    month = f"{datetime.now(UTC) - LOOK_BACK:%Y-%m}"
    asked = {"process": "sales", "business_type": "new", "period": month}
    with demo() as client:
        paths = ("/v1/lights", "/v1/lights/people")
        answers = [_read(client, path, asked) for path in paths]
        ahead = _read(client, "/v1/forecast", {"process": "sales", "explain": "true"})
    LIGHTS.write_text(picture(*answers))
    FORECAST.write_text(forecast.picture(ahead))


def _read(client: httpx2.Client, path: str, asked: dict[str, str]) -> Any:
    return client.get(path, params=asked, timeout=60).raise_for_status().json()


@contextmanager
def demo() -> Iterator[httpx2.Client]:
    """A caller of a demo that has its own database and is gone afterwards."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the database does not run as root
        own = {"BACKCAST_DATABASE_URL": "", "BACKCAST_DATA_DIR": f"{folder}/data"}
        with subprocess.Popen(  # noqa: S603 - our own program
            DEMO, stdout=subprocess.PIPE, text=True, env=os.environ | own
        ) as process:
            assert process.stdout is not None
            try:
                yield _client(process.stdout)
            finally:
                process.send_signal(signal.SIGINT)


def picture(milestones: Any, people: Any) -> str:
    """The two answers as a terminal shows them, in SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    console.print(lights.milestones(milestones))
    console.print()
    console.print(lights.people(people))
    drawn = console.export_svg(
        title="uv run backcast demo",
        code_format=REMOTE.sub("", CONSOLE_SVG_FORMAT),
        unique_id="demo",
    )
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _client(told: Iterable[str]) -> httpx2.Client:
    """From what the demo prints about itself; it answers as soon as it says its second line."""
    address = key = ""
    for line in told:
        if found := re.search(r"answers at (\S+?),", line):
            address = found[1]
        if found := re.search(r"export KEY=(\S+)", line):
            key = found[1]
            break
    # The connection is kept until somebody listens.
    transport = httpx2.HTTPTransport(retries=5)
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=address, headers=headers, transport=transport)


if __name__ == "__main__":
    main()
