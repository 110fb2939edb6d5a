from tests.deals import make_process
from tests.imports.support import bring, counts, problems
from tests.imports.test_opportunities import events, opportunities

STAGES = {
    "Reviewed": {"reached": "interest"},
    "Offer": {"reached": "concept"},
    "Won": {"won": True},
    "Lost": {"exit": "lost"},
    "Idea": {"before": True},
}
MAPPING = {
    "columns": {"deal": "external_id", "stage": "stage", "at": "occurred_at"},
    "stages": STAGES,
}
DEALS = "external_id,created_at\n1,2026-01-01\n2,2026-01-01\n"
HISTORY = (
    "deal,stage,at\n1,Idea,2026-01-01\n1,Reviewed,2026-01-02\n1,Reviewed,2026-01-09\n"
    "1,Offer,2026-02-03\n2,Reviewed,2026-01-02\n2,Lost,2026-03-04\n2,Lost,2026-03-04\n"
)


async def told(client, history=HISTORY, mapping=None):
    process = await make_process(client)
    deals = await bring(client, "opportunities", DEALS, {}, process_id=process["id"])
    assert counts(deals) == {"read": 2, "created": 2}, deals
    return await bring(client, "events", history, mapping or MAPPING, process_id=process["id"])


async def test_equal_stages_in_a_row_are_one_event(client):
    job = await told(client)
    assert (job["state"], counts(job)) == (
        "completed",
        {"read": 7, "created": 4, "unchanged": 3},
    ), job
    found = await opportunities(client)
    assert (found["1"]["milestone"], found["2"]["exit_kind"]) == ("concept", "lost")
    history = [(e["kind"], e["milestone"]) for e in await events(client, found["1"])]
    assert history == [("created", None), ("reached", "interest"), ("reached", "concept")]


async def test_the_same_history_again_tells_nothing(client):
    job = await told(client)
    before = await opportunities(client)
    again = await bring(client, "events", HISTORY, MAPPING, process_id=job["process_id"])
    assert counts(again) == {"read": 7, "unchanged": 7}
    assert again["reconciliation"]["matches"] is True
    assert await opportunities(client) == before


async def test_an_earlier_stage_after_a_later_one_is_a_step_back(client):
    job = await told(client, "deal,stage,at\n1,Offer,2026-02-03\n1,Reviewed,2026-02-04\n")
    assert counts(job) == {"read": 2, "created": 2}
    found = (await opportunities(client))["1"]
    assert (found["milestone"], found["status"]) == ("interest", "open")


async def test_an_act_is_told_with_its_evidence(client):
    history = (
        "external_id,milestone,occurred_at,act,what,evidence,amount\n"
        "1,Need,2026-02-03,wrote,asked for a proposal,https://mail/1,\n"
        "1,order,2026-03-03,said,ordered,by phone,99.50\n"
    )
    await told(client, history, {"currency": "USD"})
    found = (await opportunities(client))["1"]
    reached, ordered = (await events(client, found))[1:]
    assert reached["evidence"] == [{"type": "link", "url": "https://mail/1"}]
    assert (reached["act"], reached["what"]) == ("wrote", "asked for a proposal")
    assert (ordered["kind"], ordered["value"]["amount"]) == ("ordered", "99.50")


async def test_what_cannot_be_understood_is_told_line_by_line(client):
    history = (
        "external_id,milestone,event,occurred_at\n9,need,,2026-02-03\n1,nothing,,2026-02-03\n"
        "1,,,2026-02-03\n1,,exited,2026-02-03\n1,,flown,2026-02-03\n1,need,,2027-02-03\n"
    )
    job = await told(client, history, {"locale": "en"})
    assert counts(job) == {"read": 6, "rejected": 6}
    assert await problems(client, job) == [
        (2, "external_id", "unknown_opportunity", "9"),
        (3, "milestone", "unknown_milestone", "nothing"),
        (4, "milestone", "missing", None),
        (5, "exit_kind", "missing", None),
        (6, "event", "not_one_of", "flown"),
        (7, "occurred_at", "in_future", "2027-02-03"),
    ]


async def test_an_order_told_by_the_list_is_not_ordered_again_by_the_history(client):
    process = await make_process(client)
    deals = "external_id,value,status,closed_at\n1,100,won,2026-03-05\n"
    await bring(client, "opportunities", deals, {}, process_id=process["id"])
    history = "deal,stage,at\n1,Offer,2026-02-01\n1,Won,2026-03-04\n"
    job = await bring(client, "events", history, MAPPING, process_id=process["id"])
    assert counts(job) == {"read": 2, "created": 1, "unchanged": 1}
    assert (await opportunities(client))["1"]["ordered_value"]["amount"] == "100.00"
