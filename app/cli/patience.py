"""How long a connection waits for a client that is slow, or pretends to be."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.settings import Settings

# A body may take longer the more of it has come, as long as it comes faster than this.
SLOWEST_BYTES = 1024
SAID = b"The request did not arrive in time."
TOO_SLOW = b"\r\n".join(
    (
        b"HTTP/1.1 408 Request Timeout",
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(SAID),
        b"connection: close",
        b"",
        SAID,
    )
)


class Patient(HttpToolsProtocol):
    """Ends what does not get along: with 408 where nothing was answered yet.

    One timer for a connection, however many requests it carries; a request only notes until when
    its head, and then its body, have to be there.
    """

    head_seconds = 10.0
    body_seconds = 20.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.timer: asyncio.TimerHandle | None = None
        self.until: float | None = None
        self.came = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.until = self.loop.time() + self.head_seconds
        self._look_again(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self.until = self.loop.time() + self.head_seconds
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.until, self.came = self.loop.time() + self.body_seconds, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.until = None
        super().on_message_complete()

    def _look_again(self, seconds: float) -> None:
        self.timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        if self.until is None or self.flow.read_paused:  # nothing is awaited, or it is us
            self._look_again(self.head_seconds)
            return
        left = self.until + self.came / SLOWEST_BYTES - self.loop.time()
        if left > 0:
            self._look_again(left)
        elif not self.transport.is_closing():
            self._give_up()

    def _give_up(self) -> None:
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(TOO_SLOW)
        if self.cycle is not None:  # whoever still reads its body hears that there is no more
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def patient(settings: Settings) -> type[Patient]:
    """The protocol with the time limits of these settings; uvicorn makes one for a connection."""
    limits = {
        "head_seconds": float(settings.header_timeout_seconds),
        "body_seconds": float(settings.body_timeout_seconds),
    }
    return type("PatientHere", (Patient,), limits)
