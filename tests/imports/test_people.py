from tests.imports.support import bring, counts, problems

FILE = "agent,boss,office\nAnna,Dustin,Central\nBen,Dustin,Central\nCleo,Mia,East\n"
COLUMNS = {"agent": "name", "boss": "team", "office": "parent_team"}


async def people(client):
    answer = await client.get("/v1/people", params={"limit": 200})
    return {row["name"]: row for row in answer.json()["data"]}


async def teams(client):
    answer = await client.get("/v1/teams", params={"limit": 200})
    return {row["name"]: row for row in answer.json()["data"]}


async def test_teams_are_made_and_hung_where_the_file_says(client):
    job = await bring(client, "people", FILE, {"columns": COLUMNS})
    assert counts(job) == {"read": 3, "created": 3}, job
    tree, found = await teams(client), await people(client)
    assert set(tree) == {"Dustin", "Central", "Mia", "East"}
    assert tree["Dustin"]["parent_id"] == tree["Central"]["id"]
    assert found["Anna"]["team_id"] == tree["Dustin"]["id"]
    assert found["Anna"]["team_since"] == "1970-01-01"


async def test_the_same_people_again_change_nothing_and_a_new_team_counts_from_today(client):
    await bring(client, "people", FILE, {"columns": COLUMNS})
    again = await bring(client, "people", FILE, {"columns": COLUMNS})
    assert counts(again) == {"read": 3, "unchanged": 3}
    moved = FILE.replace("Cleo,Mia,East", "Cleo,Dustin,Central")
    job = await bring(client, "people", moved, {"columns": COLUMNS})
    assert counts(job) == {"read": 3, "updated": 1, "unchanged": 2}
    assert (await people(client))["Cleo"]["team_since"] == "2026-07-20"


async def test_an_address_belongs_to_one_person(client):
    file = "external_id,name,email\n1,Anna,a@x.org\n2,Ben,A@X.org\n3,Cleo,nowhere\n"
    job = await bring(client, "people", file)
    assert counts(job) == {"read": 3, "created": 1, "rejected": 2}
    assert await problems(client, job) == [
        (2, "email", "email_taken", "a@x.org"),
        (4, "email", "not_an_email", "nowhere"),
    ]


async def test_a_team_hangs_in_one_place(client):
    job = await bring(
        client, "people", FILE + "Dora,Dustin,West\nEli,Mia,Mia\n", {"columns": COLUMNS}
    )
    assert await problems(client, job) == [
        (2, "office", "other_parent", "Central"),
        (3, "office", "other_parent", "Central"),
        (6, "office", "own_parent", "Mia"),
    ]
