"""`backcast distribute`: from one PostgreSQL to a cluster of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import voice
from app.cli.failures import Failure

if TYPE_CHECKING:
    from app.core.database import Database

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the commands; connect to nothing.")]
THERE = "SELECT 1 FROM pg_extension WHERE extname = 'citus'"
DONE = "SELECT logicalrelid::regclass::text FROM pg_dist_partition"
ABSENT = (
    "This database has no Citus, so there is nothing to distribute to; nothing was changed."
    " Install Citus on every node, run CREATE EXTENSION citus in this database, add the nodes with"
    " citus_add_node, and try again."
)


def distribute(*, dry_run: DryRun = False) -> None:
    """Spread all tables over the Citus cluster of the database, by workspace.

    Once after the first `backcast migrate`, and again after each release that brings new tables.
    """
    from app.cli.database import opened, run, settings
    from app.core.distribution import statements

    if dry_run:
        for statement in statements():
            voice.answer(f"{statement};")
        return
    with opened(settings()) as database:
        count = run(_spread(database))
    voice.aside(f"Distributed {count} tables by workspace." if count else "There is nothing to do.")


async def _spread(database: "Database") -> int:
    """All of them or none, in one transaction; the count of those that were not spread before."""
    from sqlalchemy import text

    from app.core.distribution import OPENED, statements

    engine = database.owner_engine()
    try:
        async with engine.begin() as db:
            if await db.scalar(text(THERE)) is None:
                raise Failure(ABSENT)
            todo = statements(set(await db.scalars(text(DONE))))
            for statement in todo:
                await db.execute(text(statement))
    finally:
        await engine.dispose()
    return len(todo) // (len(OPENED) + 1)
