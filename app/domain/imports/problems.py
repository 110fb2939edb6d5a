"""The bad fields of an import, page by page in the order of the file."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from sqlalchemy import tuple_

from app.core.errors import Fault, InvalidCursor
from app.core.page import Page
from app.core.work import Work
from app.domain.imports.faults import sentence
from app.schemas.imports import ImportProblemOut, ProblemQuery
from app.tables import Import, ImportProblem

# More than any line number has, fewer than a bigint takes.
MOST_DIGITS = 18


async def find(work: Work, id: UUID, asked: ProblemQuery) -> Page:
    await work.get(Import, id)
    keys = (ImportProblem.line, ImportProblem.number)
    query = work.rows(ImportProblem).where(ImportProblem.import_id == id)
    if asked.outcome is not None:
        query = query.where(ImportProblem.outcome == asked.outcome)
    if asked.cursor is not None:
        query = query.where(tuple_(*keys) > tuple_(*_place(asked.cursor, id)))
    found = await work.all(query.order_by(*keys).limit(asked.page_size + 1))
    rows = found[: asked.page_size]
    more = len(found) > asked.page_size
    told = [
        ImportProblemOut(
            line=row.line,
            outcome=row.outcome,
            column=row.column,
            code=row.code,
            value=row.value,
            detail=sentence(row.code, row.detail, work.language),
        )
        for row in rows
    ]
    return Page(told, _cursor(id, rows[-1].line, rows[-1].number) if more else None)


def _cursor(id: UUID, line: int, number: int) -> str:
    return urlsafe_b64encode(f"{id} {line} {number}".encode()).decode().rstrip("=")


def _place(cursor: str, id: UUID) -> tuple[int, int]:
    try:
        bound, line, number = (
            urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        )
        if bound != str(id) or not (len(line) < MOST_DIGITS and len(number) < MOST_DIGITS):
            raise ValueError(bound)
        return int(line), int(number)
    except ValueError as error:
        detail = "This cursor does not belong to the problems of this import."
        fault: Fault = {"parameter": "cursor", "code": "invalid_cursor", "detail": detail}
        raise InvalidCursor(detail, faults=[fault]) from error
