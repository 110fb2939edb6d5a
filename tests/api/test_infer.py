"""Proposing a process from the stage history of another system."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.doubts import sentence
from app.engine.infer import Doubt, Warned
from tests.deals import post

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WON, LOST, OPEN = "won", "lost", "open"


def on(day):
    return (START + timedelta(days=day)).isoformat()


def deals(number, *stages, outcome, apart=10):
    """So many deals that passed these stages, each `apart` days after the one before."""
    name = "/".join(stages) + outcome
    return [
        {"deal": f"{name} {n}", "stage": stage, "entered_at": on(at * apart), "outcome": outcome}
        for n in range(number)
        for at, stage in enumerate(stages)
    ]


FUNNEL = [
    *deals(20, "Kunde fragt an", outcome=LOST),
    *deals(12, "Kunde fragt an", "Proposal sent", outcome=LOST),
    *deals(2, "Kunde fragt an", "Proposal sent", outcome=OPEN),
    *deals(18, "Kunde fragt an", "Proposal sent", "Closed Won", outcome=WON),
]


async def propose(client, rows=FUNNEL, headers=None, **more):
    body = {"rows": rows} | more
    answer = await client.post("/v1/processes/infer", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_stages_become_milestones_with_rates_and_days(client):
    found = await propose(client)
    assert [one["stages"] for one in found["milestones"]] == [
        ["Kunde fragt an"],
        ["Proposal sent"],
        ["Closed Won"],
    ]
    first, second, order = found["milestones"]
    assert [one["reached"] for one in found["milestones"]] == [52, 32, 18]
    assert (first["rate"]["value"], first["median_days"]) == ("0.6154", "10.0")
    assert (second["rate"]["value"], second["rate"]["n"], second["open"]) == ("0.6000", 30, 2)
    assert second["rate"]["ci"] == ["0.4232", "0.7541"]
    assert (order["rate"], found["won"], found["lost"], found["open"]) == (None, 18, 32, 2)


async def test_a_stage_that_tells_what_we_do_comes_with_a_suggestion(client):
    [found] = (await propose(client))["not_customer_acts"]
    assert (found["stage"], found["seller_act"]) == ("Proposal sent", "proposal")
    assert found["suggestion"]["name"] == "Proposal requested"
    german = await propose(client, headers={"Accept-Language": "de"})
    assert german["not_customer_acts"][0]["suggestion"]["name"] == "Angebot angefordert"


async def test_the_draft_can_be_sent_as_it_is(client):
    found = await propose(client, key="from-crm", name="From the CRM")
    made = await post(client, "/v1/processes", **found["process"])
    assert [
        (one["key"], one["target_rate"], one["typical_days"]) for one in made["milestones"]
    ] == [
        ("kunde-fragt-an", "0.6154", 10),
        ("proposal-requested", "0.6", 10),
        ("order", None, None),
    ]


async def test_every_stage_says_what_an_import_is_to_make_of_it(client):
    rows = [*FUNNEL, *deals(12, "Kunde fragt an", "Closed Lost", outcome=LOST)]
    rows += deals(3, "Kunde fragt an", "On hold", outcome=OPEN)
    found = await propose(client, rows)
    assert found["stages"] == {
        "Closed Lost": {"exit": "lost"},
        "Closed Won": {"won": True},
        "Kunde fragt an": {"reached": "kunde-fragt-an"},
        "On hold": {"hold": True},
        "Proposal sent": {"reached": "proposal-requested"},
    }
    assert found["pauses"] == ["On hold"]
    imported = {"object": "events", "process_id": "from-crm", "source": "crm"}
    await post(client, "/v1/processes", **{**found["process"], "key": "from-crm"})
    await post(client, "/v1/imports", mapping={"stages": found["stages"]}, **imported)


async def test_too_little_is_proposed_with_warnings_and_without_rates(client):
    rows = [*deals(3, "Interest", outcome=LOST), *deals(4, "Interest", "Need", outcome=WON)]
    found = await propose(client, rows)
    codes = {(one["code"], one["stage"]) for one in found["warnings"]}
    assert {("few_deals", None), ("few_decided", "Interest")} <= codes
    assert [one["target_rate"] for one in found["process"]["milestones"]] == [None] * 3
    assert found["milestones"][0]["rate"]["status"] == "insufficient"


async def test_without_a_way_there_is_no_draft(client):
    found = await propose(client, deals(9, "Closed Won", outcome=WON))
    assert found["process"] is None
    assert "too_few_stages" in {one["code"] for one in found["warnings"]}


async def test_more_stages_than_a_process_has_are_told_and_not_cut(client):
    stages = [f"Step {letter}" for letter in "ABCDEFGHIJKLM"]
    found = await propose(client, deals(3, *stages, outcome=WON))
    assert (found["process"], len(found["milestones"])) == (None, 14)
    assert "too_many_stages" in {one["code"] for one in found["warnings"]}


async def test_suggestions_for_two_stages_of_a_kind_are_told_apart(client):
    stages = ("Quote sent", "Proposal sent")
    rows = [*deals(12, *stages, outcome=LOST), *deals(12, *stages, "Closed Won", outcome=WON)]
    names = [one["name"] for one in (await propose(client, rows))["process"]["milestones"]]
    assert names == ["Proposal requested", "Proposal requested (Proposal sent)", "Order"]


async def test_the_rows_may_come_in_any_order(client):
    assert await propose(client, FUNNEL[::-1]) == await propose(client)


async def test_nothing_is_stored(client, statements):
    statements.clear()
    await propose(client)
    assert not [one for one in statements if "INSERT" in one]
    assert (await client.get("/v1/processes")).json()["data"] == []


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        ({"stage": "  "}, "/rows/0/stage", "blank"),
        ({"left_at": "2025-01-01T00:00:00Z"}, "/rows/0", "left_before_entered"),
        ({"outcome": "maybe"}, "/rows/0/outcome", "not_one_of"),
        ({"entered_at": "5 January"}, "/rows/0/entered_at", "not_an_instant"),
        ({"owner": "Ada"}, "/rows/0/owner", "unknown_field"),
    ],
)
async def test_a_bad_row_is_refused_at_its_place(client, row, pointer, code):
    rows = [FUNNEL[0] | row]
    answer = await client.post("/v1/processes/infer", json={"rows": rows})
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, pointer, code)


async def test_without_rows_there_is_nothing_to_propose(client):
    answer = await client.post("/v1/processes/infer", json={"rows": []})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rows")


@pytest.mark.parametrize("doubt", Doubt)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_doubt_has_a_sentence(doubt, language):
    told = sentence(Warned(doubt, 3, "Demo", "Offer"), language)
    assert told.endswith(".")
    assert "{" not in told


async def test_an_order_without_a_stage_may_share_the_name_of_one(client):
    rows = deals(12, "Demo", "Order", outcome=LOST) + deals(12, "Demo", outcome=WON)
    names = [one["name"] for one in (await propose(client, rows))["process"]["milestones"]]
    assert len(names) == len(set(names))
