"""The three roles: the owner migrates, the application serves, the worker also lists workspaces.

Roles belong to a whole PostgreSQL server, so they are made here and not in a migration.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

OWNER, APP, WORKER = "backcast_owner", "backcast_app", "backcast_worker"
ATTRIBUTES = {
    # Row-level security is FORCEd on the owner as well: without BYPASSRLS a data migration
    # would silently change nothing.
    OWNER: "BYPASSRLS",
    APP: "NOSUPERUSER NOBYPASSRLS",
    WORKER: "NOSUPERUSER NOBYPASSRLS",
}
# Any number, the same everywhere: two servers that start at once must not both make the roles.
ROLES_LOCK = 7_236_001

# A lock is of one database, roles are of the whole server: who prepares two databases at once may
# meet all the same, as "exists already" or "concurrently updated", and finds all done next time.
MET = ("42710", "23505", "XX000")
ATTEMPTS = 5
MISSING = (
    "The roles backcast_owner, backcast_app and backcast_worker could not be prepared: {}. Let"
    " BACKCAST_OWNER_URL log in as a role that may create roles, or create the three roles by hand"
    " (docs/operations.md)."
)


class RolesMissing(RuntimeError):
    """The roles are not there and this login may not make them."""


async def prepare_roles(engine: AsyncEngine, *, login: bool = False) -> None:
    """Make the roles that are missing and let this login assume them.

    `login` allows them to connect by themselves: for the embedded server, whose socket is private.
    """
    for attempt in range(ATTEMPTS):
        try:
            async with engine.begin() as connection:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({ROLES_LOCK})"))
                await _make(connection, login=login)
                await _connect(connection)
        except DBAPIError as error:
            if attempt + 1 < ATTEMPTS and getattr(error.orig, "sqlstate", None) in MET:
                continue
            raise RolesMissing(MISSING.format(error.orig)) from error
        else:
            return


async def _make(connection: AsyncConnection, *, login: bool) -> None:
    there = set(await connection.scalars(text("SELECT rolname FROM pg_roles")))
    for role, attributes in ATTRIBUTES.items():
        if role not in there:
            how = "LOGIN" if login else "NOLOGIN"
            await connection.execute(text(f"CREATE ROLE {role} {how} {attributes}"))


async def _connect(connection: AsyncConnection) -> None:
    """The worker may do what the application may; this login may become each of the three."""
    missing = await connection.scalars(
        text(
            "SELECT name FROM unnest(CAST(:names AS text[])) AS name"
            " WHERE NOT pg_has_role(current_user, name, 'SET')"
        ),
        {"names": [OWNER, APP, WORKER]},
    )
    for role in missing:
        await connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
    inherits = await connection.scalar(
        text("SELECT pg_has_role(:worker, :app, 'USAGE')"), {"worker": WORKER, "app": APP}
    )
    if not inherits:
        await connection.execute(text(f"GRANT {APP} TO {WORKER}"))


async def open_schema(engine: AsyncEngine) -> None:
    """Let the owner build in this database, and the other two look into what he builds."""
    async with engine.begin() as connection:
        await connection.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER}"))
        await connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP}, {WORKER}"))
