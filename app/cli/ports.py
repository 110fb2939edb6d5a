"""Holding a port, and letting it go in order."""

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.failures import Failure

REFUSALS = {
    errno.EADDRINUSE: "is taken; choose another with --port",
    errno.EACCES: "is reserved; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "is not an address of this machine; choose another with --host",
}


def bound(host: str, port: int) -> socket.socket:
    """The port, held from now on; nobody is let in before the server is up."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind)
    except (OSError, OverflowError) as error:
        raise Failure(f"There is no address {host}:{port}: {error}") from error
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
    except OSError as error:
        found.close()
        why = REFUSALS.get(error.errno or 0, f"cannot be had: {error.strerror}")
        raise Failure(f"{host}:{port} {why}.") from error
    return found


def address(door: socket.socket) -> str:
    """
    >>> with bound("127.0.0.1", 0) as door:
    ...     address(door) == f"http://127.0.0.1:{door.getsockname()[1]}"
    True
    """
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM unwind the stack like Ctrl-C does, so that the database is closed as well."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
