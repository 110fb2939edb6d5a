"""How a file is written: its encoding, its delimiter, its ends of lines, its header."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from app.core.errors import EncodingWrong, FileUnreadable

UTF_8, CP1252 = "utf-8", "cp1252"
# As PostgreSQL calls them.
SERVER_NAMES = {UTF_8: "UTF8", CP1252: "WIN1252"}
DELIMITERS = (",", ";", "\t", "|")
# What Excel writes above a table to say how it is delimited.
STATED = re.compile(r'"?sep=(.)"?\r?', re.IGNORECASE)
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
    head: bytes,
    *,
    is_utf8: bool,
    delimiter: str | None = None,
    encoding: str | None = None,
    header_line: int | None = None,
) -> Dialect:
    """Read the beginning of a file (its first part). What is stated is not found out.

    Encoding: UTF-8 if the whole file is valid UTF-8, else Windows-1252. Delimiter: the one of
    comma, semicolon, tab and bar that the header has most of outside of quotes, or what a line
    such as `sep=;` above it says. The header is the line `header_line`, else the first one that is
    not blank. `FileUnreadable` when there is none.
    """
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise EncodingWrong("The file is UTF-16; save it as UTF-8.")
    start = len(BOM_UTF8) if head.startswith(BOM_UTF8) else 0
    encoding = encoding or (UTF_8 if is_utf8 else CP1252)
    newline = _newline(head)
    text = head[start:].decode(encoding, errors="replace")
    lines = text.split(newline)
    stated = STATED.fullmatch(lines[0])
    above = header_line - 1 if header_line else _blank(lines, 1 if stated else 0)
    record = _record(lines, above, newline)
    delimiter = delimiter or (stated[1] if stated else _delimiter(record))
    return _described(encoding, delimiter, newline, lines[:above], record, start)


def unpacked(head: bytes, format: str, header_line: int | None = None) -> Dialect:
    """How rows are written that were unpacked from a file of another format.

    A row is a line of the sheet, however many lines its cells have.
    """
    lines = head.decode(errors="replace").split("\n")
    places = _places(lines)
    row = 1
    if format == "xlsx":
        row = header_line or next((n for n, at in enumerate(places, 1) if _filled(lines[at])), 1)
    above = places[row - 1] if row <= len(places) else len(lines)
    record = _record(lines, above, "\n")
    found = _described(UTF_8, ",", "\n", lines[:above], record, 0)
    return replace(found, format=format, first_line=1 if format == "ndjson" else row + 1)


def _described(
    encoding: str, delimiter: str, newline: str, above: Sequence[str], record: str, start: int
) -> Dialect:
    if "\0" in record:
        raise FileUnreadable("The header contains the character NUL; is this a file of text?")
    header = next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    if len(header) > MOST_COLUMNS:
        raise FileUnreadable(f"The header has {len(header):,} columns; at most {MOST_COLUMNS:,}.")
    taken = "".join(f"{line}{newline}" for line in above) + record
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        newline=newline,
        header=tuple(name.strip() for name in header),
        offset=start + _length(taken, encoding),
        first_line=1 + taken.count(newline),
    )


def _places(lines: Sequence[str]) -> list[int]:
    """Where records begin: a line break inside of quotes begins none."""
    places, open = [], False
    for number, line in enumerate(lines):
        if not open:
            places.append(number)
        open ^= bool(line.count('"') % 2)
    return places


def _newline(head: bytes) -> str:
    """Old Macintosh files end lines with CR alone; everything else has an LF."""
    return "\r" if b"\r" in head and b"\n" not in head else "\n"


def _filled(line: str) -> str:
    return line.strip(' \t\r\n,;|"')


def _blank(lines: Sequence[str], above: int) -> int:
    """How many lines there are above the first one that is not blank."""
    while above < len(lines) and not _filled(lines[above]):
        above += 1
    return above


def _record(lines: Sequence[str], above: int, newline: str) -> str:
    """The header with its line end. It may have line breaks in quotes."""
    if above >= len(lines) or not _filled(lines[above]):
        raise FileUnreadable(
            f"Line {above + 1} of the file is no header; see `header_line` of the mapping."
            if any(_filled(line) for line in lines)
            else "The file is empty: it has no header."
        )
    end = above + 1
    while end < len(lines) and newline.join(lines[above:end]).count('"') % 2:
        end += 1
    return newline.join(lines[above:end]) + (newline if end < len(lines) else "")


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
