"""API keys: made once, shown once, kept only as a digest."""

import re
import secrets
from hashlib import sha256
from uuid import UUID
from zlib import crc32

PREFIX = "bc_"
# What looks like a key, the secret of a webhook or a token, by the part that tells which one it is.
_SECRET = re.compile(rb"(bc_[0-9a-f]{8}|whsec_|eyJ)[\w.~+/=-]{8,}")


def new_key(id: UUID) -> str:
    """`bc_<id>_<32 random bytes>_<checksum>`: a prefix scanners know, a checksum typos break."""
    body = f"{PREFIX}{id.hex}_{secrets.token_hex(32)}"
    return f"{body}_{crc32(body.encode()):08x}"


def plausible(key: str) -> bool:
    """Whether the checksum fits; saves the database a look-up for every typo."""
    body, _, check = key.rpartition("_")
    return key.startswith(PREFIX) and key.isascii() and f"{crc32(body.encode()):08x}" == check


def digest(key: str) -> bytes:
    """32 random bytes need no slow hash: there is nothing to guess."""
    return sha256(key.encode()).digest()


def hint(key: str) -> str:
    """The part of a key that may be shown in lists."""
    return key[: len(PREFIX) + 8] + "…"


def hidden(text: bytes) -> bytes:
    """The text with everything that looks like a secret cut short.

    >>> hidden(b"There is no process bc_0a1b2c3d4e5f60718293a4b5c6d7e8f9_77.")
    b'There is no process bc_0a1b2c3d...'
    """
    return _SECRET.sub(rb"\1...", text)
