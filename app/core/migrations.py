"""Where the migrations lie, and which is the last; without loading Alembic."""

from functools import cache
from pathlib import Path

# In a checkout they stand beside the package, in a wheel inside it.
_PLACES = (Path(__file__).parents[2] / "migrations", Path(__file__).parents[1] / "migrations")


def folder() -> Path:
    return next(place for place in _PLACES if (place / "env.py").exists())


@cache
def head() -> str:
    """The newest migration; files are named by date, and a file's name is its revision."""
    return max(path.stem for path in (folder() / "versions").glob("*.py"))
