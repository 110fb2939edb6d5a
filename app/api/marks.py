"""The endpoints of marks: what is due at which customer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadMatrix, WriteMatrix
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import marks
from app.schemas.marks import MarkIn, MarkOut, MarkPatch, MarkQuery
from app.schemas.shapes import CountedPageOut
from app.tables import Mark

router = APIRouter(prefix="/marks", tags=["matrix"])


@router.get("", response_model=CountedPageOut[MarkOut])
async def list_marks(work: ReadMatrix, asked: Annotated[MarkQuery, Query()]) -> Page:
    """The due list: marks of customers and cells, what is due first comes first."""
    return await marks.find(work, asked)


@router.post("", status_code=201)
async def create_mark(work: WriteMatrix, mark: MarkIn, response: Response) -> MarkOut:
    """Mark a customer, or one of its cells: an occasion, and until when somebody shall act."""
    return tagged(response, placed(response, "marks", await marks.create(work, mark)))


@router.get("/{id}")
async def read_mark(work: ReadMatrix, id: UUID, response: Response) -> MarkOut:
    """One mark."""
    return tagged(response, await marks.read(work, id))


@router.patch("/{id}")
async def change_mark(
    work: WriteMatrix, id: UUID, version: IfMatch, patch: MarkPatch, response: Response
) -> MarkOut:
    """Change what is named; `done_at` says that it is done."""
    return tagged(response, await marks.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_mark(work: WriteMatrix, id: UUID, version: IfMatch) -> None:
    """Take the mark away, done or not."""
    await work.remove(Mark, id, version)
