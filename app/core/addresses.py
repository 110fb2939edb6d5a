"""Which addresses the service may call on somebody else's behalf: those of the public internet.

Whoever may name an address could otherwise have the service ask its own neighbours. A name is
resolved once and every address it has is judged; the connection goes to an address that was judged,
not to the name, which may mean something else a moment later.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
# Host and port to addresses, as texts; `OSError` for a name that has none.
Resolve = Callable[[str, int], Awaitable[list[str]]]

DEFAULT_PORTS = {"https": 443, "http": 80}
LONGEST = 2_000
INSIDE = "The receiver is at an address that is not public."
# Networks that `ipaddress` calls global on some Python, or that lead to another address.
_INSIDE = tuple(
    ip_network(each)
    for each in (
        "100.64.0.0/10",  # shared by providers
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2002::/16",  # carries an IPv4 address
        "3fff::/20",
    )
)
# Of IPv6 nothing else was given out so far.
_PUBLIC = ip_network("2000::/3")


# A name server that does not answer keeps a thread for as long as it likes: never one of those
# that compute.
_LOOKUPS = ThreadPoolExecutor(16, "lookup")
# Names that mean this machine or its neighbours wherever they are asked.
_LOCAL = ("localhost", "local", "internal", "home.arpa", "localdomain")


class Blocked(Exception):
    """This target is not called; the text says why, for who named it."""


class Unresolved(Exception):
    """Its name leads nowhere at this moment."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: an address that was judged, and the name it was asked for."""

    scheme: str
    host: str
    port: int
    address: str
    path: str

    @property
    def authority(self) -> str:
        """As the header Host has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """With the address in the place of the name."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def read(url: str, *, loopback: bool) -> SplitResult:
    """The parts of an address that may be called as far as it can be seen without asking for its
    name; else `Blocked`. `loopback`: this machine may be called, also by http, for development.
    """
    if len(url) > LONGEST or not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        raise Blocked("The address is too long, or has characters that must be encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Blocked("This is no address.") from error
    if parts.scheme not in (("https", "http") if loopback else ("https",)):
        raise Blocked("Webhooks are sent by https only.")
    if parts.username is not None or parts.password is not None:
        raise Blocked("An address must not name a user.")
    if not parts.hostname or port == 0 or "#" in url:
        raise Blocked("This is no address of a receiver.")
    _public(parts.hostname, loopback=loopback)
    return parts


def _public(host: str, *, loopback: bool) -> None:
    """`Blocked` for an address that is not public, however it is written, and for local names."""
    found = _literal(host)
    if found is not None and not _allowed(found, loopback=loopback):
        raise Blocked(INSIDE)
    labels = host.rstrip(".").lower().split(".")
    local = any(".".join(labels).endswith(f".{name}") for name in _LOCAL) or len(labels) == 1
    if found is None and local and not (loopback and labels[-1] == "localhost"):
        raise Blocked(INSIDE)


def _literal(host: str) -> Address | None:
    """The address that this is, also as old programs write it: as one number, in hexadecimal, with
    parts left out; None for a name."""
    with suppress(ValueError):
        return ip_address(host.partition("%")[0])
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def _allowed(address: Address, *, loopback: bool) -> bool:
    return outside(address) or (loopback and address.is_loopback)


async def resolved(host: str, port: int) -> list[str]:
    """Every address of a name, as the system knows them."""
    loop = asyncio.get_running_loop()
    said = host, port, 0, socket.SOCK_STREAM
    found = await loop.run_in_executor(_LOOKUPS, socket.getaddrinfo, *said)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def judged(url: str, *, loopback: bool = False, resolve: Resolve = resolved) -> Target:
    """Where a request to this address may go; `Blocked` if any address of its name is inside."""
    parts = read(url, loopback=loopback)
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    try:
        addresses = [ip_address(each.partition("%")[0]) for each in await resolve(host, port)]
    except (OSError, ValueError) as error:
        raise Unresolved(host) from error
    if not addresses:
        raise Unresolved(host)
    if not all(_allowed(each, loopback=loopback) for each in addresses):
        raise Blocked(INSIDE)
    if parts.scheme == "http" and not all(each.is_loopback for each in addresses):
        raise Blocked("Webhooks are sent by https only.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, str(addresses[0]), path)


def outside(address: Address) -> bool:
    """Whether it is an address of the public internet.

    >>> outside(ip_address("93.184.215.14")), outside(ip_address("::ffff:10.0.0.1"))
    (True, False)
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return outside(address.ipv4_mapped)
    if isinstance(address, IPv6Address) and address not in _PUBLIC:
        return False
    inside = any(address in network for network in _INSIDE if network.version == address.version)
    return address.is_global and not address.is_multicast and not inside
