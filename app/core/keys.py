"""API keys: made once, shown once, kept only as a digest."""

import secrets
from hashlib import sha256
from uuid import UUID
from zlib import crc32

PREFIX = "bc_"


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
