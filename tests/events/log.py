"""What was told, in short."""

from tests.aims import ask


async def told(client, after=None, **asked):
    """(events, cursor) of one answer."""
    wanted = asked if after is None else asked | {"after": after}
    found = await ask(client, "/v1/events", **wanted)
    return found["data"], found["next_cursor"]


async def here(client):
    return (await told(client, "now"))[1]


async def types(client, after=None, **asked):
    return [each["type"] for each in (await told(client, after, **asked))[0]]
