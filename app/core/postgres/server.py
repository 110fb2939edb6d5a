"""A running embedded PostgreSQL: attached to when there is one, else started and stopped."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from app.core.postgres.binaries import ask, binaries, major, runnable
from app.core.postgres.child import Child, start
from app.core.postgres.cluster import Cluster
from app.core.postgres.errors import EmbeddedUnavailable, PostgresError
from app.core.postgres.lock import locked
from app.core.postgres.notice import Notice, sweep

PORT = 5432
# Recovery after a crash may take its time; what a killed server leaves behind is soon gone.
READY_SECONDS = 120.0
ORPHAN_SECONDS = 10.0
BEAT_SECONDS = 0.01

NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens: a socket directory that only one user (and root) may enter."""

    socket_dir: Path
    port: int

    def url(self, role: str, database: str) -> str:
        """
        A URL for asyncpg and libpq; with `postgresql+asyncpg:` in front for SQLAlchemy.

        >>> Server(Path("/run/our db"), 5432).url("backcast_app", "backcast")
        'postgresql://backcast_app@/backcast?host=%2Frun%2Four%20db&port=5432'
        """
        host = quote(os.fsencode(self.socket_dir), safe="")
        path = f"{quote(role, safe='')}@/{quote(database, safe='')}"
        return f"postgresql://{path}?host={host}&port={self.port}"


@contextmanager
def running(
    data_dir: Path,
    *,
    options: Mapping[str, str] = NO_OPTIONS,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """
    The server of `data_dir` for as long as the block lasts.

    One that runs already is used as it is and left running. Otherwise the server is started with
    the PostgreSQL settings in `options`, on first boot after making the cluster, and shut down at
    the end; it also shuts down when this process dies. Sessions of others who attached end with it.

    `progress` hears in a sentence what takes time. Raises PostgresError, and EmbeddedUnavailable
    where this machine cannot run the embedded server at all.
    """
    if sys.platform == "win32":
        raise EmbeddedUnavailable(
            "The embedded PostgreSQL does not run on Windows."
            " Set BACKCAST_DATABASE_URL to a PostgreSQL server, or use WSL."
        )
    say = progress or _keep_silent
    try:
        cluster = Cluster.settle(data_dir, say)
        with locked(cluster.lock):
            server, child = _attach(cluster), None
            if server is None:
                server, child = _boot(cluster, options, say)
    except OSError as error:
        raise PostgresError(
            f"The embedded PostgreSQL cannot use {data_dir}: {error}. If it belongs to another"
            f" user, run as that one; or set BACKCAST_DATA_DIR or BACKCAST_DATABASE_URL."
        ) from error
    try:
        yield server
    finally:
        if child is not None:
            with locked(cluster.lock):
                child.stop()
            cluster.leave_socket_dir(server.socket_dir)


def _attach(cluster: Cluster) -> Server | None:
    """The live server of the cluster, waiting for one on its way up or down; None without one."""
    deadline = time.monotonic() + READY_SECONDS
    while (notice := Notice.read(cluster.data)) and notice.holds(cluster.data):
        server = Server(notice.socket_dir, notice.port)
        # The file alone may be that of a server which has just been told to go, or been killed.
        if notice.status == "ready" and _answers(server, binaries()):
            return server
        if time.monotonic() > deadline:
            raise PostgresError(
                f"The PostgreSQL process {notice.pid} of {cluster.data} has been"
                f" {notice.status or 'silent'} for {READY_SECONDS:.0f} s."
                f" Look into {cluster.log}, or stop the process (kill -INT {notice.pid})."
            )
        time.sleep(BEAT_SECONDS)
    return None


def _boot(
    cluster: Cluster, options: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Server, Child]:
    """Start the server, making the cluster first if there is none. Only under the lock."""
    programs = runnable(binaries(), cluster.account, say)
    if not cluster.exists:
        say(f"Making a database cluster in {cluster.home} …")
        cluster.initialise(programs, sync=_sync(options))
    cluster.refuse_other_major(programs, major(programs))
    say("Starting PostgreSQL …")
    sweep(cluster.data)
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        try:
            return _start(cluster, programs, options)
        except OrphansAlive:
            if time.monotonic() > deadline:
                raise
            time.sleep(BEAT_SECONDS)


def _start(cluster: Cluster, programs: Path, options: Mapping[str, str]) -> tuple[Server, Child]:
    server = Server(cluster.socket_dir(), PORT)
    log = cluster.open_log()
    try:
        begin = os.fstat(log).st_size
        child = start(_command(cluster, programs, server, options), cluster.account, log)
    finally:
        os.close(log)
    try:
        _wait_ready(cluster, programs, server, child, begin)
    except BaseException:
        child.stop()
        cluster.leave_socket_dir(server.socket_dir)
        raise
    return server, child


def _command(
    cluster: Cluster, programs: Path, server: Server, options: Mapping[str, str]
) -> list[str | Path]:
    # Ours come last and win: the socket's directory is the only door.
    settings = {**DEFAULTS, **options, "listen_addresses": "", "unix_socket_permissions": "0700"}
    pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    door = ["-k", str(server.socket_dir), "-p", str(server.port)]
    return [programs / "postgres", "-D", cluster.data, *pairs, *door]


def _wait_ready(cluster: Cluster, programs: Path, server: Server, child: Child, begin: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(server, programs):
        ended = child.ended
        if ended or time.monotonic() > deadline:
            fate = "did not start" if ended else f"was not ready within {READY_SECONDS:.0f} s"
            tail = cluster.tail(begin)
            kind = OrphansAlive if "shared memory block" in tail else PostgresError
            raise kind(f"PostgreSQL {fate}; {cluster.log} ends:\n{tail}")
        time.sleep(BEAT_SECONDS)


def _answers(server: Server, programs: Path) -> bool:
    door = ("-h", str(server.socket_dir), "-p", str(server.port))
    return ask(programs / "pg_isready", "-q", *door).returncode == 0


class OrphansAlive(PostgresError):
    """Processes of a killed server still hold its shared memory."""


def _keep_silent(_: str) -> None:
    pass


# One call per file system in place of one per file; only Linux has it.
DEFAULTS = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}


def _sync(options: Mapping[str, str]) -> list[str | Path]:
    if options.get("fsync") == "off":
        return ["--no-sync"]
    return ["--sync-method=syncfs"] if sys.platform == "linux" else []
