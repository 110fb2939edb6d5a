"""`backcast demo`: a company that has sold for two years, its lights, and a server to try it on."""

from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import loading, voice
from app.cli.serve import Host, Port

if TYPE_CHECKING:
    from datetime import datetime
    from socket import socket

    from fastapi import FastAPI

    from app.core.database import Database
    from app.core.settings import Settings

SETTLED = 5.0  # seconds after the start, when the first questions have been answered
EARLY = 4  # days into a month in which there is not much to see yet
WELCOME = """
Backcast answers at {address}, with the API described at {address}/docs

  export KEY={key}
  curl -H "Authorization: Bearer $KEY" "{address}/v1/lights?process={process}"
  curl -H "Authorization: Bearer $KEY" "{address}/v1/milestones?process={process}"
  curl -H "Authorization: Bearer $KEY" "{address}/v1/opportunities?process={process}&stale=true"
"""


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    seed: Annotated[int, typer.Option(help="Another number tells another story.")] = 7,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Build it anew, even today's.")] = False,
) -> None:
    """Fill a workspace with a made-up company, show its lights, and serve it."""
    from app.cli import logs, ports
    from app.cli.database import opened, run, settings
    from app.cli.rooms import now
    from app.domain.demo.home import Wanted, settle

    knobs = settings()
    door = ports.bound(host, port)
    # The database takes its time to fill; what the server is made of is loaded meanwhile.
    loader = Thread(target=_load, daemon=True)
    loader.start()
    with door, ports.stoppable(), opened(knobs) as database:
        logs.configure("warning")
        key = run(settle(database, knobs, now(), Wanted(seed, reset), voice.aside))
        loader.join()
        _serve(database, knobs, door, key)


def _load() -> None:
    with loading.for_good():
        import app.cli.lights
        import app.cli.listening
        import app.main  # noqa: F401


def _serve(database: "Database", knobs: "Settings", door: "socket", key: str) -> None:
    from app.cli import listening
    from app.cli.database import run
    from app.cli.ports import address
    from app.main import create_app

    app = create_app(knobs, database)
    run(_show(app, key, address(door)))
    app.router.lifespan_context = _remembering(app, database, knobs)
    listening.serve(app, door)


def _remembering(app: "FastAPI", database: "Database", knobs: "Settings") -> Any:
    """The demo's forecasts of the past months take a while; nobody has to wait for them."""
    import asyncio
    from contextlib import asynccontextmanager, suppress

    from sqlalchemy.exc import SQLAlchemyError

    from app.cli.rooms import now
    from app.domain.demo.memory import remember

    served = app.router.lifespan_context

    async def recall() -> None:
        await asyncio.sleep(SETTLED)
        await remember(database, knobs, now())

    @asynccontextmanager
    async def lifespan(app: "FastAPI") -> Any:
        async with served(app) as state:
            task = asyncio.create_task(recall())
            yield state
            task.cancel()
            # Without it the demo has no score yet, and nothing else is missing.
            with suppress(asyncio.CancelledError, SQLAlchemyError, OSError):
                await task

    return lifespan


async def _show(app: "FastAPI", key: str, address: str) -> None:
    """What the API itself says, asked for without a detour over the network."""
    import httpx2
    from rich.console import Console

    from app.cli import lights
    from app.cli.rooms import now
    from app.domain.demo import PROCESS

    headers = {"Authorization": f"Bearer {key}"}
    asked = {"process": PROCESS, "period": _period(now()), "business_type": "new"}
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url=address, headers=headers) as client,
    ):
        answers = [
            await _answer(client, path, asked) for path in ("/v1/lights", "/v1/lights/people")
        ]
    console = Console()
    console.print(lights.milestones(answers[0]))
    console.print(lights.people(answers[1]))
    voice.answer(WELCOME.format(address=address, key=key, process=PROCESS))


async def _answer(client: Any, path: str, asked: dict[str, str]) -> Any:
    return (await client.get(path, params=asked)).raise_for_status().json()


def _period(now: "datetime") -> str:
    """This month, or in its first days the one before."""
    from app.engine.periods import Grain, containing

    month = containing(now.date(), Grain.MONTH)
    return (month if now.day >= EARLY else month.previous).key
