"""A bad line: a TCP proxy that cuts, delays, freezes, closes half, and loses answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 65_536


@dataclass
class Proxy:
    """Lets everything through until told otherwise."""

    target: tuple[str, int]
    port: int = 0
    delay: float = 0.0
    drip: int = CHUNK
    frozen: asyncio.Event = field(default_factory=asyncio.Event)
    lines: set[asyncio.StreamWriter] = field(default_factory=set)
    taken: int = 0
    _server: asyncio.Server | None = None
    _lose: tuple[bytes, ...] = ()
    _then: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.frozen.set()

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Refuse connections from now on, and cut those there are."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        for line in self.lines:
            line.transport.abort()

    def half_close(self) -> None:
        """Both sides hear that there is nothing more to come, and may go on talking."""
        for line in self.lines:
            line.write_eof()

    def freeze(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self.frozen.clear()

    def thaw(self) -> None:
        self.frozen.set()

    def lose_answer_to(self, *words: bytes, then: Callable[[], object] = lambda: None) -> None:
        """Once: when these were said on one line in this order, cut it as the answer comes."""
        self._lose, self._then = words, then

    async def _carry(self, near: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.taken += 1
        try:
            far, target = await connect(*self.target)
        except OSError:
            client.transport.abort()
            return
        pair = {client, target}
        self.lines |= pair
        said = Said()
        with suppress(OSError, RuntimeError):  # the other way may be closed already
            await asyncio.gather(
                self._pump(near, target, said, up=True), self._pump(far, client, said, up=False)
            )
        for line in pair:
            line.transport.abort()
        self.lines -= pair

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        said: "Said",
        *,
        up: bool,
    ) -> None:
        while data := await source.read(CHUNK):
            await self.frozen.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
            if up and self._lose:
                said.hear(data, self._lose)
            elif not up and said.all:
                self._lose = ()
                self._then()
                raise ConnectionAbortedError
            for at in range(0, len(data), self.drip):
                sink.write(data[at : at + self.drip])
                await sink.drain()
        with suppress(OSError, RuntimeError):
            sink.write_eof()


@dataclass
class Said:
    """How many of the words that matter were said on a line, in their order."""

    count: int = 0
    all: bool = False

    def hear(self, data: bytes, words: tuple[bytes, ...]) -> None:
        while not self.all and words[self.count] in data:
            self.count += 1
            self.all = self.count == len(words)


async def connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To a host, or to the socket in a directory, as PostgreSQL's addresses have it."""
    if host.startswith("/"):
        return await asyncio.open_unix_connection(Path(host) / f".s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


@asynccontextmanager
async def between(host: str, port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy((host, port))
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.thaw()
        proxy.shut()
