"""How files may be written, and what is said of those that cannot be read."""

import pytest

from app.domain.imports.tidy import Untidy, Watch
from tests.imports.support import bring, counts, make, problems, result, send


async def names(client):
    answer = await client.get("/v1/accounts", params={"limit": 200})
    return sorted(row["name"] for row in answer.json()["data"])


@pytest.mark.parametrize(
    ("file", "delimiter", "encoding"),
    [
        ("name,country\nÄ,x\n".encode(), ",", "utf-8"),
        ("\ufeffname;country\r\nÄ;x\r\n".encode(), ";", "utf-8"),
        ("name\tcountry\nÄ\tx".encode("cp1252"), "\t", "cp1252"),
        ('\n\n"name","country"\r\r"Ä","x"\r'.replace("\n", "\r").encode(), ",", "utf-8"),
        ("\r\n;;\r\nname;country\r\nÄ;x\r\n\r\n\r\n".encode(), ";", "utf-8"),
    ],
)
async def test_how_a_file_is_written_is_found_out_and_shown(client, file, delimiter, encoding):
    made = await make(client, "accounts")
    seen = (await send(client, made["id"], file))["dialect"]
    assert (seen["delimiter"], seen["encoding"]) == (delimiter, encoding)
    assert seen["header"] == ["name", "country"]
    job = await bring(client, "accounts", file)
    assert counts(job) == {"read": 1, "created": 1}, job
    assert await names(client) == ["Ä"]


async def test_lines_are_those_of_the_file_whatever_the_cells_hold(client):
    file = 'name,country\n"a\nb\nc",x\n"d, ""e""",x\n,x\n'
    job = await bring(client, "accounts", file)
    assert await problems(client, job) == [(6, "name", "missing", None)]
    assert await names(client) == ["a\nb\nc", 'd, "e"']


async def test_blank_lines_between_rows_are_no_rows(client):
    file = "name,country\n\na,x\n\n ,\n,,\n\nb,x\n,x\n"
    job = await bring(client, "accounts", file.replace(",,\n", ",\n"))
    assert counts(job) == {"read": 3, "created": 2, "rejected": 1}
    assert await problems(client, job) == [(9, "name", "missing", None)]


async def test_a_blank_line_in_a_file_of_one_column_is_no_row(client):
    job = await bring(client, "accounts", "name\na\n\nb\n" + "x" * 201 + "\n")
    assert counts(job) == {"read": 3, "created": 2, "rejected": 1}
    assert (await problems(client, job))[0][:3] == (5, "name", "too_long")


async def test_a_ragged_row_is_rejected_and_the_others_come_in(client):
    file = 'name,country\na,x\nb\n"c\nd",x,y\ne,x\n'
    job = await bring(client, "accounts", file)
    assert counts(job) == {"read": 4, "created": 2, "rejected": 2}
    assert await problems(client, job) == [
        (3, None, "too_few_fields", None),
        (4, None, "too_many_fields", None),
    ]
    assert await result(client, job, "failed") == (
        'name,country,line,errors\r\nb,,3,too_few_fields\r\n"c\nd",x,y,4,too_many_fields\r\n'
    )


async def test_a_nul_is_told_with_its_column(client):
    job = await bring(client, "accounts", b"name,country\na,x\nb\0,x\n")
    assert counts(job) == {"read": 2, "created": 1, "rejected": 1}
    assert (await problems(client, job))[0][:3] == (3, "name", "nul_character")


async def test_inches_do_not_swallow_the_rows_between_them(client):
    job = await bring(client, "accounts", 'name,country\n5" pipe,x\nb,x\n6" pipe,x\n')
    assert counts(job) == {"read": 3, "created": 3}
    assert await names(client) == ['5" pipe', '6" pipe', "b"]


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ('a,"b ""c"" d"\n"e\nf",g\n', True),
        ('"",""\n"x",\n', True),
        ('a,5"\nb,6"\n', False),
        ('a, "b"\n', False),
        ('a,"b" \n', False),
        ("a,b\n\\.\nc,d\n", False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_file_is_tidy_or_not_wherever_it_is_cut(text, tidy, size):
    watch = Watch(",")
    content = text.encode()
    try:
        for start in range(0, len(content), size):
            watch.see(content[start : start + size])
    except Untidy:
        assert not tidy
    else:
        assert tidy


@pytest.mark.parametrize(
    ("file", "mapping", "code"),
    [
        (b"", {}, "file-unreadable"),
        (b"\n\n,,\n", {}, "file-unreadable"),
        (b'name\n"a\n', {}, "file-unreadable"),
        ("name\nä".encode("utf-16"), {}, "encoding"),
        (b"name\n\xe4\n", {"encoding": "utf-8"}, "encoding"),
        (b"name\n\x81\n", {}, "encoding"),
        (b"a,b\n1,2\n", {"columns": {"Name": "name", "a": "country"}}, "column-missing"),
        (b"a,b\n1,2\n", {}, "column-missing"),
        (b"name,name\n1,2\n", {"columns": {"name": "name"}}, "column-missing"),
        (b"name\nx\n", {"fix": {"nome": {"x": "y"}}}, "column-missing"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_as_a_whole_and_says_why(
    client, file, mapping, code
):
    job = await bring(client, "accounts", file, mapping)
    assert (job["state"], counts(job)) == ("failed", {})
    assert job["problem"]["code"] == code
    assert await names(client) == []


async def test_a_missing_column_is_named(client):
    mapping = {"columns": {"Name": "name", "Land": "country", "a": "segment"}}
    job = await bring(client, "accounts", "a,b\n1,2\n", mapping)
    assert job["problem"]["detail"] == "The file has no column Land, Name; it has a, b."


async def test_formulas_stay_what_was_sent(client):
    file = "name,country\n=1+1,x\n@home,x\n" + "-" + "y" * 300 + ",x\n"
    job = await bring(client, "accounts", file)
    assert await names(client) == ["=1+1", "@home"]
    assert await result(client, job, "successful") == "name,country\r\n=1+1,x\r\n@home,x\r\n"


async def test_fixes_constants_and_attributes(client):
    mapping = {
        "columns": {"name": "name", "c": "country", "v": "attributes.vat"},
        "constants": {"segment": "north"},
        "fix": {"c": {"NA": "", "Deutschland": "DE"}},
    }
    await bring(client, "accounts", "name,c,v\na,NA,1\n b ,Deutschland,\n", mapping)
    answer = await client.get("/v1/accounts")
    found = {row["name"]: row for row in answer.json()["data"]}
    assert (found["a"]["country"], found["b"]["country"]) == (None, "DE")
    assert (found["a"]["attributes"], found["b"]["attributes"]) == ({"vat": "1"}, {})
    assert found["a"]["segment"] == "north"


async def test_the_three_files_partition_the_rows(client):
    rows = [f"{i},{'x' * (300 if i % 3 == 0 else 3)}" for i in range(50)]
    job = await bring(client, "accounts", "external_id,name\n" + "\n".join(rows))
    found = [
        line.split(",")[0]
        for file in ("successful", "failed", "unprocessed")
        for line in (await result(client, job, file)).splitlines()[1:]
    ]
    assert sorted(found, key=int) == [str(i) for i in range(50)]


async def test_rows_of_an_import_that_failed_are_unprocessed(client):
    job = await bring(client, "accounts", "a\n1\n", {"columns": {"name": "name"}})
    assert await result(client, job, "unprocessed") == "a\r\n1\r\n"
    assert await result(client, job, "failed") == "a,line,errors\r\n"
    assert await result(client, job, "successful") == "a\r\n"
