"""Files that are broken, foreign, too wide or made to hurt: a clear word, and nothing is lost."""

import gzip

import pytest

from app.domain.imports.records import LONGEST
from tests.deals import make_process
from tests.imports.support import bring, counts, problems, result
from tests.imports.test_revert import undone

FILES = ("successful", "failed", "unprocessed")


async def names(client):
    answer = await client.get("/v1/accounts", params={"limit": 200})
    return sorted(row["name"] for row in answer.json()["data"])


async def partition(client, job) -> list[list[str]]:
    return [(await result(client, job, file)).splitlines()[1:] for file in FILES]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as .xlsx"),
        (gzip.compress(b"name\na\n", mtime=0), "unpack it first"),
        (b"%PDF-1.7\n", "as CSV"),
        (b"<html><table><tr><td>name</td></tr></table></html>", "page of HTML"),
        (b'<?xml version="1.0"?><Workbook/>', "page of HTML or XML"),
        (b'[{"name": "a"},\n{"name": "b"}]\n', "one object in each line"),
        ("name,country\na,x\n".encode("utf-16-le"), "save it as UTF-8"),
        (b"name,cou\0ntry\na,x\n", "NUL"),
    ],
)
async def test_what_is_no_table_of_text_is_named_with_the_way_out(client, file, said):
    job = await bring(client, "accounts", file)
    assert (job["state"], job["dialect"], counts(job)) == ("failed", None, {})
    assert said in job["problem"]["detail"]
    assert job["problem"]["status"] == 422


async def test_a_header_may_begin_with_a_bracket(client):
    job = await bring(client, "accounts", "[name],x\na,1\n", {"columns": {"[name]": "name"}})
    assert counts(job) == {"read": 1, "created": 1}


async def test_a_damaged_byte_does_not_turn_a_whole_file_into_another_encoding(client):
    file = "name\nMüller\nGröße\nÄrzte\nÜbung\n".encode() + b"b\xe4d\n" + "Süß\n".encode()
    job = await bring(client, "accounts", file)
    assert (job["state"], job["problem"]["code"]) == ("failed", "encoding")
    assert "line 6" in job["problem"]["detail"]
    stated = await bring(client, "accounts", "name\nbäd\n".encode("cp1252") * 2)
    assert stated["dialect"]["encoding"] == "cp1252"
    await bring(client, "accounts", file, {"encoding": "cp1252"})
    assert "MÃ¼ller" in await names(client)  # said is said


async def test_a_very_long_cell_is_taken_and_given_back(client):
    long = "y" * 200_000
    job = await bring(client, "accounts", f'name,notes\na,x\nb,{long}\n,"{long}"\nc,x\n')
    assert counts(job) == {"read": 4, "created": 3, "rejected": 1}
    successful, failed, unprocessed = await partition(client, job)
    assert successful == ["a,x", f"b,{long}", "c,x"]
    assert failed == [f',"{long}",4,name: missing']
    assert unprocessed == []


async def test_a_line_without_end_is_refused_and_given_back_whole(client):
    file = b"name\n" + b"y" * (LONGEST + 2 * 1024 * 1024) + b"\nb\n"
    job = await bring(client, "accounts", file)
    assert (job["state"], job["problem"]["code"]) == ("failed", "file-unreadable")
    assert "in line 2 has" in job["problem"]["detail"]
    assert (await result(client, job, "unprocessed")).encode() == file
    assert [await result(client, job, name) for name in FILES[:2]] == [
        "name\r\n",
        "name,line,errors\r\n",
    ]


async def test_ends_of_lines_may_be_mixed(client):
    file = "name,country\r\na,x\nb,x\r\nc,x\r,x\r\n,y\n"
    job = await bring(client, "accounts", file)
    assert counts(job) == {"read": 5, "created": 3, "rejected": 2}
    assert [line for line, *_ in await problems(client, job)] == [5, 6]
    successful, failed, _ = await partition(client, job)
    assert (successful, failed) == (
        ["a,x", "b,x", "c,x"],
        [",x,5,name: missing", ",y,6,name: missing"],
    )


@pytest.mark.parametrize("width", [300, 900, 1500])
async def test_a_row_may_be_as_wide_as_a_file_may_be(client, width):
    header = ",".join(["name", *(f"c{number}" for number in range(width - 2)), "last"])
    cells = ",".join(["abcdefghijklmnopqrstuvwx"] * (width - 2))
    rows = [f"n{number},{cells},x" for number in range(3)] + [f",{cells},x", f"short,{cells}"]
    mapping = {"columns": {"name": "name", "last": "country"}}
    job = await bring(client, "accounts", "\n".join([header, *rows]), mapping)
    assert counts(job) == {"read": 5, "created": 3, "rejected": 2}, job["problem"]
    assert [each[:3] for each in await problems(client, job)] == [
        (5, "name", "missing"),
        (6, None, "too_few_fields"),
    ]
    successful, failed, _ = await partition(client, job)
    assert (successful, len(failed)) == (rows[:3], 2)


async def test_more_columns_than_can_be_read_are_refused_by_name(client):
    header = ",".join(["name", *(f"attributes.a{number}" for number in range(400))])
    job = await bring(client, "accounts", f"{header}\na{',x' * 400}\n")
    assert (job["state"], job["problem"]["errors"][0]["code"]) == ("failed", "too_many")


