"""Who comes with a token of an issuer instead of a key: what a checked token says."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from app.core.keys import PREFIX
from app.core.sight import Role

LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that was checked: who it is to the issuer, where it leads, and what it grants."""

    issuer: str
    subject: str
    workspace_id: UUID
    role: Role
    # Only if the issuer says that it was verified: whoever may type an address in could be anybody.
    email: str | None
    # Names of ours among the scopes of the token; None: it says nothing of them.
    scopes: frozenset[str] | None
    expires_at: datetime

    @property
    def digest(self) -> bytes:
        """Whose requests are counted together: all tokens of one subject."""
        return sha256(f"{self.issuer}\0{self.subject}\0{self.workspace_id}".encode()).digest()


class Verifier(Protocol):
    """Checks tokens; made only where an issuer is trusted."""

    async def verify(self, token: str, now: datetime) -> Bearer:
        """`Unauthenticated` for one that is not valid here, whatever is wrong with it."""

    async def close(self) -> None: ...


def is_token(secret: str) -> bool:
    """Whether it has the form of a signed token: three parts, and is no key.

    >>> is_token("eyJh.eyJz.c2ln"), is_token("bc_0.1.2")
    (True, False)
    """
    return secret.count(".") == 2 and not secret.startswith(PREFIX)  # noqa: PLR2004 - as RFC 7515
