"""What a running postmaster writes into its pid file, and whether to believe it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.core.postgres.binaries import ask

PID_MAX = 2**22


@dataclass(frozen=True, slots=True)
class Notice:
    """`postmaster.pid`: process id, directory, start time, port, socket directory, …, status."""

    pid: int
    port: int
    socket_dir: Path
    status: str

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """The notice in the cluster directory, None when there is none or it makes no sense."""
        try:
            lines = (data / "postmaster.pid").read_bytes().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        lines += [b""] * (8 - len(lines))
        port = int(lines[3]) if lines[3].isdigit() else 0
        socket_dir = Path(os.fsdecode(lines[4]))
        return cls(pid, port, socket_dir, lines[7].decode(errors="replace").strip())

    def holds(self, data: Path) -> bool:
        """Whether the process is alive and the postmaster of this very cluster."""
        if Path("/proc/self/stat").exists():
            return _holds_by_proc(self.pid, data)
        return _holds_by_ps(self.pid, data)


def sweep(data: Path) -> None:
    """
    Remove a pid file that would keep a postmaster from starting though none is running.

    Only for whoever holds the cluster's lock and has seen that no postmaster is alive. A file
    that names a dead process is left to PostgreSQL, which also looks for orphans of the dead one
    in the shared memory the file names.
    """
    notice = Notice.read(data)
    if notice is None or not 0 < notice.pid < PID_MAX or _exists(notice.pid):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _holds_by_proc(pid: int, data: Path) -> bool:
    process = Path("/proc") / str(pid)
    try:
        state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        program, *arguments = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return state != "Z" and program.endswith(b"postgres") and os.fsencode(data) in arguments


def _holds_by_ps(pid: int, data: Path) -> bool:
    told = ask("ps", "-p", str(pid), "-o", "stat=", "-o", "command=")
    state, _, line = told.stdout.strip().partition(" ")
    return not state.startswith("Z") and "postgres " in line and f" {data} " in f"{line} "


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
