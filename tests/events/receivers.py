"""Receivers of webhooks, as real servers: what they hear, and the many ways in which they lie."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behave = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, byte for byte."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A server on this machine that answers by `behave`."""

    behave: Behave
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            one = await _request(reader)
            self.heard.append(one)
            await self.behave(one, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()


@asynccontextmanager
async def receiver(behave: Behave) -> AsyncIterator[Receiver]:
    found = Receiver(behave)
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for writer in found.open:
            writer.close()
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *lines = head.strip().split("\r\n")
    headers = {k.lower(): v for k, _, v in (each.partition(": ") for each in lines)}
    return Heard(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def says(status: int, *lines: str, body: bytes = b"") -> Behave:
    """Always this."""

    async def behave(_: Heard, writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *lines]
        writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode() + body)
        await writer.drain()

    return behave


def one_after_the_other(*behaviours: Behave) -> Behave:
    """The last one for ever."""
    left = list(behaviours)

    async def behave(one: Heard, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(one, writer)

    return behave


async def never(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Says nothing for as long as the other side listens."""
    await writer.wait_closed()


async def drips(_: Heard, writer: asyncio.StreamWriter) -> None:
    """A byte at a time, each sooner than any pause between bytes would be noticed."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Ten gigabytes, if anybody took them."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()