@pytest.mark.parametrize(
    ("file", "mapping"),
    [
        ("sep=;\r\nname;country\r\nÄ,b;x\r\n;x\r\n", {}),
        ("Export;\n;\nname;country\nÄ,b;x\n;x\n", {"header_line": 3}),
        ('"Export; 5"" wide"\nname|country\nÄ,b|x\n|x\n', {"header_line": 2}),
    ],
)
async def test_what_stands_above_the_header_is_passed_over(client, file, mapping):
    job = await bring(client, "accounts", file, mapping)
    assert counts(job) == {"read": 2, "created": 1, "rejected": 1}, job["problem"]
    assert await names(client) == ["Ä,b"]
    line = file.splitlines().index(next(row for row in file.splitlines()[1:] if row[1:] == "x")) + 1
    assert [each[:3] for each in await problems(client, job)] == [(line, "name", "missing")]


async def test_a_title_above_the_header_is_met_with_the_way_out(client):
    job = await bring(client, "accounts", "Export vom 31.12.2026\nname;country\na;x\n")
    assert "header_line" in job["problem"]["detail"]
    job = await bring(client, "accounts", "name\na\n", {"header_line": 7})
    assert "Line 7" in job["problem"]["detail"]


async def test_blanks_that_do_not_break_are_blanks(client):
    file = (
        "key;list_price\n\u00a0a\u00a0;1\u00a0234,50\nb;1'234\nc;1\u202f234\u202f567,5\n\u00a0;\n"
    )
    job = await bring(client, "products", file, {"locale": "de"})
    assert counts(job) == {"read": 3, "created": 3}
    found = (await client.get("/v1/products")).json()["data"]
    assert {row["key"]: row["list_price"]["amount"] for row in found} == {
        "a": "1234.50",
        "b": "1234.00",
        "c": "1234567.50",
    }


async def test_thousands_of_rows_about_one_event_are_told_apart_in_time(client):
    process = await make_process(client)
    stages = {"stages": {"Offer": {"reached": "need"}}}
    deal = "external_id,created_at\nA,2026-01-05\n"
    await bring(client, "opportunities", deal, process_id=process["id"])
    header = "external_id,stage,occurred_at,event_id,note\n"
    rows = [f"A,Offer,2026-01-06,same,{number % 2}" for number in range(20_000)]
    job = await bring(client, "events", header + "\n".join(rows), stages, process_id=process["id"])
    # The last one counts, and those that say the same after the last that says something else.
    assert counts(job) == {"read": 20_000, "created": 1, "rejected": 19_999}
    found = await problems(client, job)
    assert {each[1:] for each in found} == {("event_id", "duplicate_in_file", "same")}


async def test_thousands_of_steps_that_were_voided_before_void_none_of_those_after(client):
    process = await make_process(client)
    deal = "external_id,created_at\nA,2020-01-05\n"
    await bring(client, "opportunities", deal, process_id=process["id"])
    rows = [
        f"A,{event},need,{year}-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        for year, event in ((2021, "voided"), (2022, "reached"), (2023, "voided"))
        for second in range(8_000)
    ]
    header = "external_id,event,milestone,occurred_at\n"
    for file, milestone in ((rows[:16_000], "need"), (rows[16_000:], None)):
        job = await bring(client, "events", header + "\n".join(file), process_id=process["id"])
        assert counts(job) == {"read": len(file), "created": len(file)}
        [row] = (await client.get("/v1/opportunities")).json()["data"]
        assert row["milestone"] == milestone


async def test_a_chain_of_groups_is_no_circle_however_long(client):
    rows = [f"{number},Group {number},{number - 1}" for number in range(1, 3_000)]
    file = "external_id,name,parent\n0,Group 0,\n" + "\n".join(rows)
    job = await bring(client, "accounts", file)
    assert counts(job) == {"read": 3_000, "created": 3_000}, job["problem"]
    circle = "external_id,name,parent\n0,Group 0,2999\n2999,Group 2999,2998\n"
    job = await bring(client, "accounts", circle)
    assert (job["state"], job["problem"]["errors"][0]["code"]) == ("failed", "cycle")


async def test_a_chain_of_groups_is_undone_however_long(client):
    process = await make_process(client)
    header, numbers = "external_id,name,parent\n", range(1, 3_000)
    rows = [f"{number},Group {number},{number - 1}" for number in numbers]
    chain = await bring(client, "accounts", header + "0,Group 0,\n" + "\n".join(rows))
    rows = [f"{number},Group {number},0" for number in numbers]
    flat = await bring(client, "accounts", header + "\n".join(rows))
    assert counts(flat) == {"read": 2_999, "updated": 2_998, "unchanged": 1}
    told = await undone(client, flat)
    assert (told["restored"]["accounts"], told["left"]) == (2_998, 0)
    deal = "external_id,account,created_at\nA,2999,2026-01-05\n"
    await bring(client, "opportunities", deal, process_id=process["id"])
    told = await undone(client, chain)
    # The last one is the deal's, which came with another file; it holds all above it.
    assert (told["handed_on"]["accounts"], told["left"]) == (1, 2_999)
