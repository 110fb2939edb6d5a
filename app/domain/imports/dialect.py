"""How a file is written: its encoding, its delimiter, its ends of lines, its header."""

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from app.core.errors import EncodingWrong, FileUnreadable

UTF_8, CP1252 = "utf-8", "cp1252"
# As PostgreSQL calls them.
SERVER_NAMES = {UTF_8: "UTF8", CP1252: "WIN1252"}
DELIMITERS = (",", ";", "\t")
# A temporary table takes no more than 1,600 columns, and a few are ours.
MOST_COLUMNS = 1_500


@dataclass(frozen=True, slots=True)
class Dialect:
    encoding: str
    delimiter: str
    newline: str
    header: tuple[str, ...]
    # Bytes and physical lines up to the first row.
    offset: int
    first_line: int
    # What the file was before it was unpacked. Then every record is a row of its own, whatever
    # line breaks it holds.
    format: str = "csv"

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**dict(stored) | {"header": tuple(stored["header"])})

    def stored(self) -> dict[str, Any]:
        return asdict(self) | {"header": list(self.header)}

    @property
    def whole(self) -> bool:
        return self.format != "csv"

    @property
    def charset(self) -> str:
        """As media types call the encoding."""
        return "windows-1252" if self.encoding == CP1252 else self.encoding

    @property
    def server_encoding(self) -> str:
        return SERVER_NAMES[self.encoding]


def dialect_of(
    head: bytes, *, is_utf8: bool, delimiter: str | None = None, encoding: str | None = None
) -> Dialect:
    """Read the beginning of a file (its first part). What is stated is not found out.

    Encoding: UTF-8 if the whole file is valid UTF-8, else Windows-1252. Delimiter: the one of
    comma, semicolon and tab that the header has most of outside of quotes. The header is the
    first line that is not blank. `FileUnreadable` when there is none.
    """
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise EncodingWrong("The file is UTF-16; save it as UTF-8.")
    start = len(BOM_UTF8) if head.startswith(BOM_UTF8) else 0
    encoding = encoding or (UTF_8 if is_utf8 else CP1252)
    newline = _newline(head)
    text = head[start:].decode(encoding, errors="replace")
    blank, record = _first_record(text, newline)
    delimiter = delimiter or _delimiter(record)
    header = next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    if len(header) > MOST_COLUMNS:
        raise FileUnreadable(f"The header has {len(header):,} columns; at most {MOST_COLUMNS:,}.")
    taken = blank + record
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        newline=newline,
        header=tuple(name.strip() for name in header),
        offset=start + _length(taken, encoding),
        first_line=1 + taken.count(newline),
    )


def unpacked(head: bytes, format: str) -> Dialect:
    """How rows are written that were unpacked from a file of another format."""
    found = dialect_of(head, is_utf8=True, delimiter=",", encoding=UTF_8)
    above = head[: found.offset].decode().count("\n")
    first = 1 if format == "ndjson" else above + 1
    return replace(found, newline="\n", format=format, first_line=first)


def _newline(head: bytes) -> str:
    """Old Macintosh files end lines with CR alone; everything else has an LF."""
    return "\r" if b"\r" in head and b"\n" not in head else "\n"


def _first_record(text: str, newline: str) -> tuple[str, str]:
    """(blank lines, header with its line end). A header may have line breaks in quotes."""
    lines = text.split(newline)
    blank = 0
    while blank < len(lines) and not lines[blank].strip(' \t\r\n,;"'):
        blank += 1
    if blank == len(lines):
        raise FileUnreadable("The file is empty: it has no header.")
    end = blank + 1
    while end < len(lines) and newline.join(lines[blank:end]).count('"') % 2:
        end += 1
    more = newline if end < len(lines) else ""
    return "".join(f"{line}{newline}" for line in lines[:blank]), (
        newline.join(lines[blank:end]) + more
    )


def _delimiter(record: str) -> str:
    outside = "".join(record.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _length(taken: str, encoding: str) -> int:
    """The bytes that the beginning of the file takes up."""
    if "\ufffd" in taken and encoding == UTF_8:
        raise EncodingWrong(
            "The header is not valid UTF-8; state the encoding or save it as UTF-8."
        )
    return len(taken) if encoding == CP1252 else len(taken.encode(encoding))
