"""Workbooks as found and as forged: bounded, and a value or a word for each cell."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter

from app.core.sheets import MEBIBYTE, MEMORY, SECONDS, UNREADABLE
from tests.imports.support import bring, counts, problems

SHEET = "xl/worksheets/sheet1.xml"
BEGIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"


# A process is charged with the memory of the one it was started by: a small one starts it.
MEASURED = """
import resource, subprocess, sys
python, source, target = sys.argv[1:]
command = (python, "-m", "app.core.sheets", "xlsx", source, target, ".")
code = subprocess.call(command, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def written(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    fill(book)
    book.close()
    return file.getvalue()


def plain(book: xlsxwriter.Workbook) -> None:
    book.add_worksheet().write_row(0, 0, ["name"])


def forged(pieces: Iterator[bytes]) -> bytes:
    """A sound workbook whose sheet is another."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(written(plain))) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
        with new.open(SHEET, "w", force_zip64=True) as stream:
            stream.write(BEGIN)
            for piece in pieces:
                stream.write(piece)
            stream.write(END)
    return file.getvalue()


def cell(name: str, text: str) -> bytes:
    return f'<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def empty_rows() -> Iterator[bytes]:
    yield b'<row r="1">' + cell("A1", "name") + b'</row><row r="2">' + cell("A2", "a") + b"</row>"
    for start in range(3, 1_048_577, 10_000):
        rows = range(start, min(start + 10_000, 1_048_577))
        yield b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (row, row) for row in rows)


def far_apart() -> Iterator[bytes]:
    yield b'<row r="1">' + cell("A1", "name") + b"</row>"
    yield b'<row r="1048576">' + cell("XFD1048576", "a") + b"</row>"


def a_long_text() -> Iterator[bytes]:
    yield b'<row r="1">'
    for number in range(300):
        yield cell(f"A{number + 1}", "x" * 4_000_000)
    yield b"</row>"


def spent(content: bytes, folder: Path) -> tuple[int, float, int, str]:
    """Exit code, seconds of CPU, MiB in memory at most, and the rows: of the process that reads."""
    source, target = folder / "source", folder / "rows.csv"
    source.write_bytes(content)
    command = (sys.executable, "-S", "-c", MEASURED, sys.executable, source, target)
    home = Path(__file__).parents[2]
    said = subprocess.run(command, stdout=subprocess.PIPE, cwd=home, check=True)  # noqa: S603 - our own
    code, seconds, memory = said.stdout.split()
    rows = target.read_text()[:100] if int(code) == 0 else ""
    return int(code), float(seconds), int(memory) // 1024, rows


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("pieces", "read"), [(empty_rows, True), (far_apart, False), (a_long_text, False)]
)
def test_no_workbook_takes_more_memory_or_time_than_it_is_given(tmp_path, pieces, read):
    content = forged(pieces())
    assert len(content) < 20 * MEBIBYTE
    code, seconds, memory, rows = spent(content, tmp_path)
    assert (code == 0) is read
    assert code != UNREADABLE  # it ended because it was ended, and is told to send CSV
    assert seconds <= SECONDS + 1
    assert memory <= MEMORY // MEBIBYTE
    assert rows == ("name\na\n" if read else "")


def formulas(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["key", "name", "list_price"])
    for row, (key, value) in enumerate([("a", 2.5), ("b", "#N/A"), ("d", "#REF!")], 1):
        sheet.write_row(row, 0, [key, key])
        sheet.write_formula(row, 2, "=1+1", None, value)


async def test_a_formula_is_its_value_or_a_problem(client):
    job = await bring(client, "products", written(formulas))
    assert counts(job) == {"read": 3, "created": 1, "rejected": 2}
    assert await problems(client, job) == [
        (3, "list_price", "not_a_decimal", "#N/A"),
        (4, "list_price", "not_a_decimal", "#REF!"),
    ]
    [found] = (await client.get("/v1/products")).json()["data"]
    assert (found["key"], found["list_price"]["amount"]) == ("a", "2.50")


async def test_a_formula_may_say_nothing(client):
    def pieces() -> Iterator[bytes]:
        yield b'<row r="1">' + cell("A1", "key") + cell("B1", "list_price") + b"</row>"
        formula = b'<c r="B2" t="str"><f>""</f><v></v></c>'
        yield b'<row r="2">' + cell("A2", "a") + formula + b"</row>"

    job = await bring(client, "products", forged(pieces()))
    assert counts(job) == {"read": 1, "created": 1}, job["problem"]


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>", "<v />"])
async def test_a_formula_nobody_has_computed_is_named(client, value):
    def pieces() -> Iterator[bytes]:
        yield b'<row r="1">' + cell("A1", "key") + cell("B1", "list_price") + b"</row>"
        formula = f'<c r="B2"><f>1+1</f>{value}</c>'.encode()
        yield b'<row r="2">' + cell("A2", "a") + formula + b"</row>"

    job = await bring(client, "products", forged(pieces()))
    assert (job["state"], job["problem"]["code"]) == ("failed", "file-unreadable")
    assert re.search(r"cell B2 has no value.*CSV", job["problem"]["detail"])


def merged(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 1, "Preisliste")
    sheet.write_row(1, 0, ["key", "list\nprice"])
    sheet.merge_range(2, 0, 3, 0, "a")
    sheet.write_column(2, 1, [1, 2])


async def test_titles_merged_cells_and_broken_headers_keep_their_rows(client):
    columns = {"key": "key", "list\nprice": "list_price"}
    mapping = {"header_line": 2, "columns": columns}
    job = await bring(client, "products", written(merged), mapping)
    assert counts(job) == {"read": 2, "created": 1, "rejected": 1}, job["problem"]
    assert [each[:1] for each in await problems(client, job)] == [(4,)]
