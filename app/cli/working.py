"""A worker without a server beside it."""

import asyncio
import signal

from app.cli import voice
from app.core.database import Database
from app.core.settings import Settings
from app.main import utc_now
from app.worker import Worker


async def until_stopped(database: Database, knobs: Settings) -> None:
    """Do jobs until SIGINT or SIGTERM; what is under way then is put down."""
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with Worker(database, knobs, utc_now).running():
        voice.aside("Backcast is at work.")
        await stopped.wait()
