"""Who sends slowly, or pretends to, is not waited for; who sends much gets the time for it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from app.cli.listening import Server
from app.cli.patience import SLOWEST_BYTES, Patient, patient
from app.core.settings import Settings

HEAD = b"POST /x HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n"


class Impatient(Patient):
    head_seconds = 0.6
    body_seconds = 0.3


async def counting(scope, receive, send):
    """Answers how much it was sent, once all of it is there."""
    if scope["type"] != "http":
        return
    count, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        count, more = count + len(message["body"]), message["more_body"]
    said = str(count).encode()
    headers = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def listening():
    config = uvicorn.Config(counting, http=Impatient, lifespan="off", log_config=None)
    server = Server(config, None)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await uvicorn.Server.startup(server, [door := config.bind_socket()])
    yield door.getsockname()
    for each in server.servers:
        each.close()
    for each in list(server.server_state.connections):
        each.transport.abort()
    await asyncio.sleep(0)


@pytest.fixture
async def line():
    async with listening() as place:
        reader, writer = await asyncio.open_connection(*place)
        yield reader, writer
        writer.transport.abort()


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /x HT", HEAD % 10, HEAD % 10 + b"\r\n12345"],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
async def test_what_does_not_come_ends_with_408(line, sent):
    reader, writer = line
    writer.write(sent)
    said = await asyncio.wait_for(reader.read(), 60)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said


async def test_a_byte_now_and_then_is_not_enough(line):
    reader, writer = line
    writer.write(HEAD % 1000 + b"\r\n")
    answer = asyncio.ensure_future(reader.read())
    async with asyncio.timeout(60):
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.05)
    assert answer.result().startswith(b"HTTP/1.1 408 ")


async def test_what_comes_fast_enough_has_the_time_it_takes(line):
    reader, writer = line
    parts = 10
    writer.write(HEAD % (parts * SLOWEST_BYTES) + b"\r\n")
    for _ in range(parts):  # half a second in all, far beyond what an empty body is given
        writer.write(b"x" * SLOWEST_BYTES)
        await asyncio.sleep(0.05)
    assert (await asyncio.wait_for(reader.read(1000), 60)).endswith(str(10 * 1024).encode())


async def test_a_second_request_has_all_the_time_the_first_had(line):
    reader, writer = line
    for _ in range(3):
        writer.write(HEAD % 2 + b"\r\n12")
        assert (await asyncio.wait_for(reader.read(1000), 60)).endswith(b"2")
        await asyncio.sleep(0.15)
    writer.write(HEAD % 2)
    assert (await asyncio.wait_for(reader.read(), 60)).startswith(b"HTTP/1.1 408 ")


def test_the_limits_are_those_of_the_settings():
    kind = patient(Settings(_env_file=None, header_timeout_seconds=3, body_timeout_seconds=4))
    assert (kind.head_seconds, kind.body_seconds) == (3.0, 4.0)


def test_what_is_granted_at_the_end_fits_into_ten_seconds():
    settings = Settings(_env_file=None)
    assert settings.drain_seconds + settings.shutdown_seconds < 10
