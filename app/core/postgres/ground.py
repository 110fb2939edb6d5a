"""Where a cluster stands: in the wanted directory, or where root's unprivileged account can go."""

import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.core.postgres.account import Account
from app.core.postgres.errors import EmbeddedUnavailable
from app.core.postgres.lock import locked

SHELTERS = (
    Path("/var/lib/backcast"),
    Path("/var/tmp/backcast-root"),  # noqa: S108 - taken only when it is root's alone
)


def home(wanted: Path, account: Account, say: Callable[[str], None]) -> Path:
    """
    The directory that holds the cluster of `wanted`, made if need be.

    No mode and no owner of a directory that was there before is ever changed. So when the account
    cannot walk down to `wanted` (a 0700 home, say), the cluster stands in a shelter instead, under
    a name of its own for every wanted directory.
    """
    make(wanted, 0o711)
    if account.reaches(wanted / "cluster"):
        return wanted
    place = shelter(account) / _name(wanted)
    say(f"{wanted} is closed to the user {account.name}: the database lives in {place}.")
    make(place, 0o711)
    (place / "made-for").write_bytes(os.fsencode(wanted))
    return place


def shelter(account: Account) -> Path:
    """A directory that only root can change and the account can walk through."""
    for place in SHELTERS:
        with suppress(OSError):
            place.mkdir()
            place.chmod(0o711)
        if _roots_alone(place) and account.reaches(place / "any"):
            return place
    raise EmbeddedUnavailable(
        f"The user {account.name} can reach neither the data directory nor"
        f" {' or '.join(map(str, SHELTERS))}. Set BACKCAST_DATA_DIR to a directory below which"
        f" {account.name} may go, or BACKCAST_DATABASE_URL to a PostgreSQL server."
    )


def make(directory: Path, mode: int) -> None:
    """Make the directory and its missing parents with `mode`, whatever the umask says."""
    for missing in [p for p in (directory, *directory.parents) if not p.exists()][::-1]:
        with suppress(FileExistsError):
            missing.mkdir()
            missing.chmod(mode)


def _name(wanted: Path) -> str:
    """
    A name from the path and from a mark inside the wanted directory.

    The path keeps two copies of one directory apart; the mark lets whoever deletes the directory
    start with an empty database, as he would expect.
    """
    with locked(wanted / "lock"):
        mark = wanted / "cluster-id"
        if not mark.exists():
            mark.write_text(secrets.token_hex(16))
        told = os.fsencode(wanted) + b"\0" + mark.read_bytes()
    return hashlib.sha256(told).hexdigest()[:20]


def _roots_alone(place: Path) -> bool:
    try:
        status = place.lstat()
    except OSError:
        return False
    writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not writable
