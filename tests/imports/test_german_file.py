"""A file as a German office sends it, beside what was read from it by hand."""

import pytest

from tests.deals import make_process
from tests.imports.support import bring, counts, problems

WIDE = 290
HEADER = [
    *("Nr.", "Firma", "Verkäufer", "Wert", "Währung", "Angelegt", "Phase", "Abschluss", "Notiz"),
    "Zuletzt",
]
MAPPING = {
    "columns": {
        "Nr.": "external_id",
        "Firma": "account",
        "Verkäufer": "owner",
        "Wert": "value",
        "Währung": "currency",
        "Angelegt": "created_at",
        "Phase": "stage",
        "Abschluss": "closed_at",
        "Notiz": "attributes.notiz",
        "Zuletzt": "external_close_date",
    },
    "stages": {"Angebot": {"reached": "need"}, "Gewonnen": {"won": True}},
    "locale": "de",
    "date_format": "eu",
    "header_line": 2,
}
# Below the header, with the line each row begins in; the rest of the 300 columns is filled up.
ROWS = {
    3: "(Nr.);(Name);;(EUR);;(TT.MM.JJJJ);Angebot;;;",
    4: 'A-1;"Müller & Söhne";Jürgen;1.234,56;;05.01.2026;Angebot;31.12.2026;"a\r\n""b"";c";',
    6: None,
    7: ";;;;;;;;;",
    8: "A-2;€uro Größe AG;Jürgen;12.345.678,90;eur;5.1.2026 14:30;Gewonnen;15.03.2026;=1+1;",
    9: "A-3;Groß;;-5,00;;;;;;",
    10: "A-4;Groß;;1,234.56;;31.02.2026;Angebot;;;1.4.26",
    11: '=2+2;"=HYPERLINK(""x"")";;7;;;Angebot;;@x;31.12.2026',
    12: "A-5;zu kurz",
    13: "A-6;Groß;;1;EURO;31.12.2026;Vielleicht;;;",
}
RAGGED = (12,)
BLANK = (6, 7)
PROBLEMS = [
    (3, "Wert", "not_a_decimal", "(EUR)"),
    (3, "Angelegt", "not_a_date", "(TT.MM.JJJJ)"),
    (9, "Wert", "negative", "-5,00"),
    (10, "Wert", "not_a_decimal", "1,234.56"),
    (10, "Angelegt", "not_a_date", "31.02.2026"),
    (10, "Zuletzt", "not_a_date", "1.4.26"),
    (12, None, "too_few_fields", None),
    (13, "Währung", "unknown_currency", "EURO"),
    (13, "Angelegt", "in_future", "31.12.2026"),
]
# Number: company, owner, value, created, status, milestone, note, closing date hoped for.
GOLDEN = {
    "A-1": ("Müller & Söhne", "Jürgen", "1234.56", "2026-01-04T23:00:00Z", "open", "need",
            'a\r\n"b";c', None),
    "A-2": ("€uro Größe AG", "Jürgen", "12345678.90", "2026-01-05T13:30:00Z", "won", "order",
            "=1+1", None),
    "=2+2": ('=HYPERLINK("x")', None, "7.00", "2026-07-20T09:30:00Z", "open", "need",
             "@x", "2026-12-31"),
}  # fmt: skip


def filled(row: str | None, number: int) -> str:
    if row is None:
        return ""
    more = ";" * WIDE if number in BLANK else "".join(f";{number}.{n}" for n in range(WIDE))
    return row if number in RAGGED else row + more


def file(*without: int) -> bytes:
    """The whole of it, or without some rows."""
    header = ";".join([*HEADER, *(f"Zusatz {number}" for number in range(WIDE))])
    rows = [filled(row, number) for number, row in ROWS.items() if number not in without]
    return "\r\n".join(["Export \u2013 Stand 31.12.2026;", header, *rows, "", ""]).encode("cp1252")


async def stored(client):
    answer = await client.get("/v1/opportunities", params={"include": "account,owner"})
    return {
        row["external_id"]: (
            row["account"] and row["account"]["name"],
            row["owner"] and row["owner"]["name"],
            row["value"] and row["value"]["amount"],
            row["created_at"],
            row["status"],
            row["milestone"],
            row["attributes"].get("notiz"),
            row["external_close_date"],
        )
        for row in answer.json()["data"]
    }


async def test_a_dry_run_shows_how_it_is_read_and_every_fault_by_its_line(client):
    process = await make_process(client)
    job = await bring(
        client, "opportunities", file(), MAPPING, process_id=process["id"], dry_run=True
    )
    dialect = job["dialect"]
    assert (dialect["encoding"], dialect["delimiter"]) == ("cp1252", ";")
    assert (len(dialect["header"]), dialect["header"][:10]) == (300, HEADER)
    assert counts(job) == {"read": 8, "created": 3, "rejected": 5}, job["problem"]
    assert await problems(client, job) == PROBLEMS
    assert await stored(client) == {}


@pytest.mark.parametrize("tidy", [False, True])
async def test_what_is_stored_is_what_was_read_by_hand(client, tidy):
    process = await make_process(client)
    content = file(*RAGGED, *BLANK) if tidy else file()
    job = await bring(client, "opportunities", content, MAPPING, process_id=process["id"])
    assert counts(job) == {"read": 7 if tidy else 8, "created": 3, "rejected": 4 if tidy else 5}
    assert await stored(client) == GOLDEN
    assert job["notes"] == {"unknown_start": 1, "currency_assumed": 2}
    raw = await client.get(f"/v1/imports/{job['id']}/results/successful.csv")
    assert "charset=windows-1252" in raw.headers["content-type"]
    rows = raw.content.decode("cp1252").split("\r\n", 1)[1]
    taken = [filled(ROWS[number], number) for number in (4, 8, 11)]
    assert rows == "".join(f"{row}\r\n" for row in taken)


async def test_the_faults_have_sentences_in_german(client):
    process = await make_process(client)
    job = await bring(client, "opportunities", file(), MAPPING, process_id=process["id"])
    path = f"/v1/imports/{job['id']}/problems"
    answer = await client.get(path, headers={"Accept-Language": "de"})
    told = {(each["line"], each["column"]): each["detail"] for each in answer.json()["data"]}
    assert told[10, "Wert"].startswith("keine Zahl wie 1.234,56")
    assert told[10, "Angelegt"].startswith("kein Datum wie 20.7.2026")


async def test_a_column_that_is_not_there_is_named(client):
    process = await make_process(client)
    mapping = MAPPING | {"columns": MAPPING["columns"] | {"Anschrift": "name"}}
    job = await bring(client, "opportunities", file(), mapping, process_id=process["id"])
    assert (job["state"], job["problem"]["code"]) == ("failed", "column-missing")
    assert job["problem"]["detail"].startswith(
        "The file has no column Anschrift; it has Nr., Firma"
    )
