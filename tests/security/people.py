"""A house of two teams, and callers who come as somebody."""

from contextlib import asynccontextmanager

from tests.conftest import DOCUMENT, client_with
from tests.deals import make_deal, make_person, make_process, post

SCOPES = ["opportunities:read", "opportunities:write", "accounts:read", "accounts:write"]
SCOPES += ["processes:read", "forecast:read", "matrix:read", "matrix:write"]


def every_operation():
    """(method, path, operation) of everything there is."""
    return [
        (method, path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


async def house(client):
    """North (Ada, Bo, and Cy in a team below), South (Dee); a deal each, and one of nobody."""
    await make_process(client)
    north = await post(client, "/v1/teams", name="North")
    below = await post(client, "/v1/teams", name="Far north", parent_id=north["id"])
    south = await post(client, "/v1/teams", name="South")
    teams = {"ada": north, "bo": north, "cy": below, "dee": south}
    people = {
        name: await make_person(client, name.title(), team_id=team["id"])
        for name, team in teams.items()
    }
    deals = {
        name: await make_deal(client, f"Deal of {name}", owner_id=person["id"])
        for name, person in people.items()
    }
    deals["nobody"] = await make_deal(client, "Deal of nobody")
    return people, deals, {"north": north, "below": below, "south": south}


@asynccontextmanager
async def coming(app, client, person, role="rep", scopes=SCOPES):
    """A caller with a key of this person."""
    body = {"name": role, "scopes": scopes, "role": role, "person_id": person["id"]}
    made = await post(client, "/v1/api_keys", **body)
    async with client_with(app, made["key"]) as caller:
        yield caller


async def showing(client, peers):
    tag = (await client.get("/v1/workspace")).headers["etag"]
    body = {"peer_visibility": peers}
    answer = await client.patch("/v1/workspace", json=body, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["peer_visibility"] == peers
