"""The part of the walk that says who comes in: keys of people, identities, the audit log."""

from typing import Any

ISSUER = "https://login.example.com"


async def identity(walk: Any) -> None:
    """Somebody new gets a key, is known to the issuer of tokens, and is looked at in the log."""
    made = await walk.client.post("/v1/people", json={"name": "Nora Quist"})
    nora = made.json()["id"]
    body = {"name": "Nora", "scopes": ["opportunities:read"], "role": "rep", "person_id": nora}
    key = (await walk.client.post("/v1/api_keys", json=body)).json()
    await walk.go("rotate_api_key", {"grace_seconds": 3600}, id=key["id"])
    said = {"issuer": ISSUER, "subject": "00u1f4xq", "person_id": nora}
    known = await walk.go("create_identity", said)
    await walk.go("list_identities", ask={"limit": 2})
    await walk.go("read_identity", id=known["id"])
    await walk.go("list_audit_entries", ask={"object": known["id"]})
    await walk.go("delete_identity", id=known["id"])
