"""Rows read by Python, with their lines and their exact text: for files PostgreSQL refuses to
copy, and for the result files, which give every row back as it came."""

import codecs
import csv
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from app.core.errors import EncodingWrong, FileUnreadable
from app.domain.imports.dialect import Dialect

# A row longer than this is an unclosed quotation mark.
LONGEST = 16 * 1024 * 1024
# A cell may be as long as its row: e-mails and minutes of meetings are.
csv.field_size_limit(2 * LONGEST)


@dataclass(frozen=True, slots=True)
class Record:
    """`line`: where it begins in the file, counted from 1. `raw`: with its end of line, if any."""

    line: int
    raw: str
    cells: list[str]

    @property
    def blank(self) -> bool:
        return not any(cell.strip(" \t\u00a0") for cell in self.cells)


async def records(parts: AsyncIterator[bytes], dialect: Dialect) -> AsyncIterator[list[Record]]:
    """The rows below the header, a list for each part; blank lines are left out."""
    line, kept = dialect.first_line, ""
    async for text, last in _texts(parts, dialect):
        found = list(_parsed(kept + text, line, dialect))
        kept = ""
        if found and last:
            _closed(found[-1], dialect)
        elif found:
            # The last row may go on in the next part.
            unfinished = found.pop()
            kept, line = unfinished.raw, unfinished.line
        if len(kept) > LONGEST:
            raise _unclosed(line)
        yield [record for record in found if not record.blank]


async def _texts(parts: AsyncIterator[bytes], dialect: Dialect) -> AsyncIterator[tuple[str, bool]]:
    """(decoded piece, is it the last). The header is left out."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    skip = dialect.offset
    try:
        async for part in parts:
            rest = part[skip:]
            skip = max(0, skip - len(part))
            yield decoder.decode(rest), False
        yield decoder.decode(b"", final=True), True
    except UnicodeDecodeError as error:
        raise EncodingWrong(f"The file is not valid {dialect.encoding}: {error.reason}.") from None


def _parsed(text: str, line: int, dialect: Dialect) -> Iterator[Record]:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        # Whatever ends a line where the file was written: CR, LF or both.
        for each in io.StringIO(text, newline=""):
            taken.append(each)
            yield each

    try:
        for cells in csv.reader(lines(), delimiter=dialect.delimiter):
            raw = "".join(taken)
            yield Record(line, raw, cells)
            line += 1 if dialect.whole else _count(raw, dialect.newline)
            taken.clear()
    except csv.Error as error:
        raise FileUnreadable(f"Line {line} cannot be read as a row: {error}.") from None


def _count(raw: str, newline: str) -> int:
    """How many lines a row takes up: COPY knows of no others either."""
    alone = newline == "\n" and raw.endswith("\r")
    return raw.count(newline) + alone


def _closed(record: Record, dialect: Dialect) -> None:
    """Refuse a file that ends inside quotes: everything from there on would be one cell."""
    try:
        list(csv.reader([record.raw], delimiter=dialect.delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise _unclosed(record.line) from None


def _unclosed(line: int) -> FileUnreadable:
    return FileUnreadable(
        f"The row that begins in line {line} has a quotation mark left open, or is longer than"
        f" {LONGEST >> 20} MiB."
    )
