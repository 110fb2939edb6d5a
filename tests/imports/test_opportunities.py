from tests.deals import make_process
from tests.imports.support import bring, counts, problems, result

STAGES = {
    "New": {"before": True},
    "Talking": {"reached": "interest"},
    "Offer": {"reached": "concept"},
    "Won": {"won": True},
    "Lost": {"exit": "lost"},
    "Later": {"hold": True},
    "Test": {"ignore": True},
}
COLUMNS = {
    "Nr": "external_id",
    "Titel": "name",
    "Kunde": "account",
    "Betreuer": "owner",
    "Wert": "value",
    "Angelegt": "created_at",
    "Stufe": "stage",
    "Seit": "reached_at",
    "Ende": "closed_at",
    "Grund": "exit_reason",
}
MAPPING = {"columns": COLUMNS, "stages": STAGES, "locale": "de", "date_format": "eu"}
HEADER = ";".join(COLUMNS) + "\n"
FILE = (
    HEADER
    + "1;Eins;Alpha;ann@x.org;1.000,50;1.2.2026;New;;;\n"
    + "2;Zwei;Alpha;ann@x.org;2.000;1.2.2026;Offer;3.3.2026;;\n"
    + "3;Drei;Beta;Ben;3.000;1.2.2026;Won;;4.4.2026;\n"
    + "4;Vier;Beta;Ben;;1.2.2026;Lost;;5.5.2026;zu teuer\n"
    + "5;Fünf;;;500;;Later;;;\n"
    + "6;Sechs;;;1;;Test;;;\n"
)


async def opportunities(client):
    answer = await client.get("/v1/opportunities", params={"limit": 200})
    return {row["external_id"]: row for row in answer.json()["data"]}


async def events(client, opportunity):
    answer = await client.get(f"/v1/opportunities/{opportunity['id']}/events")
    return answer.json()["data"]


async def imported(client, file=FILE, mapping=None, **more):
    process = await make_process(client)
    mapping = mapping or MAPPING
    return await bring(client, "opportunities", file, mapping, process_id=process["id"], **more)


async def test_stages_become_milestones_orders_and_exits(client):
    job = await imported(client)
    assert (job["state"], job["problem"]) == ("completed", None)
    assert counts(job) == {"read": 6, "created": 5, "unchanged": 1}
    found = await opportunities(client)
    assert {id: (row["status"], row["milestone"]) for id, row in found.items()} == {
        "1": ("open", None),
        "2": ("open", "concept"),
        "3": ("won", "order"),
        "4": ("exited", None),
        "5": ("on_hold", None),
    }
    assert found["2"]["value"] == {"amount": "2000.00", "currency": "EUR"}
    assert found["3"]["won_at"] == "2026-04-03T22:00:00Z"


async def test_the_report_reconciles_and_names_what_was_assumed(client):
    job = await imported(client)
    assert job["reconciliation"]["matches"] is True
    assert job["reconciliation"]["ours"]["won"] == [
        {"month": "2026-04", "count": 1, "value": [{"amount": "3000.00", "currency": "EUR"}]}
    ]
    assert job["placeholders"] == {"accounts": ["Alpha", "Beta"], "people": ["Ben", "ann@x.org"]}
    assert job["notes"] == {"unknown_start": 1, "currency_assumed": 4, "ignored": 1}


async def test_the_stage_of_a_list_is_told_as_reconstructed(client):
    await imported(client)
    found = await opportunities(client)
    told = await events(client, found["2"])
    assert [(e["kind"], e["milestone"], e["reconstructed"]) for e in told] == [
        ("created", None, False),
        ("reached", "concept", True),
    ]
    (exit,) = [e for e in await events(client, found["4"]) if e["kind"] == "exited"]
    assert (exit["exit_kind"], exit["reason"], exit["note"]) == ("lost", "other", "zu teuer")


async def test_an_unknown_start_stays_unknown(client):
    await imported(client)
    found = (await opportunities(client))["5"]
    (created, *_) = await events(client, found)
    assert (created["reconstructed"], created["occurred_at"]) == (True, "2026-07-20T09:30:00Z")


async def test_the_same_file_again_writes_nothing(client, work):
    job = await imported(client)
    before = await opportunities(client)
    again = await bring(client, "opportunities", FILE, MAPPING, process_id=job["process_id"])
    assert counts(again) == {"read": 6, "unchanged": 6}
    assert await opportunities(client) == before
    assert again["reconciliation"]["matches"] is True


