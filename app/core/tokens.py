"""Tokens of an OpenID Connect issuer: checked by its keys, with algorithms that are pinned here.

One answer for everything that is wrong with a token: why it is refused helps only who made it up.
"""

import json
import warnings
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry

from app.core.bearers import LONGEST, Bearer
from app.core.errors import Unauthenticated
from app.core.issuer import KINDS, IssuerKeys
from app.core.settings import Settings
from app.core.sight import Role

REFUSAL = "The token is not valid here."
LEEWAY_SECONDS = 30
# As RFC 9068 says, and what most issuers write.
TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
# An ID token tells a client who logged in; it opens nothing.
OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash"})
_LONGEST_SUBJECT = 255
# Numbers beyond every date, and brackets beyond every depth.
BOTTOMLESS = (OverflowError, RecursionError)


class Tokens:
    """Checks the tokens of the issuer this installation trusts."""

    def __init__(self, settings: Settings, keys: IssuerKeys | None = None) -> None:
        self.settings = settings
        self.keys = keys or IssuerKeys(settings.oidc_jwks_url)

    async def verify(self, token: str, now: datetime) -> Bearer:
        try:
            header = _header(token)
            key = await self.keys.named(header["kid"])
            if key is None or key.key_type != KINDS[header["alg"]]:
                raise Unauthenticated(REFUSAL)
            claims = _object(_signed(token, key, header["alg"]))
            self._check(claims, now)
            return self._bearer(claims)
        except (JoseError, ValueError, TypeError, KeyError, *BOTTOMLESS) as error:
            raise Unauthenticated(REFUSAL) from error

    async def close(self) -> None:
        await self.keys.close()

    def _check(self, claims: dict[str, Any], now: datetime) -> None:
        registry = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": self.settings.oidc_audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        registry.validate(claims)
        if claims.keys() & OF_ID_TOKENS:
            raise ValueError("an ID token")

    def _bearer(self, claims: dict[str, Any]) -> Bearer:
        said = self.settings
        subject, email = claims["sub"], claims.get(said.oidc_email_claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise ValueError("no subject")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        workspace = said.oidc_workspace or UUID(str(claims[said.oidc_workspace_claim]))
        return Bearer(
            issuer=said.oidc_issuer,
            subject=subject,
            workspace_id=workspace,
            role=_role(claims.get(said.oidc_role_claim)),
            email=email if verified else None,
            scopes=_scopes(claims.get("scope")),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def _header(token: str) -> dict[str, str]:
    """What the token says of its key; `ValueError` unless it is one of the algorithms pinned."""
    if len(token) > LONGEST:
        raise ValueError("too long")
    first = token.partition(".")[0]
    said = _object(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    kind = str(said.get("typ", "jwt")).lower()
    if said["alg"] not in KINDS or not isinstance(said["kid"], str) or kind not in TYPES:
        raise ValueError("not pinned")
    return {"alg": said["alg"], "kid": said["kid"]}


def _object(said: bytes) -> dict[str, Any]:
    found = json.loads(said)
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - it came as text
    return found


def _signed(token: str, key: Key, algorithm: str) -> bytes:
    """What was signed with this key; `JoseError` if it was not."""
    with warnings.catch_warnings():
        # EdDSA has another name since RFC 9864; issuers go on with the old one.
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.deserialize_compact(token, key, algorithms=[algorithm]).payload or b""


def _role(said: Any) -> Role:
    """The widest of the roles named; who has none sees what a rep sees."""
    words = said if isinstance(said, list) else [said]
    return next((role for role in Role if role.value in words), Role.REP)


def _scopes(said: Any) -> frozenset[str] | None:
    """Words with a colon are ours (`opportunities:read`), and `admin`; others say nothing here."""
    words = said.split() if isinstance(said, str) else []
    ours = frozenset(word for word in words if ":" in word or word == Role.ADMIN)
    return ours or None
