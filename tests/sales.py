"""Products, customers and what they order, made through the door."""

from tests.deals import eur, make_deal, post, tell


async def make_product(client, name="Press", **more):
    return await post(client, "/v1/products", name=name, **more)


async def make_account(client, name="Alder", **more):
    return await post(client, "/v1/accounts", name=name, **more)


def line(product, amount, cost=None, **more):
    """One line of an order in euros."""
    priced = {"product_id": product["id"], "amount": eur(amount)} | more
    return priced if cost is None else priced | {"direct_cost": eur(cost)}


async def sell(client, *lines, deal=None, at="2026-07-10T08:00:00Z", amount=None, **more):
    """A deal that was ordered at this moment: as these lines, or (without) for an amount."""
    deal = deal or await make_deal(client, created_at="2020-01-02T08:00:00Z", **more)
    said = {"lines": list(lines)} if lines else {}
    said |= {} if amount is None else {"amount": eur(amount)}
    return await tell(client, deal, "reach", milestone="order", occurred_at=at, **said)
