"""From a bound port to a server that answers on it until it is told to stop."""

import socket
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from app.cli import voice
from app.cli.ports import address

FAREWELL_SECONDS = 10


class Server(uvicorn.Server):
    """Says when and where it can be reached."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for door in sockets or []:
            voice.aside(f"Backcast answers at {address(door)}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams would go on for ever; everything else comes to its end by itself.
        self.config.app.state.streams.close()  # type: ignore[union-attr]  # `serve` gave it the app
        await super().shutdown(sockets)


def serve(app: FastAPI, door: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, then finish what is under way."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=FAREWELL_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[door])
