"""Tokens that open a stream for a few minutes: signed, and kept nowhere.

They name the workspace and the key they were made with. Neither is believed before the signature,
by the workspace's secret, is checked; the key must still be valid as well.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from uuid import UUID

PREFIX = "bst_"
LASTS = timedelta(minutes=5)
_ID_BYTES, _TIME_BYTES, _SIGNATURE_BYTES = 16, 8, 32
_LENGTH = 2 * _ID_BYTES + _TIME_BYTES + _SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says."""

    workspace_id: UUID
    key_id: UUID
    expires_at: datetime
    signature: bytes

    @property
    def said(self) -> bytes:
        expires = int(self.expires_at.timestamp()).to_bytes(_TIME_BYTES, "big")
        return self.workspace_id.bytes + self.key_id.bytes + expires

    def signed_by(self, secret: bytes) -> bool:
        return compare_digest(self.signature, _signature(self.said, secret))


def new_token(workspace_id: UUID, key_id: UUID, secret: bytes, now: datetime) -> tuple[str, Claim]:
    """A token and what it says."""
    expires_at = (now + LASTS).replace(microsecond=0)
    bare = Claim(workspace_id, key_id, expires_at, b"")
    claim = Claim(workspace_id, key_id, expires_at, _signature(bare.said, secret))
    written = urlsafe_b64encode(claim.said + claim.signature).decode().rstrip("=")
    return PREFIX + written, claim


def read(token: str) -> Claim | None:
    """What a token says, believed by nobody yet; None for what is none.

    >>> now = datetime(2026, 7, 20, tzinfo=UTC)
    >>> token, claim = new_token(UUID(int=1), UUID(int=2), b"secret", now)
    >>> read(token) == claim, claim.signed_by(b"secret"), claim.signed_by(b"other"), read("bst_7")
    (True, True, False, None)
    """
    if not token.startswith(PREFIX):
        return None
    written = token.removeprefix(PREFIX)
    try:
        raw = urlsafe_b64decode(written + "=" * (-len(written) % 4))
    except ValueError:
        return None
    if len(raw) != _LENGTH:
        return None
    ids, rest = raw[: 2 * _ID_BYTES], raw[2 * _ID_BYTES :]
    try:
        expires_at = datetime.fromtimestamp(int.from_bytes(rest[:_TIME_BYTES], "big"), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    workspace_id, key_id = UUID(bytes=ids[:_ID_BYTES]), UUID(bytes=ids[_ID_BYTES:])
    return Claim(workspace_id, key_id, expires_at, rest[_TIME_BYTES:])


def _signature(said: bytes, secret: bytes) -> bytes:
    return digest(secret, b"stream\n" + said, sha256)
