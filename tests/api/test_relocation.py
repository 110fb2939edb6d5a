"""Many opportunities move to a new version at once."""

import pytest

from tests.deals import MILESTONES, eur, make_deal, make_process, post, tell

RENAMED = [
    {**each, "key": "pain", "equivalent_to": None} if each["key"] == "need" else each
    for each in MILESTONES
]


@pytest.fixture
async def standing(client, clock):
    """Three open deals and a won one in version 1, while version 2 calls the need a pain."""
    process = await make_process(client)
    deals = [await make_deal(client, value=eur("10.00")) for _ in range(4)]
    for deal, milestone in zip(deals, ("interest", "need"), strict=False):
        await tell(client, deal, "reach", milestone=milestone)
    await tell(client, deals[3], "reach", milestone="order", amount=eur("10.00"))
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=RENAMED)
    clock.forward(days=1)
    return deals


async def migrate(client, **body):
    return await client.post("/v1/processes/new-business/versions/2/migrate", json=body)


async def test_a_dry_run_says_what_has_no_counterpart_and_moves_nothing(client, standing):
    answer = (await migrate(client, dry_run=True)).json()
    assert [(step["from_milestone"], step["mapped"]) for step in answer["steps"]] == [
        ("interest", True),
        ("need", False),
        (None, True),
    ]
    deal = (await client.get(f"/v1/opportunities/{standing[0]['id']}")).json()
    assert deal["process_version"] == 1


async def test_a_milestone_without_a_counterpart_stops_the_move(client, standing):
    answer = await migrate(client)
    assert answer.status_code == 422
    assert "need" in answer.json()["detail"]


async def test_all_open_ones_move_and_the_won_one_stays(client, standing):
    answer = (await migrate(client, milestones={"need": "pain"})).json()
    assert answer["moved"] == 3
    path = "/v1/opportunities/{}".format
    deals = [(await client.get(path(deal["id"]))).json() for deal in standing]
    assert [deal["process_version"] for deal in deals] == [2, 2, 2, 1]
    assert [deal["milestone"] for deal in deals] == ["interest", "pain", None, "order"]


async def test_the_number_of_statements_does_not_grow_with_the_deals(client, standing, statements):
    await client.get("/v1/me")  # notes the use of the key, for the next ten minutes
    statements.clear()
    await migrate(client, milestones={"need": "pain"})
    few = len(statements)
    await post(client, "/v1/processes/new-business/versions", milestones=RENAMED)
    statements.clear()
    await client.post("/v1/processes/new-business/versions/3/migrate", json={})
    assert len(statements) == few < 20
