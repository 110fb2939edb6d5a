"""Targets and what is measured against them, made through the door."""

from tests.deals import eur, make_deal, post, tell

MONTHLY = {"recurrence": "month", "from": "2026-01", "to": "2026-12"}


async def make_target(client, process="new-business", **more):
    """100,000.00 EUR of orders in every month of 2026, unless told otherwise."""
    body = {"amount": eur("100000.00")} | MONTHLY | more
    return await post(client, "/v1/targets", process_id=process, **body)


async def make_team(client, name="North", **more):
    return await post(client, "/v1/teams", name=name, **more)


async def arrive(client, milestone="interest", amount="1000.00", at="2026-07-10T08:00:00Z", **more):
    """A deal of this value that reached a milestone at this moment, whatever the clock says."""
    evidence = more.pop("evidence", [{"type": "mail"}])
    name = more.pop("name", f"{milestone} {amount}")
    value = None if amount is None else eur(amount)
    deal = await make_deal(client, name, value=value, created_at="2026-01-02T08:00:00Z", **more)
    paid = {"amount": value} if milestone == "order" else {}
    said = {"act": "said", "what": f"about {milestone}", "evidence": evidence}
    return await tell(client, deal, "reach", milestone=milestone, occurred_at=at, **said, **paid)


async def ask(client, path, status=200, headers=None, **parameters):
    answer = await client.get(path, params=parameters, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def refused(client, method, path, **more):
    """The place and the code of the one fault."""
    answer = await client.request(method, path, **more)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["errors"]
    return fault.get("pointer") or fault["parameter"], fault["code"]
