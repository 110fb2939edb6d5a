"""A PostgreSQL cluster on disk: its files, its owner, its birth."""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.core.postgres.account import Account, owner, unprivileged
from app.core.postgres.child import start
from app.core.postgres.errors import PostgresError
from app.core.postgres.ground import home, make

# A socket address holds 104 bytes on macOS, 108 on Linux; the socket's own name takes 15.
SOCKET_DIR_BYTES = 85
TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Cluster:
    """`home` holds the cluster, its log, its lock and its socket; `account` is None for our own."""

    home: Path
    account: Account | None

    @classmethod
    def settle(cls, data_dir: Path, say: Callable[[str], None]) -> Self:
        """The cluster of `data_dir`; the directory that will hold it is made if need be."""
        wanted = data_dir.resolve()
        if os.geteuid() != 0:
            make(wanted, 0o700)
            return cls(wanted, None)
        if account := owner(wanted / "cluster"):
            return cls(wanted, account)
        account = unprivileged()
        place = home(wanted, account, say)
        return cls(place, owner(place / "cluster") or account)

    @property
    def data(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def open_log(self) -> int:
        """A descriptor at the end of the log, never through a link somebody planted."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        return os.open(self.log, flags, 0o600)

    def tail(self, begin: int) -> str:
        """The last lines of the log from byte `begin` on."""
        lines = self.log.read_bytes()[begin:].decode(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def refuse_other_major(self, programs: Path, ours: int) -> None:
        """Raise PostgresError unless the cluster was made by major version `ours`."""
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if theirs != str(ours):
            raise PostgresError(
                OTHER_MAJOR.format(data=self.data, theirs=theirs, ours=ours, programs=programs)
            )

    def initialise(self, programs: Path, *, sync: list[str | Path]) -> None:
        """
        Make the cluster, owned by the account; `sync` are initdb's options on flushing to disk.

        It is made beside its place and renamed, so that one half-made by a crash is never taken
        for a cluster. Only for whoever holds the lock.
        """
        for draft in self.home.glob("cluster.new-*"):
            shutil.rmtree(draft, ignore_errors=True)
        draft = self._private(Path(tempfile.mkdtemp(prefix="cluster.new-", dir=self.home)))
        log = self.open_log()
        try:
            begin = os.fstat(log).st_size
            child = start([programs / "initdb", "-D", draft, *INITDB, *sync], self.account, log)
            try:
                code = child.wait()
            finally:
                child.stop()
        finally:
            os.close(log)
        if code != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresError(f"initdb failed in {self.home}:\n{self.tail(begin)}")
        draft.rename(self.data)
        _flush(self.home)

    def socket_dir(self) -> Path:
        """
        An empty directory for the socket, with a short path, that only the account may enter.

        Only for whoever holds the lock and has seen that no postmaster is alive.
        """
        place = self.home / "socket"
        # PostgreSQL splits the option at commas.
        if len(os.fsencode(place)) > SOCKET_DIR_BYTES or set('",\n') & set(str(place)):
            return self._private(Path(tempfile.mkdtemp(prefix="backcast-", dir="/tmp")))
        place.mkdir(exist_ok=True)
        # The lock file of a killed server may name a process number that is somebody else's now.
        for left in place.iterdir():
            left.unlink()
        return self._private(place)

    def leave_socket_dir(self, place: Path) -> None:
        """Remove a socket directory outside of `home`, which serves one run only."""
        if place.parent != self.home:
            with suppress(OSError):
                place.rmdir()

    def _private(self, directory: Path) -> Path:
        directory.chmod(0o700)
        if self.account:
            os.chown(directory, self.account.uid, self.account.gid, follow_symlinks=False)
        return directory


INITDB: list[str | Path] = [
    *("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
]

OTHER_MAJOR = """\
The cluster in {data} was made by PostgreSQL {theirs}, but the programs in {programs} are \
PostgreSQL {ours}. Either dump and restore:
  1. BACKCAST_PG_BIN=<programs of {theirs}> backcast serve   (in another terminal)
  2. pg_dumpall -U postgres -h <socket directory: line 5 of {data}/postmaster.pid> > backcast.sql
  3. stop it, move {data} away, start without BACKCAST_PG_BIN,
     then psql -U postgres -h <socket directory> -d postgres -f backcast.sql
or, with the programs of both versions and a fresh cluster made by the new initdb:
  pg_upgrade -U postgres -b <programs of {theirs}> -B {programs} -d {data} -D <fresh cluster>"""


def _flush(directory: Path) -> None:
    """Make a rename inside the directory last through a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
