"""Cursors into a log: a number, signed for its workspace. It says where, and grants nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest, digest
from uuid import UUID

SIGNATURE_BYTES = 12
NUMBER_BYTES = 8


def position(seq: int, workspace_id: UUID, secret: bytes) -> str:
    """The cursor behind the event with this number.

    >>> here = position(7, UUID(int=1), b"secret")
    >>> number(here, UUID(int=1), b"secret"), number(here, UUID(int=2), b"secret")
    (7, None)
    """
    place = seq.to_bytes(NUMBER_BYTES, "big")
    return urlsafe_b64encode(_signature(place, workspace_id, secret) + place).decode().rstrip("=")


def number(cursor: str, workspace_id: UUID, secret: bytes) -> int | None:
    """The number behind a cursor; None for what is no cursor of this workspace."""
    try:
        signed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        return None
    signature, place = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    known = compare_digest(signature, _signature(place, workspace_id, secret))
    return int.from_bytes(place, "big") if known else None


def _signature(place: bytes, workspace_id: UUID, secret: bytes) -> bytes:
    return digest(secret, b"events\n" + workspace_id.bytes + place, sha256)[:SIGNATURE_BYTES]
