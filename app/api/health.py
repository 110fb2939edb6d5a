"""Whether the process lives, and whether it can work."""

import asyncio

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import Unready
from app.core.migrations import head
from app.core.refusals import LOST
from app.schemas.health import Health

router = APIRouter(tags=["operations"])
PATIENCE = 0.5


@router.get("/livez")
async def read_livez() -> Health:
    """The process answers. Does not ask the database: a restart would not bring that back."""
    return Health(status="ok")


@router.get("/readyz")
async def read_readyz(request: Request) -> Health:
    """The database answers within half a second, its tables are those of this release, and the
    process was not told to stop."""
    if request.app.state.leaving.is_set():
        raise Unready("The service is stopping.")
    try:
        async with asyncio.timeout(PATIENCE), request.app.state.engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except (SQLAlchemyError, *LOST) as error:
        raise Unready("The database does not answer.") from error
    if version != head():
        raise Unready("The database is not at this release's version: run `backcast migrate`.")
    return Health(status="ok")
