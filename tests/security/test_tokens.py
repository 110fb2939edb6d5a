"""Tokens of an issuer: whatever is wrong with one, the answer is the same 401."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256, sha512
from uuid import UUID

import httpx2 as httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwk

from app.core.settings import Settings
from tests.conftest import client_with
from tests.deals import make_person
from tests.security.issuer import AUDIENCE, ISSUER, URL, signed, unsigned


@pytest.fixture
def asked(app, trusted):
    async def ask(token, path="/v1/me", **headers):
        async with client_with(app, token) as caller:
            return await caller.get(path, headers=headers)

    return ask


def refused(answer):
    return answer.status_code == 401 and (
        answer.json()["code"],
        answer.json()["detail"],
        answer.headers["www-authenticate"],
    ) == ("unauthenticated", "The token is not valid here.", 'Bearer realm="backcast"')


@pytest.mark.parametrize(
    ("kid", "alg"), [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("ed", "Ed25519")]
)
async def test_a_token_opens_the_workspace_it_names_as_the_person_it_names(
    trusted, asked, workspace, ada, kid, alg
):
    answer = await asked(trusted.token(trusted.claims(workspace[0]), kid, alg))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["workspace"]["id"] == str(workspace[0])
    assert (told["key"]["person_id"], told["key"]["role"]) == (ada["id"], "admin")
    assert (told["key"]["name"], told["key"]["hint"]) == ("Ada", "token")
    assert told["key"]["expires_at"] == "2026-07-20T09:35:00Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://login.example.org"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "others"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 300},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 1e400},
        {"nbf": 2_000_000_000},
        {"iat": 2_000_000_000},
        {"nonce": "n-0S6_WzA2Mj"},
        {"at_hash": "x"},
        {"backcast_workspace": None},
        {"backcast_workspace": "home"},
        {"backcast_workspace": str(UUID(int=7))},
        {"backcast_workspace": 7},
    ],
    ids=str,
)
async def test_a_claim_that_is_wrong_is_refused(trusted, asked, workspace, ada, wrong):
    claims = trusted.claims(workspace[0], **wrong)
    assert refused(await asked(trusted.token(claims)))


async def test_clocks_may_differ_by_half_a_minute(trusted, asked, workspace, ada, clock):
    now = int(clock().timestamp())
    for near in ({"nbf": now + 29}, {"exp": now - 29}, {"iat": now + 29}):
        token = trusted.token(trusted.claims(workspace[0], **near))
        assert (await asked(token)).status_code == 200, near
    for far in ({"nbf": now + 31}, {"exp": now - 31}, {"iat": now + 31}):
        assert refused(await asked(trusted.token(trusted.claims(workspace[0], **far)))), far


async def test_no_other_algorithm_is_taken(trusted, asked, workspace, ada):
    claims, keys = trusted.claims(workspace[0]), trusted.keys
    pem = keys["rsa"].as_pem(private=False)
    assert refused(await asked(unsigned({"alg": "none", "kid": "rsa"}, claims)))
    assert refused(await asked(unsigned({"alg": "None", "kid": "rsa"}, claims)))
    for alg, kind in (("HS256", sha256), ("HS512", sha512)):
        header = {"alg": alg, "kid": "rsa"}
        shared = signed(header, claims, lambda said, kind=kind: hmac.digest(pem, said, kind))
        assert refused(await asked(shared))
    for kid, alg in (("rsa", "PS256"), ("rsa", "RS512")):
        assert refused(await asked(trusted.token(claims, kid, alg)))
    # The algorithm of one key with the name of another.
    assert refused(await asked(trusted.token(claims, "ec", "RS256", keys["rsa"])))
    assert refused(await asked(trusted.token(claims, "rsa", "ES256", keys["ec"])))


async def test_what_was_tampered_with_is_refused(trusted, asked, workspace, ada):
    head, body, signature = trusted.token(trusted.claims(workspace[0])).split(".")
    other = unsigned({}, trusted.claims(workspace[0], sub="4712")).split(".")[1]
    stranger = jwk.RSAKey.generate_key(2048, {"kid": "rsa"})
    for token in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-8]}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head[:-4]}.{body}.{signature}",
        "..",
        "a.b.c",
        f"{head}.{'x' * 9000}.{signature}",
        trusted.token(trusted.claims(workspace[0]), key=stranger),
        signed(
            {"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": False},
            trusted.claims(workspace[0]),
            lambda said: trusted.keys["rsa"].private_key.sign(said, PKCS1v15(), SHA256()),
        ),
        trusted.token(trusted.claims(workspace[0]), typ="dpop+jwt"),
        trusted.token(
            trusted.claims(workspace[0]), jwk=stranger.as_dict(private=False), key=stranger
        ),
    ):
        assert refused(await asked(token)), token


async def test_a_token_is_taken_from_one_header_and_from_nowhere_else(
    app, trusted, workspace, ada, client
):
    token = trusted.token(trusted.claims(workspace[0]))
    async with client_with(app, None) as caller:
        for ask in (f"?token={token}", f"?access_token={token}", f"?api_key={workspace[1]}"):
            assert (await caller.get(f"/v1/me{ask}")).status_code == 401
        for pair in ((token, token), (workspace[1], token), (workspace[1], workspace[1])):
            twice = [("Authorization", f"Bearer {each}") for each in pair]
            answer = await caller.get("/v1/me", headers=twice)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="backcast"'
        basic = await caller.get("/v1/me", headers={"Authorization": f"Basic {token}"})
        assert basic.status_code == 401


async def test_where_no_issuer_is_trusted_no_token_opens_anything(app, issuer, workspace):
    token = issuer.token(issuer.claims(workspace[0]))
    async with client_with(app, token) as caller:
        assert (await caller.get("/v1/me")).status_code == 401
    assert issuer.asked == 0


async def test_a_subject_is_linked_once_by_a_verified_address(
    trusted, asked, workspace, ada, client
):
    for unverified in ({"email_verified": False}, {"email_verified": None}, {"email": None}):
        token = trusted.token(trusted.claims(workspace[0], **unverified))
        assert refused(await asked(token)), unverified
    assert (await asked(trusted.token(trusted.claims(workspace[0])))).status_code == 200
    # From then on the subject decides.
    grace = await make_person(client, "Grace", email="grace@example.com")
    token = trusted.token(trusted.claims(workspace[0], email="grace@example.com"))
    assert (await asked(token)).json()["key"]["person_id"] == ada["id"]
    other = trusted.token(trusted.claims(workspace[0], sub="4712", email="grace@example.com"))
    assert (await asked(other)).json()["key"]["person_id"] == grace["id"]
    listed = (await client.get("/v1/identities")).json()["data"]
    assert [each["subject"] for each in listed] == ["4711", "4712"]


async def test_an_admin_says_who_a_subject_is_and_takes_it_back(
    trusted, asked, workspace, client, neighbour
):
    hal = await make_person(client, "Hal")
    said = {"issuer": ISSUER, "subject": "9000", "person_id": hal["id"]}
    made = await client.post("/v1/identities", json=said)
    assert made.status_code == 201, made.text
    again = await client.post("/v1/identities", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    place = made.headers["location"]
    assert (await neighbour.get(place)).status_code == 404
    assert (await neighbour.post("/v1/identities", json=said)).status_code == 404
    token = trusted.token(trusted.claims(workspace[0], sub="9000", email=None))
    assert (await asked(token)).json()["key"]["person_id"] == hal["id"]
    assert (await client.delete(place)).status_code == 204
    assert refused(await asked(token))


async def test_who_works_here_no_longer_is_nobody(trusted, asked, workspace, ada, client):
    token = trusted.token(trusted.claims(workspace[0]))
    assert (await asked(token)).status_code == 200
    place = f"/v1/people/{ada['id']}"
    left = await client.patch(place, json={"active": False}, headers={"If-Match": '"1"'})
    assert left.status_code == 200
    assert refused(await asked(token))


async def test_a_token_of_another_workspace_knows_nobody_here(trusted, asked, neighbour, ada):
    there = (await neighbour.get("/v1/me")).json()["workspace"]["id"]
    assert refused(await asked(trusted.token(trusted.claims(there))))


async def test_the_role_and_the_scopes_of_a_token_are_limits(trusted, asked, workspace, ada):
    async def me(**said):
        answer = await asked(trusted.token(trusted.claims(workspace[0], **said)))
        return answer.json()["key"]["role"], set(answer.json()["scopes"])

    role, scopes = await me(backcast_role=None)
    assert role == "rep"
    assert not scopes & {"admin", "imports:write", "processes:write"}
    assert (await me(backcast_role=["staff", "manager"]))[0] == "manager"
    assert (await me(backcast_role="owner"))[0] == "rep"
    assert (await me(scope="openid profile"))[1] >= {"admin"}
    assert await me(scope="openid forecast:read") == ("admin", {"forecast:read"})


async def test_one_workspace_may_be_the_one_of_all_tokens(app, issuer, workspace, ada, trust):
    trust(oidc_workspace=workspace[0])
    token = issuer.token(issuer.claims(workspace[0], backcast_workspace=None))
    async with client_with(app, token) as caller:
        assert (await caller.get("/v1/me")).status_code == 200


async def test_many_at_once_fetch_the_keys_once(trusted, asked, workspace, ada):
    token = trusted.token(trusted.claims(workspace[0]))
    answers = await asyncio.gather(*(asked(token) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert trusted.asked == 1


async def test_an_unknown_key_is_asked_for_no_more_often_than_every_half_minute(
    trusted, asked, workspace, ada
):
    claims = trusted.claims(workspace[0])
    assert (await asked(trusted.token(claims))).status_code == 200
    made_up = trusted.token(claims, key=trusted.keys["rsa"], kid="made-up")
    for _ in range(3):
        assert refused(await asked(made_up))
    assert trusted.asked == 1
    trusted.now += 31
    trusted.keys["new"] = trusted.keys["rsa"].__class__.generate_key(2048, {"kid": "new"})
    assert (await asked(trusted.token(claims, "new"))).status_code == 200
    assert refused(await asked(made_up))
    assert trusted.asked == 2


async def test_a_key_the_issuer_gave_up_is_refused_after_ten_minutes(
    trusted, asked, workspace, ada
):
    token = trusted.token(trusted.claims(workspace[0]))
    assert (await asked(token)).status_code == 200
    del trusted.keys["rsa"]
    trusted.now += 599
    assert (await asked(token)).status_code == 200
    trusted.now += 2
    assert refused(await asked(token))


async def test_while_the_issuer_is_away_its_keys_are_known_for_a_day(
    trusted, asked, workspace, ada
):
    token = trusted.token(trusted.claims(workspace[0]))
    assert (await asked(token)).status_code == 200
    trusted.down = True
    trusted.now += 86_000
    assert (await asked(token)).status_code == 200
    trusted.now += 1_000
    answer = await asked(token)
    assert (answer.status_code, answer.json()["code"]) == (503, "identity-unavailable")
    assert answer.headers["retry-after"] == "10"
    assert (await asked(workspace[1])).status_code == 200  # keys work meanwhile


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": f"{URL}/elsewhere"}),
        httpx.Response(500),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": {}}),
        httpx.Response(200, content=b'{"keys": [' + b" " * 300_000 + b"]}"),
    ],
    ids=["redirect", "broken", "page", "list", "object", "large"],
)
async def test_what_is_no_key_set_teaches_nothing(trusted, asked, workspace, ada, answer):
    trusted.answer = answer
    said = await asked(trusted.token(trusted.claims(workspace[0])))
    assert (said.status_code, said.json()["code"]) == (503, "identity-unavailable")
    assert trusted.asked == 1


async def test_a_key_that_cannot_be_used_does_not_take_the_others_with_it(
    trusted, asked, workspace, ada
):
    public = trusted.public()
    weak = jwk.ECKey.generate_key("P-384", {"kid": "p384"}).as_dict(private=False)
    cipher = public["keys"][1] | {"kid": "cipher", "use": "enc"}
    odd = [7, {}, {"kty": "RSA", "kid": "x"}, {"kty": "oct", "kid": "s", "k": "AAAA"}, weak, cipher]
    trusted.answer = httpx.Response(200, content=json.dumps({"keys": odd + public["keys"]}))
    claims = trusted.claims(workspace[0])
    assert (await asked(trusted.token(claims))).status_code == 200
    sealed = trusted.token(claims, "cipher", "ES256", trusted.keys["ec"])
    assert refused(await asked(sealed))


@pytest.mark.parametrize(
    "said",
    [
        {"oidc_jwks_url": "http://login.example.com/keys"},
        {"oidc_jwks_url": ""},
        {"oidc_audience": ""},
        {"oidc_workspace": "home"},
    ],
    ids=str,
)
def test_an_issuer_that_cannot_be_trusted_is_refused_at_the_start(said):
    whole = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks_url": URL} | said
    with pytest.raises(ValueError, match=r"oidc|OIDC|https"):
        Settings(_env_file=None, **whole)


@pytest.mark.parametrize("header", ["[]", "7", '"kid"', "[" * 6000, "{}"])
async def test_what_only_looks_like_a_token_is_refused_as_one(asked, header):
    first = urlsafe_b64encode(header.encode()).decode().rstrip("=")
    assert refused(await asked(f"{first}.a.b"))
