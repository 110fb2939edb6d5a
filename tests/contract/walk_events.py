"""The part of the walk that is told of what happened: the log, a stream, webhooks."""

import asyncio
from typing import Any

HOOK = {"url": "https://hooks.example.com/backcast", "types": ["opportunity.won"]}


async def events(walk: Any) -> None:
    """What happened on the way so far is read; an endpoint is kept, and a stream listened to."""
    found = await walk.go("list_events", ask={"limit": 2, "types": "opportunity.milestone_reached"})
    await _stream(walk, found["data"][0]["cursor"])
    made = await walk.go("create_webhook_endpoint", HOOK)
    id = made["id"]
    await walk.go("read_webhook_endpoint", id=id)
    await walk.go("change_webhook_endpoint", {"description": "Orders to the wall"}, id=id)
    await walk.go("list_webhook_endpoints", ask={"limit": 2})
    await walk.go("rotate_webhook_secret", id=id)
    await walk.go("test_webhook_endpoint", id=id)
    await walk.client.get("/v1/events", params={"after": "now"})
    sent = await walk.go("list_webhook_deliveries", ask={"endpoint": id})
    await walk.go("read_webhook_delivery", id=sent["data"][0]["id"])
    await walk.go("resend_webhook_delivery", id=sent["data"][0]["id"])
    await walk.go("read_webhook_endpoint", id=id)
    # One that stays, so that a neighbour may try to get at it.
    await walk.client.post("/v1/webhook_endpoints", json={"url": "https://hooks.example.com/stay"})
    await walk.go("delete_webhook_endpoint", id=id)


async def _stream(walk: Any, after: str) -> None:
    """Heard with a key that is taken away meanwhile: else a stream never ends."""
    wanted = {"name": "Listener", "scopes": ["events:read"]}
    key = (await walk.client.post("/v1/api_keys", json=wanted)).json()
    mine = {"Authorization": f"Bearer {key['key']}"}
    asked = {"after": after, "types": "opportunity.exited"}
    stream = asyncio.create_task(walk.client.get("/v1/stream", params=asked, headers=mine))
    await walk.go("create_stream_token")
    async with asyncio.timeout(30):
        # A key that goes before its stream is open opens none.
        while not (stream.done() or walk.streams.open):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    await walk.client.delete(f"/v1/api_keys/{key['id']}")
    heard = await stream
    assert heard.is_success, heard.text
    walk.seen["open_stream"] = {"200": heard.text}
