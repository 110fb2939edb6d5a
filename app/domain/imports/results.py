"""The three result files: every row of the input stands in exactly one of them.

Rows are given back as they came, byte for byte, in the file's own encoding. `failed.csv` has two
more columns, the line and the errors; a row that has too few fields is filled up so that they stand
in their places. Nothing in the sender's own cells is changed, formulas included: the file is meant
to be mended and sent again. What we add begins with no sign that a spreadsheet would compute.
"""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import EncodingWrong, FileUnreadable
from app.core.errors import ImportState as PastThat
from app.core.work import Work
from app.domain.imports import chunks, upload
from app.domain.imports.dialect import Dialect
from app.domain.imports.records import Record, records
from app.schemas.imports import ResultFile
from app.tables import Import, ImportProblem

ADDED = ("line", "errors")
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Result:
    """A result file to be written: which rows of which import."""

    workspace_id: UUID
    import_id: UUID
    file: ResultFile
    dialect: Dialect
    # Which chunks are written, of how many, and by what the rows are cut.
    written: frozenset[int]
    many: int
    key: chunks.Key
    # Where nobody can tell the rows apart, the file is given back as it is.
    whole: bool

    def looked_at(self, record: Record) -> bool:
        if self.many == 1:
            return 0 in self.written
        return self.key.number_of(record.cells, self.many) in self.written


async def result(work: Work, id: UUID, file: ResultFile) -> Result:
    """What is needed to write a result file after the transaction has ended."""
    row = await work.get(Import, id)
    if "dialect" not in row.report:
        raise PastThat("The import has no file that can be read.")
    await upload.ask_for(work, id)
    unreadable = (row.problem or {}).get("code") in (FileUnreadable.code, EncodingWrong.code)
    done = frozenset(await chunks.numbers(work, id))
    return Result(
        work.workspace_id,
        id,
        file,
        Dialect.of(row.report["dialect"]),
        done,
        row.report.get("chunks", 1),
        chunks.Key.of(row.report),
        whole=unreadable and not done,
    )


async def written(engine: AsyncEngine, result: Result) -> AsyncIterator[bytes]:
    """The file, piece by piece; no connection is held in between."""
    dialect, failed = result.dialect, result.file is ResultFile.FAILED
    parts = upload.parts(engine, result.workspace_id, result.import_id)
    if result.whole and result.file is ResultFile.UNPROCESSED:
        async for part in parts:
            yield part
        return
    yield _line([*dialect.header, *(ADDED if failed else ())], dialect)
    if result.whole:
        return
    faults = _Faults(engine, result)
    async for batch in records(parts, dialect):
        errors = await faults.upto(batch[-1].line) if batch else {}
        rows = (_row(record, errors.get(record.line), result) for record in batch)
        yield "".join(rows).encode(dialect.encoding, errors="replace")


def _row(record: Record, errors: str | None, result: Result) -> str:
    dialect = result.dialect
    raw = record.raw.rstrip("\r\n") + "\r\n"
    if not result.looked_at(record):
        return raw if result.file is ResultFile.UNPROCESSED else ""
    if result.file is ResultFile.UNPROCESSED:
        return ""
    if (errors is not None) is (result.file is ResultFile.SUCCESSFUL):
        return ""
    if errors is None:
        return raw
    lacking = dialect.delimiter * max(0, len(dialect.header) - len(record.cells))
    added = _line([str(record.line), errors], dialect).decode(dialect.encoding)
    return record.raw.rstrip("\r\n") + lacking + dialect.delimiter + added


def _line(cells: list[str], dialect: Dialect) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=dialect.delimiter).writerow(cells)
    return text.getvalue().encode(dialect.encoding, errors="replace")


class _Faults:
    """The faults of an import in the order of its lines, read ahead page by page."""

    def __init__(self, engine: AsyncEngine, result: Result) -> None:
        self.engine = engine
        self.result = result
        self.place = (0, 0)
        self.ahead: list[Any] = []
        self.more = result.file is not ResultFile.UNPROCESSED

    async def upto(self, line: int) -> dict[int, str]:
        """Line → its faults in words for programs: `column: code`, one after the other."""
        while self.more and (not self.ahead or self.ahead[-1].line <= line):
            await self._read()
        errors: dict[int, list[str]] = {}
        for row in self.ahead:
            if row.line <= line:
                said = f"{row.column}: {row.code}" if row.column else row.code
                errors.setdefault(row.line, []).append(said)
        self.ahead = [row for row in self.ahead if row.line > line]
        return {line: _harmless("; ".join(said)) for line, said in errors.items()}

    async def _read(self) -> None:
        here = ImportProblem.workspace_id == self.result.workspace_id
        keys = (ImportProblem.line, ImportProblem.number)
        query = (
            select(*keys, ImportProblem.column, ImportProblem.code)
            .where(here, ImportProblem.import_id == self.result.import_id)
            .where(
                (keys[0] > self.place[0]) | ((keys[0] == self.place[0]) & (keys[1] > self.place[1]))
            )
            .order_by(*keys)
            .limit(PAGE)
        )
        async with workspace_transaction(self.engine, self.result.workspace_id) as db:
            found = list((await db.execute(query)).all())
        self.more = len(found) == PAGE
        self.ahead += found
        if found:
            self.place = (found[-1].line, found[-1].number)


def _harmless(text: str) -> str:
    """A column may be named like a formula; a spreadsheet must not compute what we added."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
