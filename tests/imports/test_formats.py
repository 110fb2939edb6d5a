"""Files that are not plain: workbooks, lines of JSON, exports of other systems, German tables."""

import io
import zipfile
from datetime import UTC, date, datetime

import pytest
import xlsxwriter

from app.core.sheets import MOST_ROWS
from tests.deals import make_process
from tests.imports.support import bring, counts, problems, result

STAGES = {"stages": {"Offer": {"reached": "need"}}}


async def brought(client, object, file, mapping=None, **more):
    job = await bring(client, object, file, mapping, **more)
    assert job["problem"] is None, job
    return job


def book(*rows, **options) -> bytes:
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, options)
    sheet = workbook.add_worksheet()
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, place, cell, day)
            elif cell == "=1/0":
                sheet.write_formula(number, place, cell, None, "#DIV/0!")
            elif cell is not None:
                sheet.write(number, place, cell)
    workbook.close()
    return file.getvalue()


HEADER = ("external_id", "account", "value", "created_at", "stage")
FIRST = datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)


async def deals(client):
    found = (await client.get("/v1/opportunities")).json()["data"]
    accounts = (await client.get("/v1/accounts")).json()["data"]
    names = {row["id"]: row["name"] for row in accounts}
    return {
        row["external_id"]: (
            names.get(row["account_id"]),
            row["value"] and row["value"]["amount"],
            row["status"],
            row["milestone"],
        )
        for row in found
    }


@pytest.mark.parametrize("since_1904", [False, True])
async def test_a_workbook_is_read_by_its_values(client, since_1904):
    process = await make_process(client)
    file = book(
        HEADER,
        ("A", "Acme\nNorth", 1234.5, FIRST, "Offer"),
        (),
        ("B", "Beta", "=1/0", FIRST, "Offer"),
        ("C", "Ceta", "much", FIRST, "Offer"),
        date_1904=since_1904,
    )
    job = await brought(client, "opportunities", file, STAGES, process_id=process["id"])
    assert (job["dialect"]["format"], job["size"]) == ("xlsx", len(file))
    assert counts(job) == {"read": 3, "created": 1, "rejected": 2}
    assert await problems(client, job) == [
        (4, "value", "not_a_decimal", "#DIV/0!"),
        (5, "value", "not_a_decimal", "much"),
    ]
    found = await deals(client)
    assert found == {"A": ("Acme\nNorth", "1234.50", "open", "need")}
    assert (await result(client, job, "failed")).splitlines()[2].endswith(",5,value: not_a_decimal")
    [first] = (await client.get("/v1/opportunities", params={"external_id": "A"})).json()["data"]
    assert first["created_at"] == "2026-03-01T23:00:00Z"


async def refused(client, file):
    job = await bring(client, "accounts", file)
    assert job["state"] == "failed"
    return job["problem"]["code"], job["problem"]["detail"]


async def test_a_bomb_and_a_broken_workbook_are_refused(client):
    bomb = io.BytesIO(book(("name",), ("a",)))
    with zipfile.ZipFile(bomb) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    grown = io.BytesIO()
    sheet = "xl/worksheets/sheet1.xml"
    cell = b'<c r="A1" t="inlineStr"><is><t>' + b"x" * 4000 + b"</t></is></c>"
    with zipfile.ZipFile(grown, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            if name != sheet:
                new.writestr(name, part)
        with new.open(sheet, "w", force_zip64=True) as stream:
            stream.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
                b'2006/main"><sheetData><row r="1">'
            )
            for _ in range(300):
                stream.write(cell * 1000)
            stream.write(b"</row></sheetData></worksheet>")
    assert len(grown.getvalue()) < 8_000_000
    code, detail = await refused(client, grown.getvalue())
    assert code == "file-unreadable", detail
    assert (await refused(client, b"PK\x03\x04 nothing"))[0] == "file-unreadable"


async def test_empty_rows_without_end_are_nothing(client):
    file = book(("name",), ("a",), *([()] * 5), ("b",))
    assert MOST_ROWS == 1_048_576
    assert counts(await brought(client, "accounts", file)) == {"read": 2, "created": 2}


