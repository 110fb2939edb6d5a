"""From a bound port to a server that answers on it until it is told to stop."""

import asyncio
import signal
import socket
from contextlib import suppress
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.cli import voice
from app.cli.patience import patient
from app.cli.ports import address
from app.core.settings import Settings

BEAT_SECONDS = 0.05


class Server(uvicorn.Server):
    """Says when and where it can be reached, and that it leaves before it does."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app
        self.hurried = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for door in sockets or []:
            voice.aside(f"Backcast answers at {address(door)}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Ctrl-C is somebody who waits; nobody sends requests here because of `/readyz`.
        self.hurried = self.hurried or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Not ready any more, then not listening any more, then gone."""
        self.app.state.leaving.set()
        loop = asyncio.get_running_loop()
        until = loop.time() + self.app.state.settings.drain_seconds
        while loop.time() < until and not self.hurried:  # noqa: ASYNC110 - a signal sets it
            await asyncio.sleep(BEAT_SECONDS)
        # Streams would go on for ever; everything else comes to its end by itself.
        self.app.state.streams.close()
        await super().shutdown(sockets)


def serve(app: FastAPI, door: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, then finish what is under way."""
    settings: Settings = app.state.settings
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=patient(settings),
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    with suppress(KeyboardInterrupt):
        Server(config, app).run(sockets=[door])
