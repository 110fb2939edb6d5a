from tests.imports.support import bring, counts, problems, result

COLUMNS = {
    "Nr": "external_id",
    "Firma": "name",
    "Branche": "segment",
    "Konzern": "parent",
    "Umsatz": "attributes.revenue",
}
FILE = (
    "Nr;Firma;Branche;Konzern;Umsatz;Sonstiges\r\n"
    "1;Müller & Söhne;Bau;;12;x\r\n"
    '2;"Zwei\r\nZeilen";Bau;1;;\r\n'
    "3;Drei;;Vier AG;;\r\n"
).encode("cp1252")


async def accounts(client):
    answer = await client.get("/v1/accounts", params={"limit": 200})
    return {row["name"]: row for row in answer.json()["data"]}


async def test_a_german_file_is_read_as_it_is_and_says_how(client):
    job = await bring(client, "accounts", FILE, {"columns": COLUMNS})
    assert (job["state"], job["problem"]) == ("completed", None)
    assert counts(job) == {"read": 3, "created": 3}
    assert job["dialect"]["encoding"] == "cp1252"
    assert job["dialect"]["delimiter"] == ";"
    assert job["ignored_columns"] == ["Sonstiges"]
    found = await accounts(client)
    assert found["Müller & Söhne"]["attributes"] == {"revenue": "12"}
    assert found["Zwei\r\nZeilen"]["parent_id"] == found["Müller & Söhne"]["id"]


async def test_a_group_that_nobody_entered_becomes_a_placeholder(client):
    job = await bring(client, "accounts", FILE, {"columns": COLUMNS})
    assert job["placeholders"]["accounts"] == ["Vier AG"]
    later = await bring(client, "accounts", "external_id,name\n4,Vier AG\n")
    assert counts(later) == {"read": 1, "updated": 1}
    found = await accounts(client)
    assert found["Drei"]["parent_id"] == found["Vier AG"]["id"]
    assert found["Vier AG"]["external_id"] == "4"


async def test_the_same_file_again_changes_nothing(client):
    await bring(client, "accounts", FILE, {"columns": COLUMNS})
    before = await accounts(client)
    job = await bring(client, "accounts", FILE, {"columns": COLUMNS})
    assert counts(job) == {"read": 3, "unchanged": 3}
    assert await accounts(client) == before


async def test_a_dry_run_reports_and_keeps_nothing(client):
    job = await bring(client, "accounts", FILE + b"5;;;;;\r\n", {"columns": COLUMNS}, dry_run=True)
    assert counts(job) == {"read": 4, "created": 3, "rejected": 1}
    assert job["placeholders"]["accounts"] == ["Vier AG"]
    assert await problems(client, job) == [(6, "Firma", "missing", None)]
    assert await accounts(client) == {}


async def test_of_several_rows_about_one_account_the_last_counts(client):
    job = await bring(client, "accounts", "external_id,name\n1,Old\n2,Other\n1,New\n")
    assert counts(job) == {"read": 3, "created": 2, "rejected": 1}
    assert await problems(client, job) == [(2, "external_id", "duplicate_in_file", "1")]
    assert set(await accounts(client)) == {"New", "Other"}
    assert await result(client, job, "failed") == (
        "external_id,name,line,errors\r\n1,Old,2,external_id: duplicate_in_file\r\n"
    )


async def test_what_would_lie_below_itself_is_refused(client):
    job = await bring(client, "accounts", "name,parent\nA,B\nB,A\n")
    assert (job["state"], job["problem"]["errors"][0]["code"]) == ("failed", "cycle")
    assert await accounts(client) == {}


async def test_a_merged_account_is_still_known_by_its_id_and_its_name(client):
    """The other system does not know of the merge: what it says of one means the kept one."""
    file = "external_id,name\n1,Acme\n2,ACME Inc\n"
    await bring(client, "accounts", file)
    before = await accounts(client)
    keep, other = before["Acme"], before["ACME Inc"]
    wanted = {"keep": keep["id"], "merge": [other["id"]]}
    assert (await client.post("/v1/accounts/merge", json=wanted)).status_code == 201
    assert counts(await bring(client, "accounts", file)) == {"read": 2, "unchanged": 2}
    job = await bring(client, "accounts", "external_id,name,parent\n3,Three,2\n4,Four,acme inc\n")
    assert job["placeholders"]["accounts"] == []
    found = await accounts(client)
    assert set(found) == {"Acme", "Three", "Four"}
    assert {found[name]["parent_id"] for name in ("Three", "Four")} == {keep["id"]}


async def test_vat_id_and_postcode_come_from_a_file_and_change_with_it(client):
    for postcode, what in (("28195", "created"), ("28195", "unchanged"), ("28199", "updated")):
        file = f"external_id,name,vat_id,postcode\n1,Acme,DE1,{postcode}\n"
        assert counts(await bring(client, "accounts", file)) == {"read": 1, what: 1}
    found = (await accounts(client))["Acme"]
    assert (found["vat_id"], found["postcode"]) == ("DE1", "28199")
