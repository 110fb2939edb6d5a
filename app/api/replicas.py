"""Which server answers: questions may go to a replica, if the caller sees there what it knows."""

from contextlib import suppress

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import Invalid
from app.core.lane import Lane
from app.core.refusals import LOST
from app.core.replica import Replica, place

POSITION = "Backcast-Position"


async def engine_of(request: Request) -> AsyncEngine:
    """Where this request is asked; what comes again after it failed on the replica, is not."""
    primary: AsyncEngine = request.app.state.engine
    replica: Replica | None = request.app.state.replica
    position = _position(request)
    once_more = getattr(request.state, "from_replica", None) is not None
    if replica is None or request.method != "GET" or once_more or not replica.fresh:
        request.state.from_replica = False
        return primary
    request.state.from_replica = position is None or await replica.reached(position)
    return replica.engine if request.state.from_replica else primary


def lane_of(request: Request) -> Lane:
    """The same for the short way, which is not taken by who names a position."""
    lane: Lane = request.app.state.lane
    replica: Replica | None = request.app.state.replica
    asks = replica is not None and request.method == "GET" and replica.fresh
    return replica.lane if replica is not None and asks else lane


async def place_after(request: Request, response: Response) -> None:
    """Tell with a change, once it is stored, from which position on it can be seen.

    Not knowing it takes nothing away from what was done.
    """
    replica: Replica | None = request.app.state.replica
    if replica is None or request.method == "GET":
        return
    with suppress(SQLAlchemyError, *LOST):
        response.headers[POSITION] = await replica.position()


def _position(request: Request) -> int | None:
    said = request.headers.get(POSITION)
    if said is None:
        return None
    if (found := place(said)) is None:
        detail = f"{POSITION} takes what an answer to a change said there."
        raise Invalid.parameter(POSITION, "position", detail)
    return found