async def test_what_is_new_in_a_later_list_is_told_once(client):
    job = await imported(client)
    later = FILE.replace("2.000;1.2.2026;Offer;3.3.2026;", "2.500;1.2.2026;Won;;6.6.2026").replace(
        "Eins;Alpha;ann@x.org;1.000,50;1.2.2026;New", "Uno;Alpha;Ben;1.000,50;1.2.2026;Talking"
    )
    for expected in ({"read": 6, "updated": 2, "unchanged": 4}, {"read": 6, "unchanged": 6}):
        again = await bring(client, "opportunities", later, MAPPING, process_id=job["process_id"])
        assert counts(again) == expected
        assert again["reconciliation"]["matches"] is True
    found = await opportunities(client)
    assert (found["1"]["name"], found["1"]["milestone"]) == ("Uno", "interest")
    assert (found["2"]["status"], found["2"]["ordered_value"]["amount"]) == ("won", "2500.00")


async def test_a_deal_may_be_lost_reopened_and_fall_back(client, clock):
    job = await imported(client)
    row = "2;Zwei;Alpha;ann@x.org;2.000;1.2.2026;{};;;\n"
    states = []
    for stage in ("Lost", "Offer", "Talking", "Won", "Offer"):
        clock.forward(days=1)
        file = HEADER + row.format(stage)
        again = await bring(client, "opportunities", file, MAPPING, process_id=job["process_id"])
        assert again["counts"]["updated"] == 1, (stage, again)
        found = (await opportunities(client))["2"]
        states.append((found["status"], found["milestone"]))
    assert states == [
        ("exited", "concept"),
        ("open", "concept"),
        ("open", "interest"),
        ("won", "order"),
        ("open", "concept"),
    ]


async def test_a_stage_without_a_meaning_is_held_and_never_guessed(client):
    job = await imported(client, FILE + "7;Sieben;;;1;;Maybe;;;\n")
    assert job["state"] == "completed_with_errors"
    assert counts(job) == {"read": 7, "created": 5, "unchanged": 1, "held": 1}
    assert await problems(client, job) == [(8, "Stufe", "needs_mapping", "Maybe")]
    assert "7;Sieben;;;1;;Maybe;;;;8;Stufe: needs_mapping" in await result(client, job, "failed")
    assert job["reconciliation"]["matches"] is False


async def test_every_bad_field_of_every_row_is_told(client):
    bad = ";x;y;z;1,234.5;31.2.2026;Lost;;1.1.2027;\n2;x;;;-1;1.1.2030;New;;;\n"
    job = await imported(client, HEADER + bad)
    assert counts(job) == {"read": 2, "rejected": 2}
    assert await problems(client, job) == [
        (2, "Nr", "missing", None),
        (2, "Wert", "not_a_decimal", "1,234.5"),
        (2, "Angelegt", "not_a_date", "31.2.2026"),
        (3, "Wert", "negative", "-1"),
        (3, "Angelegt", "in_future", "1.1.2030"),
    ]


async def test_wide_columns_are_arrivals_with_their_own_dates(client):
    columns = {"id": "external_id", "i": "reached:interest", "n": "reached:need", "s": "status"}
    file = "id,i,n,s\n1,2026-01-05,2026-02-06,open\n2,2026-01-05,,won\n"
    job = await imported(client, file, {"columns": columns})
    assert counts(job) == {"read": 2, "created": 2}, job
    found = await opportunities(client)
    told = [e for e in await events(client, found["1"]) if e["kind"] == "reached"]
    assert [(e["milestone"], e["occurred_at"][:10], e["reconstructed"]) for e in told] == [
        ("interest", "2026-01-04", False),
        ("need", "2026-02-05", False),
    ]
    assert job["notes"]["missing_value"] == 1


async def test_a_second_order_makes_the_account_existing_business(client):
    file = (
        "external_id,account,value,created_at,status,closed_at\n"
        "a,Acme,10,2022-01-01,won,2022-02-01\nb,Acme,10,2023-01-01,won,2023-02-01\n"
        "c,Acme,10,2026-07-01,open,\nd,,10,2026-07-01,open,\n"
    )
    await imported(client, file, {"columns": {}, "currency": "USD"})
    found = await opportunities(client)
    types = {id: (row["business_type"], row["business_subtype"]) for id, row in found.items()}
    assert types == {
        "a": ("new", None),
        "b": ("existing", None),
        "c": ("new", "win_back"),
        "d": (None, None),
    }