async def test_lines_of_json_are_rows(client):
    process = await make_process(client)
    file = (
        '{"external_id": "A", "value": 0.10, "stage": "Offer", "created_at": "2026-03-02"}\n'
        "\n"
        '{"external_id": "B", "value": "much", "stage": "Offer", "account": "Söhne"}\n'
        '{"external_id": "C", "value": null, "stage": "Offer", "account": "Söhne"}\n'
    )
    job = await brought(client, "opportunities", file, STAGES, process_id=process["id"])
    assert job["dialect"]["format"] == "ndjson"
    assert counts(job) == {"read": 3, "created": 2, "rejected": 1}
    assert await problems(client, job) == [(3, "value", "not_a_decimal", "much")]
    assert await deals(client) == {
        "A": (None, "0.10", "open", "need"),
        "C": ("Söhne", None, "open", "need"),
    }
    assert "Line 2" in (await refused(client, '{"name": "a"}\n{"name": \n'))[1]

    code, detail = await refused(client, '{"name": "a"}\n{"name": "\\ud800"}\n')
    assert (code, detail.startswith("Line 2 has half of a character")) == ("file-unreadable", True)
    paired = '{"name": "\\ud83d\\ude00"}\n'
    assert counts(await brought(client, "accounts", paired)) == {"read": 1, "created": 1}


GERMAN = (
    "Nr;Kunde;Wert;Angelegt;Phase\r\n"
    "(Text);(Text);(EUR);(Datum);(Text)\r\n"
    "1;Müller & Söhne;1.234,56;31.12.2025;Angebot\r\n"
    "\r\n"
    '2;"Werft\r\n""Nord""";=1+1;01.02.2026;Angebot\r\n'
    "3;Beta;99,90;31.02.2026;Angebot\r\n"
    "4;Ceta;7;02.02.2026\r\n"
    '5;"Delta\r\nSüd";12,5;02.02.2026;Angebot\r\n'
).encode("cp1252")
MAPPING = {
    "columns": {
        "Nr": "external_id",
        "Kunde": "account",
        "Wert": "value",
        "Angelegt": "created_at",
        "Phase": "stage",
    },
    "stages": {"Angebot": {"reached": "need"}},
    "locale": "de",
    "date_format": "eu",
}


async def test_a_german_table_says_what_is_wrong_with_it_and_equals_what_a_hand_wrote(client):
    process = await make_process(client)
    dry = await brought(
        client, "opportunities", GERMAN, MAPPING, process_id=process["id"], dry_run=True
    )
    assert dry["dialect"] == {
        "format": "csv",
        "encoding": "cp1252",
        "delimiter": ";",
        "header": ["Nr", "Kunde", "Wert", "Angelegt", "Phase"],
    }
    faults = await problems(client, dry)
    assert {(line, column, code) for line, column, code, _ in faults} == {
        (2, "Wert", "not_a_decimal"),
        (2, "Angelegt", "not_a_date"),
        (5, "Wert", "not_a_decimal"),
        (7, "Angelegt", "not_a_date"),
        (8, None, "too_few_fields"),
    }
    job = await brought(client, "opportunities", GERMAN, MAPPING, process_id=process["id"])
    assert job["counts"] == dry["counts"]
    assert await deals(client) == {
        "1": ("Müller & Söhne", "1234.56", "open", "need"),
        "5": ("Delta\r\nSüd", "12.50", "open", "need"),
    }


SALESFORCE = (
    "Id,Name,AccountId,OwnerId,Amount,StageName,IsWon,IsClosed,CloseDate,CreatedDate\n"
    "006A,One,Acme,ann@x.de,100,Offer,false,false,2030-01-01,2026-01-05T10:00:00.000Z\n"
    "006B,Two,Acme,ann@x.de,200,Offer,true,true,2026-02-01,2026-01-05T10:00:00.000Z\n"
    "006C,Three,Acme,ann@x.de,300,Offer,false,true,2026-02-01,2026-01-05T10:00:00.000Z\n"
)
HUBSPOT = (
    "Record ID,Deal Name,Deal Stage,Amount,Is Closed Won,Is closed lost,Create Date,"
    '"Date entered ""Offer"""\n'
    "1,One,Offer,100,false,false,2026-01-05 10:00,2026-01-09 10:00\n"
    "2,Two,Offer,200,false,true,2026-01-05 10:00,2026-01-09 10:00\n"
)
PIPEDRIVE = (
    "Deal - ID,Deal - Title,Deal - Organization,Deal - Value,Deal - Stage,Deal - Status,"
    "Deal - Deal created\n1,One,Acme,100,Offer,Open,2026-01-05 10:00:00\n"
    "2,Two,Acme,200,Offer,Won,2026-01-05 10:00:00\n"
)
DYNAMICS = (
    "opportunityid,name,customerid,estimatedvalue,stepname,statecode,statuscode,createdon\n"
    "1,One,Acme,100,Offer,Open,In Progress,2026-01-05\n"
    "2,Two,Acme,200,Offer,Lost,Canceled,2026-01-05\n"
)
ODOO = (
    "id,name,partner_id,expected_revenue,stage_id,active,create_date\n"
    "1,One,Acme,100,Offer,True,2026-01-05 10:00:00\n"
    "2,Two,Acme,200,Offer,False,2026-01-05 10:00:00\n"
)


