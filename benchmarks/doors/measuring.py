"""CPU time of a server and of its PostgreSQL backends, and the calls it is spent on."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from uuid import UUID

import asyncpg

from benchmarks.doors.ground import Ground

PROC = Path("/proc")
# How each server's connections call themselves; the worker of `ours` counts with it.
NAMED = {"ours": "backcast"}


def spent(pid: int) -> int:
    """Nanoseconds of CPU that all threads of a process have used."""
    tasks = (PROC / str(pid) / "task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


@dataclass(slots=True)
class Server:
    """A server that runs, and where it spends CPU."""

    name: str
    process: "Popen[str]"
    port: int
    ground: Ground

    def cpu(self) -> dict[int, int]:
        pids = [self.process.pid, *_backends(self.ground, NAMED.get(self.name, self.name))]
        return {pid: spent(pid) for pid in pids}

    def per_call(self, calls: Sequence[bytes], status: bytes) -> float:
        """Microseconds of CPU for each of these calls."""
        with connected(self.port) as caller:
            before = self.cpu()
            for call in calls:
                answered = asked(caller, call)
                if not answered.startswith(status):
                    raise RuntimeError(f"{self.name}: {answered[:2000]!r}")
            after = self.cpu()
        return sum(now - before.get(pid, 0) for pid, now in after.items()) / len(calls) / 1000


def asked(caller: socket.socket, call: bytes) -> bytes:
    """The status line, headers and body of an answer, without the protocol's name."""
    caller.sendall(call)
    got = b""
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += _more(caller)
    head = got[:end].lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(got) < end + 4 + length:
        got += _more(caller)
    return got[9:]


def _more(caller: socket.socket) -> bytes:
    if not (got := caller.recv(1 << 20)):
        raise ConnectionResetError("the server hung up")
    return got


@contextmanager
def served(name: str, ground: Ground) -> Iterator[Server]:
    door = socket.create_server(("127.0.0.1", 0))
    os.set_inheritable(door.fileno(), True)  # noqa: FBT003 - the library's own order
    command = [sys.executable, "-m", "benchmarks.doors.served", name, str(door.fileno())]
    process = Popen(  # noqa: S603 - ours
        command, stdin=PIPE, stderr=subprocess.DEVNULL, text=True, pass_fds=(door.fileno(),)
    )
    port = door.getsockname()[1]
    door.close()
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(_told(ground)))
        process.stdin.close()
        yield Server(name, process, port, ground)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _told(ground: Ground) -> dict[str, str]:
    database = ground.database
    return {
        "app": database.app.render_as_string(hide_password=False),
        "owner": database.owner.render_as_string(hide_password=False),
        "role": database.app_role,
        "workspace": str(ground.workspace),
    }


def connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 120
    while True:
        try:
            caller = socket.create_connection(("127.0.0.1", port), timeout=60)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked(caller, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return caller


def _backends(ground: Ground, name: str) -> list[int]:
    return [pid for pid, called in asyncio.run(_sessions(ground)) if called.split()[0] == name]


async def _sessions(ground: Ground) -> list[tuple[int, str]]:
    address = ground.database.owner.set(drivername="postgresql")
    connection = await asyncpg.connect(address.render_as_string(hide_password=False))
    found = await connection.fetch(
        "SELECT pid, application_name FROM pg_stat_activity WHERE application_name <> ''"
    )
    await connection.close()
    return [(row["pid"], row["application_name"]) for row in found]


def read(ground: Ground, id: UUID) -> bytes:
    return _call(ground, "GET", f"/v1/opportunities/{id}")


def listed(ground: Ground) -> bytes:
    return _call(ground, "GET", "/v1/opportunities?limit=50")


def created(ground: Ground, n: int) -> bytes:
    """What the peers read as well: an amount as a number instead of money."""
    money = {"amount": "1000.00", "currency": "EUR"}
    return _call(
        ground,
        "POST",
        "/v1/opportunities",
        {"name": f"New {n}", "process_id": ground.process, "value": money},
    )


def created_plainly(ground: Ground, n: int) -> bytes:
    return _call(ground, "POST", "/v1/opportunities", {"name": f"New {n}", "value": "1000.00"})


def asked_for(ground: Ground, path: str) -> bytes:
    return _call(ground, "GET", path)


def cascaded(ground: Ground) -> bytes:
    target = {"amount": "1000000.00", "currency": "EUR"}
    return _call(ground, "POST", "/v1/cascade", {"target": target, "rates": ["0.5"] * 4})


def reached(ground: Ground, id: UUID, milestone: str) -> bytes:
    return _call(ground, "POST", f"/v1/opportunities/{id}/reach", {"milestone": milestone})


def _call(ground: Ground, method: str, path: str, body: object = None) -> bytes:
    said = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {ground.key}"]
    if said:
        lines += ["Content-Type: application/json", f"Content-Length: {len(said)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + said
