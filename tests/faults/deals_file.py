"""A list of deals as somebody would import it, and what must have become of it afterwards."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from app.schemas.imports import ResultFile
from tests.faults.workshop import Workshop

HEADER = "external_id,account,owner,value,created_at,status\n"
UNREADABLE = "much"


@dataclass(frozen=True)
class Row:
    deal: str
    value: str
    line: str


@dataclass(frozen=True)
class Losses:
    """What went wrong with an import, each counted; all of them are to be nought."""

    rows_in_no_file: int
    rows_in_two_files: int
    rows_in_the_wrong_file: int
    deals_lost: int
    deals_twice: int
    deals_of_no_row: int
    values_changed: int
    ledger_differences: int
    counted_wrongly: int

    @property
    def none(self) -> bool:
        return not any(asdict(self).values())


assert all(field.type is int for field in fields(Losses))


def deals(many: int) -> list[Row]:
    """Every ninth row cannot be read; every eleventh is the deal of the row before, once more."""
    rows = []
    for i in range(many):
        deal = f"D{i - 1 if i % 11 == 10 else i}"
        value = UNREADABLE if i % 9 == 8 else f"{i}.25"
        line = f"{deal},A{i % 50},P{i % 7},{value},2025-01-{1 + i % 28:02},open"
        rows.append(Row(deal, value, line))
    return rows


def as_file(rows: list[Row]) -> bytes:
    return (HEADER + "".join(f"{row.line}\n" for row in rows)).encode()


def losses(workshop: Workshop, id: str, rows: list[Row]) -> Losses:
    """Of what the rows say, what is not in the files and the tables; and what is there too much."""
    files = {file: Counter(_lines(workshop, id, file)) for file in ResultFile}
    found = sum(files.values(), Counter())
    # Of the readable rows of a deal the last one counts; the others stand among the failed.
    last = {row.deal: row for row in rows if row.value != UNREADABLE}
    wanted = Counter(row.line for row in last.values())
    stored = [line.split("|") for line in workshop.ask(STORED).splitlines()]
    times = Counter(deal for deal, _ in stored)
    counts = workshop.ask(COUNTED.format(id=id)).split("|")
    expected = [len(rows), len(last), len(rows) - len(last)]
    return Losses(
        rows_in_no_file=sum(row.line not in found for row in rows),
        rows_in_two_files=sum(found[row.line] > 1 for row in rows),
        rows_in_the_wrong_file=_apart(files[ResultFile.SUCCESSFUL], wanted),
        deals_lost=len(last.keys() - times.keys()),
        deals_twice=sum(many > 1 for many in times.values()),
        deals_of_no_row=len(times.keys() - last.keys()),
        values_changed=sum(deal in last and last[deal].value != value for deal, value in stored),
        ledger_differences=len(workshop.differences()),
        counted_wrongly=sum(int(a) != b for a, b in zip(counts, expected, strict=True)),
    )


STORED = "SELECT external_id, value::numeric(20, 2) FROM opportunities"
COUNTED = (
    "SELECT counts ->> 'read', counts ->> 'created', counts ->> 'rejected'"
    " FROM imports WHERE id = '{id}'"
)


def _lines(workshop: Workshop, id: str, file: ResultFile) -> Iterator[str]:
    added = 2 if file is ResultFile.FAILED else 0
    return (line.rsplit(",", added)[0] for line in workshop.lines(id, file))


def _apart(some: "Counter[str]", others: "Counter[str]") -> int:
    return sum((some - others).values()) + sum((others - some).values())
