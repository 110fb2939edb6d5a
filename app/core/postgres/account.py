"""The system account PostgreSQL runs under, since it refuses to run as root."""

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.core.postgres.errors import EmbeddedUnavailable

if sys.platform != "win32":
    import pwd

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, entry: "pwd.struct_passwd") -> Self:
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def may(self, path: Path, wish: int) -> bool:
        """
        Whether the mode bits of `path` grant `wish` (4 read, 2 write, 1 search or run).

        The account is taken without further groups, which is how the server is started.
        """
        status = path.stat()
        if status.st_uid == self.uid:
            return wish & ~(status.st_mode >> 6) == 0
        if status.st_gid == self.gid:
            return wish & ~(status.st_mode >> 3) == 0
        return wish & ~status.st_mode == 0

    def reaches(self, path: Path) -> bool:
        """Whether the account may walk down to `path`; what does not exist yet bars nobody."""
        return all(self.may(step, 1) for step in path.parents if step.exists())


def unprivileged() -> Account:
    """
    An existing account without privileges, for a process that runs as root.

    Raises EmbeddedUnavailable when there is none; BACKCAST_PG_USER names another one.
    """
    wished = os.environ.get("BACKCAST_PG_USER")
    for name in [wished] if wished else CANDIDATES:
        entry = _entry(name)
        if entry is not None and entry.pw_uid != 0:
            return Account.of(entry)
    raise EmbeddedUnavailable(
        f"PostgreSQL does not run as root, and there is no unprivileged user"
        f" {wished or ' or '.join(CANDIDATES)} to run it. Create one (useradd --system postgres),"
        f" name one in BACKCAST_PG_USER, run as an ordinary user,"
        f" or set BACKCAST_DATABASE_URL to a PostgreSQL server."
    )


def owner(path: Path) -> Account | None:
    """The unprivileged account that owns the directory `path`, if it exists and one does."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if status.st_uid == 0 or not stat.S_ISDIR(status.st_mode):
        return None
    try:
        return Account.of(pwd.getpwuid(status.st_uid))
    except KeyError:
        return Account(str(status.st_uid), status.st_uid, status.st_gid)


def _entry(name: str) -> "pwd.struct_passwd | None":
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
