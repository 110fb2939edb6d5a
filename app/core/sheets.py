"""A workbook, or lines of JSON, as CSV: read by a process of its own that may not grow or linger.

    python -m app.core.sheets xlsx|ndjson FROM TO DECIMAL

A file of a few kilobytes can unpack to gigabytes; then this process ends, and nothing else does.
Every record of the CSV is one row of the sheet, or one line of the file, whatever its cells hold.
"""

import csv
import json
import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from app.core.formulas import Uncomputed, errors

MEBIBYTE = 1024 * 1024
MEMORY, SECONDS, WRITTEN = 1024 * MEBIBYTE, 60, 2048 * MEBIBYTE
# The way out of this process when the file is at fault; what is wrong is said on standard error.
UNREADABLE = 3
MOST_ROWS, MOST_COLUMNS = 1_048_576, 1_500


class Unreadable(Exception):
    """Said to the sender."""


class Number(str):
    """As it stood in the file, not as a float would have it."""

    __slots__ = ()


def sheet(source: Path) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet, from its first row on."""
    try:
        found = CalamineWorkbook.from_path(source).get_sheet_by_index(0)
        rows = found.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise Unreadable(f"The file is no workbook that can be read: {error}.") from None
    try:
        wrong = errors(source)
    except Uncomputed as cell:
        raise Unreadable(
            f"The formula in cell {cell} has no value yet; open the workbook in a spreadsheet and"
            " save it, or send it as CSV."
        ) from None
    for (row, column), said in wrong.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = said
    yield from rows


def lines(source: Path) -> Iterator[Sequence[Any]]:
    """A header of all members there are, then a row for each line."""
    names: dict[str, None] = {}
    for each in _objects(source):
        names.update(dict.fromkeys(each))
    yield list(names)
    for each in _objects(source):
        yield [each.get(name) for name in names]


def _objects(source: Path) -> Iterator[dict[str, Any]]:
    with source.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            yield _object(line, number) if line.strip() else {}


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_int=Number, parse_float=Number, parse_constant=_none)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"Line {number} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Unreadable(f"Line {number} is no object.")
    if "\\u" in line and _torn(found):
        raise Unreadable(f"Line {number} has half of a character, an unpaired \\uD800 to \\uDFFF.")
    return found


def _torn(found: dict[str, Any]) -> bool:
    """Whether anything in it cannot be written down as text."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _none(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def text(cell: Any, decimal: str = ".") -> str:
    """
    >>> [text(cell, ",") for cell in (12.0, 1234.5, Number("0.10"), True, None, "a", 1e21)]
    ['12', '1234,5', '0,10', 'true', '', 'a', '1000000000000000000000']
    >>> text(datetime(2026, 7, 20, 13, 5)), text(datetime(2026, 7, 20))
    ('2026-07-20 13:05:00', '2026-07-20')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Number):
        return cell.replace(".", decimal)
    if isinstance(cell, int | float):
        whole = f"{Decimal(repr(cell)):f}"
        return (whole.rstrip("0").rstrip(".") if "." in whole else whole).replace(".", decimal)
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell.date() if isinstance(cell, datetime) and cell.time() == time() else cell)


def write(rows: Iterable[Sequence[Any]], target: Path, decimal: str) -> None:
    """One record for each row; blank ones at the end are left out."""
    blank = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(rows, 1):
            if number > MOST_ROWS or len(row) > MOST_COLUMNS:
                raise Unreadable(f"More than {MOST_ROWS:,} rows or {MOST_COLUMNS:,} columns.")
            cells = [text(cell, decimal) for cell in row]
            if not any(cell.strip() for cell in cells):
                blank += 1
                continue
            writer.writerows([[""] * len(cells)] * blank)
            writer.writerow(cells)
            blank = 0


READERS: dict[str, Callable[[Path], Iterator[Sequence[Any]]]] = {"xlsx": sheet, "ndjson": lines}


def main(kind: str, source: str, target: str, decimal: str) -> int:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
    ):
        resource.setrlimit(what, (most, most))
    try:
        write(READERS[kind](Path(source)), Path(target), decimal)
    except (Unreadable, UnicodeError) as error:
        sys.stderr.write(str(error))
        return UNREADABLE
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
