"""An issuer of tokens: keys that sign, and the address at which the public ones stand."""

import json
import warnings
from base64 import urlsafe_b64encode

import httpx2 as httpx
from joserfc import jwk, jws
from joserfc.errors import SecurityWarning

from app.core.issuer import IssuerKeys
from app.core.settings import Settings
from app.core.tokens import Tokens

ISSUER, AUDIENCE = "https://login.example.com", "backcast"
URL = f"{ISSUER}/keys"


def new_keys():
    """One of each kind, by id."""
    return {
        "rsa": jwk.RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ec": jwk.ECKey.generate_key("P-256", {"kid": "ec"}),
        "ed": jwk.OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    }


class Issuer:
    """What it does wrong is set from outside: `down`, `slow`, other keys."""

    def __init__(self, clock, keys) -> None:
        self.now, self.clock = 1000.0, clock
        self.down = False
        self.answer = None
        self.asked = 0
        self.keys = dict(keys)
        transport = httpx.MockTransport(self._answer)
        self.fetched = IssuerKeys(URL, clock=lambda: self.now, transport=transport)

    def trusted(self, **more) -> Tokens:
        said = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks_url": URL}
        return Tokens(Settings(_env_file=None, **(said | more)), self.fetched)

    def public(self):
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}

    def claims(self, workspace_id, **more):
        now = int(self.clock().timestamp())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "4711", "iat": now, "exp": now + 300}
        said |= {"backcast_workspace": str(workspace_id), "backcast_role": "admin"}
        said |= {"email": "ada@example.com", "email_verified": True} | more
        return {name: value for name, value in said.items() if value is not None}

    def token(self, claims, kid="rsa", alg="RS256", key=None, **header):
        said = {"alg": alg, "kid": kid, "typ": "at+jwt"} | header
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            key = key or self.keys[kid]
            return jws.serialize_compact(said, json.dumps(claims), key, algorithms=[alg])

    async def _answer(self, _):
        self.asked += 1
        if self.down:
            raise httpx.ConnectError("away")
        return self.answer or httpx.Response(200, json=self.public())


def unsigned(header, claims):
    return signed(header, claims, lambda _: b"")


def signed(header, claims, sign):
    """Put together by hand, as the library would not."""
    said = b".".join(
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)
    )
    return b".".join((said, urlsafe_b64encode(sign(said)).rstrip(b"="))).decode()
