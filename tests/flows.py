"""Deals whose whole way is told at once: arrivals and ends by day, made through the door."""

from datetime import UTC, datetime, timedelta

from tests.deals import eur, make_deal, tell

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def on(day: float) -> str:
    """The moment so many days after the beginning of a test's story, as clients write it."""
    return (START + timedelta(days=day)).isoformat()


async def flow(client, *steps, day=0, value="1000.00", **more):
    """A deal that arrived at `interest` on `day`; each further step is (days later, event, body).

    The event may be left out: a milestone's key reaches it, anything else is the kind of an exit.
    """
    amount = None if value is None else eur(value)
    deal = await make_deal(client, value=amount, created_at=on(day), **more)
    for later, word in [(0, "interest"), *steps]:
        at = {"occurred_at": on(day + later)}
        if word in ("interest", "invited", "need", "concept", "order"):
            paid = {"amount": amount} if word == "order" else {}
            deal = await tell(client, deal, "reach", milestone=word, **paid, **at)
        else:
            deal = await tell(client, deal, "exit", kind=word, **at)
    return deal