@pytest.mark.parametrize(
    ("preset", "file", "standing"),
    [
        ("salesforce", SALESFORCE, ["open", "won", "exited"]),
        ("hubspot", HUBSPOT, ["open", "exited"]),
        ("pipedrive", PIPEDRIVE, ["open", "won"]),
        ("dynamics", DYNAMICS, ["open", "exited"]),
        ("odoo", ODOO, ["open", "exited"]),
    ],
)
async def test_an_export_is_read_by_the_name_of_its_system(client, preset, file, standing):
    process = await make_process(client)
    mapping = STAGES | {"preset": preset}
    job = await brought(client, "opportunities", file, mapping, process_id=process["id"])
    assert counts(job) == {"read": len(standing), "created": len(standing)}
    found = await deals(client)
    assert [found[id][2] for id in sorted(found)] == standing
    assert job["ignored_columns"] == []
    assert job["reconciliation"]["matches"]


@pytest.mark.parametrize(
    ("preset", "file"),
    [
        (
            "salesforce",
            "Id,StageName,IsDeleted,IsWon,IsClosed,CreatedDate\n"
            "1,Offer,false,false,false,2026-01-05\n2,Gone,true,false,false,2026-01-05\n",
        ),
        (
            "pipedrive",
            "id,stage_id,status,add_time\n1,Offer,open,2026-01-05\n2,Gone,deleted,2026-01-05\n",
        ),
    ],
)
async def test_what_the_other_system_has_deleted_is_left_out(client, preset, file):
    process = await make_process(client)
    mapping = STAGES | {"preset": preset}
    job = await brought(client, "opportunities", file, mapping, process_id=process["id"])
    assert counts(job) == {"read": 2, "created": 1, "unchanged": 1}
    assert job["notes"] == {"ignored": 1}
    assert set(await deals(client)) == {"1"}


async def test_a_word_of_the_mapping_comes_before_what_a_status_may_say(client):
    process = await make_process(client)
    stages = {"Deleted": {"exit": "lost"}, "deleted": {"hold": True}}
    file = "external_id,status,created_at\n1,Deleted,2026-01-05\n2,deleted,2026-01-05\n"
    job = await brought(client, "opportunities", file, {"stages": stages}, process_id=process["id"])
    assert counts(job) == {"read": 2, "created": 2}
    assert {id: found[2] for id, found in (await deals(client)).items()} == {
        "1": "exited",
        "2": "on_hold",
    }


async def test_a_stage_history_follows_its_list(client):
    process = await make_process(client)
    mapping = STAGES | {"preset": "salesforce"}
    await brought(client, "opportunities", SALESFORCE, mapping, process_id=process["id"])
    history = "OpportunityId,StageName,CreatedDate\n006A,Offer,2026-01-07T10:00:00.000Z\n"
    job = await brought(client, "events", history, mapping, process_id=process["id"])
    assert counts(job) == {"read": 1, "created": 1}


async def test_what_the_mapping_says_comes_before_the_preset(client):
    process = await make_process(client)
    mapping = STAGES | {"preset": "odoo", "columns": {"name": "account", "partner_id": "name"}}
    await brought(client, "opportunities", ODOO, mapping, process_id=process["id"])
    assert (await deals(client))["1"][0] == "One"


async def test_presets_are_listed_and_an_unknown_one_is_refused(client):
    found = (await client.get("/v1/import-presets")).json()["data"]
    assert {each["name"] for each in found} == {
        "salesforce",
        "hubspot",
        "pipedrive",
        "dynamics",
        "odoo",
    }
    body = {"object": "products", "source": "x", "mapping": {"preset": "odoo"}}
    answer = await client.post("/v1/imports", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_preset")
