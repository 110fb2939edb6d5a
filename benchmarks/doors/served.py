"""One server in a process of its own: `python -m benchmarks.doors.served NAME FD`.

What it serves comes as JSON on standard input. `ours` is the product, started as `backcast serve`
does; the others are the peers it is compared with.
"""

import asyncio
import json
import socket
import sys
from typing import Any
from uuid import UUID

from sqlalchemy import make_url

from app.api.streams import Streams
from app.cli import listening, logs
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app, utc_now
from benchmarks.doors import peers

NEVER = 2**31


def main(name: str, descriptor: int) -> None:
    said = json.load(sys.stdin)
    database = Database(make_url(said["app"]), make_url(said["owner"]), said["role"])
    logs.configure("info")
    with socket.socket(fileno=descriptor) as door:
        listening.serve(_app(name, database, UUID(said["workspace"])), door)


def _app(name: str, database: Database, workspace: UUID) -> Any:
    knobs = _knobs()
    if name == "ours":
        return create_app(knobs, database)
    app = peers.PEERS[name](database, workspace)
    # What the server asks of whatever it serves: how patient it is, and how it is to leave.
    app.state.settings, app.state.streams = knobs, Streams(knobs, utc_now)
    app.state.leaving = asyncio.Event()
    return app


def _knobs() -> Settings:
    """As anybody has them, without a limit that a benchmark would run into."""
    limits = {name for name in Settings.model_fields if name.startswith("limit_")}
    many = dict.fromkeys(limits - {"limit_seconds"}, NEVER)
    return Settings(_env_file=None, rounds=False, **many)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
