"""Row-level security, the second wall between workspaces; the first is every query's own WHERE."""

from collections.abc import Callable

from app.core.roles import APP, WORKER

# No subquery in here: a distributed PostgreSQL refuses one. nullif: a setting that was once set
# on a connection is empty, not absent, in its next transaction.
HERE = "nullif(current_setting('app.ws', true), '')::uuid"
KEY = "decode(nullif(current_setting('app.key_digest', true), ''), 'hex')"

ORDINARY = "SELECT, INSERT, UPDATE, DELETE"
APPEND_ONLY = "SELECT, INSERT"
# Rows are never changed, but put together: see `app/domain/ledger/`.
FOLDED = "SELECT, INSERT, DELETE"

Run = Callable[[str], object]


def wall(run: Run, table: str, *, column: str = "workspace_id", grants: str = ORDINARY) -> None:
    """Row-level security on `table`, for its owner as well, and the application's rights."""
    run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    run(f"CREATE POLICY ws ON {table} USING ({column} = {HERE}) WITH CHECK ({column} = {HERE})")
    run(f"GRANT {grants} ON {table} TO {APP}, {WORKER}")


def door(run: Run, table: str) -> None:
    """Before the workspace is known, the one row whose digest the transaction can name."""
    run(f"CREATE POLICY door ON {table} FOR SELECT USING (digest = {KEY})")


def directory(run: Run, table: str) -> None:
    """The worker may see which workspaces there are."""
    run(f"CREATE POLICY directory ON {table} FOR SELECT TO {WORKER} USING (true)")


def rounds(run: Run, table: str) -> None:
    """The worker, as long as it is in no workspace, may see in which of them there is work."""
    nowhere = f"USING ({HERE} IS NULL)"
    run(f"CREATE POLICY rounds ON {table} FOR SELECT TO {WORKER} {nowhere}")


def version_visible(run: Run) -> None:
    """`/readyz` compares the database's version with the release's."""
    run(f"GRANT SELECT ON alembic_version TO {APP}, {WORKER}")
