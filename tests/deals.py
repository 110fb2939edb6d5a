"""The few objects tests are made of, made through the door."""

MILESTONES = [
    {"key": "interest", "name": "Interest", "customer_act": "asks for more", "target_rate": "0.5"},
    {"key": "invited", "name": "Invited", "customer_act": "invites us", "target_rate": "0.5"},
    {"key": "need", "name": "Need", "customer_act": "names a need", "target_rate": "0.5"},
    {"key": "concept", "name": "Concept", "customer_act": "wants it", "target_rate": "0.5"},
    {"key": "order", "name": "Order", "customer_act": "orders"},
]


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def make_process(client, key="new-business", milestones=MILESTONES, **more):
    body = {"key": key, "name": "New business", "milestones": milestones, **more}
    return await post(client, "/v1/processes", **body)


async def make_person(client, name="Ada", **more):
    return await post(client, "/v1/people", name=name, **more)


async def make_deal(client, name="Press line", process="new-business", **more):
    return await post(client, "/v1/opportunities", name=name, process_id=process, **more)


async def tell(client, deal, event, **body):
    """One event of a deal; gives the deal back as it stands then."""
    answer = await client.post(f"/v1/opportunities/{deal['id']}/{event}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def change(client, deal, **body):
    path = f"/v1/opportunities/{deal['id']}"
    current = await client.get(path)
    answer = await client.patch(path, json=body, headers={"If-Match": current.headers["etag"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client, path, **body):
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()
