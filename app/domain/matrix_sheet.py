"""The matrix as a workbook: the colours of the article, and what they mean."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it has no types

from app.engine.matrix.status import Status

Rows = Sequence[tuple[str, Sequence[tuple[Status, str]]]]

# What stands in a cell, for those who do not see colours, and for an import.
WORDS = {
    Status.BUYS: "X",
    Status.COMPETITOR: "red",
    Status.NEED: "green",
    Status.NO_NEED: "grey",
    Status.UNKNOWN: "",
    Status.NA: "n/a",
}
CENTRED = {"align": "center", "border": 1, "border_color": "#D9D9D9"}
FORMATS: dict[Status, dict[str, Any]] = {
    Status.BUYS: {"bold": True},
    Status.COMPETITOR: {"bg_color": "#E06666"},
    Status.NEED: {"bg_color": "#93C47D"},
    Status.NO_NEED: {"bg_color": "#BFBFBF"},
    Status.UNKNOWN: {},
    Status.NA: {"font_color": "#7F7F7F"},
}
SHEETS = {"en": ("Matrix", "Legend"), "de": ("Matrix", "Legende")}
LEGEND = {
    "en": {
        Status.BUYS: "buys it from us",
        Status.COMPETITOR: "buys it from a competitor",
        Status.NEED: "needs it",
        Status.NO_NEED: "does not need it",
        Status.UNKNOWN: "white spot: nobody asked yet",
        Status.NA: "cannot use it",
    },
    "de": {
        Status.BUYS: "kauft es bei uns",
        Status.COMPETITOR: "kauft es beim Wettbewerb",
        Status.NEED: "hat Bedarf",
        Status.NO_NEED: "hat keinen Bedarf",
        Status.UNKNOWN: "weißer Fleck: noch hat niemand gefragt",
        Status.NA: "kann es nicht verwenden",
    },
}
NAME_WIDTH, CELL_WIDTH = 32, 14


def sheet(header: Sequence[str], rows: Rows, now: datetime, language: str) -> bytes:
    """The bytes of an .xlsx file. Everything is written as text: nothing in it is computed."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": "Matrix", "created": now.replace(tzinfo=None)})
    formats = {status: book.add_format(CENTRED | own) for status, own in FORMATS.items()}
    matrix, legend = (book.add_worksheet(name) for name in SHEETS[language])
    _fill(matrix, header, rows, book.add_format({"bold": True, "text_wrap": True}), formats)
    for line, (status, meaning) in enumerate(LEGEND[language].items()):
        legend.write_string(line, 0, WORDS[status], formats[status])
        legend.write_string(line, 1, meaning)
    legend.set_column(1, 1, NAME_WIDTH)
    book.close()
    return file.getvalue()


def _fill(page: Any, header: Sequence[str], rows: Rows, bold: Any, formats: Any) -> None:
    page.set_column(0, 0, NAME_WIDTH)
    page.set_column(1, max(1, len(header) - 1), CELL_WIDTH)
    page.freeze_panes(1, 1)
    for column, name in enumerate(header):
        page.write_string(0, column, name, bold)
    for line, (name, marks) in enumerate(rows, start=1):
        page.write_string(line, 0, name)
        for column, (status, text) in enumerate(marks, start=1):
            page.write_string(line, column, text, formats[status])
    page.autofilter(0, 0, len(rows), len(header) - 1)
