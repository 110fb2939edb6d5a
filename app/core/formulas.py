"""Formulas of a workbook that came to nothing: errors, and those nobody has computed yet.

Whoever reads the sheet's values sees an empty cell in both cases, and an amount would be gone
without a word. So the sheet is looked through once more, and parsed again only where it has such.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import fromstring
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

PIECE, MOST = 1024 * 1024, 16 * 1024 * 1024
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SUSPECT = re.compile(
    rb'[ \n]t="e"|(?:</(?:\w+:)?f>|<(?:\w+:)?f(?: [^<>]*)?/>)\s*'
    rb"(?:</(?:\w+:)?c>|<(?:\w+:)?v ?/>|<(?:\w+:)?v></)"
)
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Uncomputed(Exception):
    """A formula without a value; the text is the name of its cell."""


def errors(source: Path) -> dict[tuple[int, int], str]:
    """(row, column), both from nought → what stands in a cell of the first sheet that has an error.

    `Uncomputed` where a formula has no value. Nothing is known of what is no XLSX.
    """
    try:
        with ZipFile(source) as book:
            name = _first(book)
            if not any(_SUSPECT.search(text) for text in _pieces(book, name, overlap=256)):
                return {}
            seen = _Seen()
            for text in _pieces(book, name):
                seen.parser.Parse(text)
            return seen.found
    except (BadZipFile, KeyError, ValueError, SyntaxError, expat.ExpatError):
        return {}


def _first(book: ZipFile) -> str:
    with book.open("xl/workbook.xml") as file:
        sheet = fromstring(file.read(MOST)).find(f"{_MAIN}sheets/{_MAIN}sheet")  # noqa: S314
    with book.open("xl/_rels/workbook.xml.rels") as file:
        links = {link.get("Id"): link.get("Target") for link in fromstring(file.read(MOST))}  # noqa: S314
    target = None if sheet is None else links[sheet.get(_LINK)]
    if not target:
        raise KeyError("sheet")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _pieces(book: ZipFile, name: str, overlap: int = 0) -> Iterator[bytes]:
    """With an overlap, each begins with the end of the one before."""
    end = b""
    with book.open(name) as file:
        while piece := file.read(PIECE):
            yield end + piece
            end = piece[-overlap:] if overlap else b""


@dataclass(slots=True)
class _Seen:
    """What a parser passes by."""

    found: dict[tuple[int, int], str] = field(default_factory=dict)
    parser: expat.XMLParserType = field(init=False)
    _cell: str = ""
    _type: str = ""
    _inside: str = ""
    _formula: bool = False
    _value: str = ""

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, said: dict[str, str]) -> None:
        self._inside = name.rpartition(":")[2]
        if self._inside == "c":
            self._cell, self._type = said.get("r", ""), said.get("t", "")
            self._formula, self._value = False, ""
        elif self._inside == "f":
            self._formula = True

    def _text(self, text: str) -> None:
        if self._inside == "v":
            self._value += text

    def _end(self, name: str) -> None:
        self._inside = ""
        if name.rpartition(":")[2] != "c":
            return
        if self._formula and not self._value and self._type not in ("str", "inlineStr"):
            raise Uncomputed(self._cell)
        place = _CELL.fullmatch(self._cell)
        if self._type == "e" and place:
            column = 0
            for letter in place[1]:
                column = column * 26 + ord(letter) - 64
            self.found[int(place[2]) - 1, column - 1] = self._value
