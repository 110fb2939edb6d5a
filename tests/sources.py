"""Sources and where they met whom, made through the door."""

from tests.deals import eur, make_deal, post, tell
from tests.flows import on


async def make_source(client, key="fair-2026", kind="fair", **more):
    return await post(client, "/v1/sources", key=key, name=more.pop("name", key), kind=kind, **more)


async def spend(client, source, amount="1000.00", day="2026-07-01", currency="EUR", **more):
    """A cost of the source, of one day unless told otherwise."""
    body = {"from": day, "amount": {"amount": amount, "currency": currency}} | more
    return await post(client, f"/v1/sources/{source['id']}/costs", **body)


async def touch(client, *touches, mode="all_or_nothing", status=200):
    """Touchpoints; what was not told of one: met by the fair, at the beginning of the story."""
    said = [{"source": "fair-2026", "occurred_at": on(0)} | one for one in touches]
    answer = await client.post("/v1/touchpoints/batch", json={"mode": mode, "items": said})
    assert answer.status_code == status, answer.text
    return answer.json()


async def stitch(client, lead, **who):
    answer = await client.post("/v1/touchpoints/stitch", json={"lead": lead} | who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sell(client, amount="1000.00", day=30, since=0, **more):
    """A deal made on the day `since` that arrived at `interest` and ordered on `day`."""
    deal = await make_deal(client, created_at=on(since), value=eur(amount), **more)
    await tell(client, deal, "reach", milestone="interest", occurred_at=on(since + 0.5))
    paid = {"amount": eur(amount), "occurred_at": on(day)}
    return await tell(client, deal, "reach", milestone="order", **paid)
