"""A stream of events as its listener hears it."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Heard:
    """A stream as its listener hears it, piece by piece."""

    status: int = 0
    headers: dict = field(default_factory=dict)
    raw: bytes = b""
    over: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.raw += message.get("body", b"")
            self.over = not message.get("more_body", False)
        self.news.set()

    async def until(self, ready):
        async with asyncio.timeout(60):
            while not ready(self):
                self.news.clear()
                await self.news.wait()

    @property
    def frames(self):
        """(event, id, data) of everything that was told."""
        found = []
        for block in self.raw.decode().split("\n\n"):
            said = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "id" in said:
                found.append((said.get("event"), said["id"], json.loads(said["data"])))
        return found

    @property
    def types(self):
        return [data["type"] for event, _, data in self.frames if event is None]


@asynccontextmanager
async def stream(app, secret=None, query="", **headers):
    heard = Heard()
    told = {"authorization": f"Bearer {secret}"} if secret else {}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = [(name.encode(), value.encode()) for name, value in told.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/stream",
        "raw_path": b"/v1/stream",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"test"), *sent],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    first = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if first:
            return first.pop()
        await heard.gone.wait()
        return {"type": "http.disconnect"}

    call = asyncio.create_task(app(scope, receive, heard.send))
    try:
        await heard.until(lambda h: h.status)
        yield heard
    finally:
        heard.gone.set()
        await call
