"""The endpoints of imports: make one, send the file, start it, see what became of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.door import Presented, WriteImports, entered
from app.core.database import workspace_transaction
from app.core.page import Page
from app.core.work import Work
from app.domain.access import Scope
from app.domain.imports import (
    held,
    left,
    presets,
    problems,
    register,
    results,
    reverting,
    upload,
)
from app.schemas.base import PageOut
from app.schemas.imports import (
    ImportHeldOut,
    ImportIn,
    ImportLeftOut,
    ImportOut,
    ImportPresetOut,
    ImportProblemOut,
    ImportQuery,
    LeftQuery,
    ProblemQuery,
    ReleaseIn,
    ResultFile,
    RevertQuery,
)

router = APIRouter(prefix="/imports", tags=["imports"])
known = APIRouter(prefix="/import-presets", tags=["imports"])

CSV = {"text/csv": {"schema": {"type": "string", "format": "binary"}}}

LINE = '{"external_id": "D-1002", "account": "Werft Nord", "value": 48000, "stage": "Won"}\n'
FILES = {
    **CSV,
    "application/x-ndjson": CSV["text/csv"] | {"example": LINE},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": CSV["text/csv"],
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A way in for what takes longer than a transaction should: admitted, and holding nothing."""

    engine: AsyncEngine
    admitted: Work

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """A short transaction of this visitor."""
        async with workspace_transaction(self.engine, self.admitted.workspace_id) as db:
            yield replace(self.admitted, db=db)


async def visit(request: Request, shown: Presented) -> Visit:
    engine: AsyncEngine = request.app.state.engine
    async with engine.begin() as db:
        return Visit(engine, await entered(request, db, shown, Scope.IMPORTS_WRITE))


visit.__dict__["scope"] = Scope.IMPORTS_WRITE
VisitImports = Annotated[Visit, Depends(visit)]


@router.get("", response_model=PageOut[ImportOut])
async def list_imports(work: WriteImports, asked: Annotated[ImportQuery, Query()]) -> Page:
    """The imports of the workspace, newest first."""
    return await register.find(work, asked)


@router.post("", status_code=201)
async def create_import(work: WriteImports, wanted: ImportIn, response: Response) -> ImportOut:
    """Say what a file is and how to read it; the file comes next."""
    made = await register.create(work, wanted)
    response.headers["Location"] = f"/v1/imports/{made.id}"
    return made


@known.get("", response_model=PageOut[ImportPresetOut])
async def list_import_presets(work: WriteImports) -> Page:
    """The systems whose exports can be read without a mapping of columns."""
    return presets.find(work)


@router.get("/{id}")
async def read_import(work: WriteImports, id: UUID) -> ImportOut:
    """How far it is, and what came of it."""
    return await register.read(work, id)


@router.put("/{id}/content", openapi_extra={"requestBody": {"content": FILES, "required": True}})
async def put_import_content(visit: VisitImports, id: UUID, request: Request) -> ImportOut:
    """Send the file (CSV, XLSX, lines of JSON) as one stream.

    Sent again before the start, it replaces the first."""
    await upload.store(visit.engine, visit.admitted.workspace_id, id, request.stream())
    async with visit.work() as work:
        return await register.read(work, id)


@router.post("/{id}/start", status_code=202)
async def start_import(work: WriteImports, id: UUID, response: Response) -> ImportOut:
    """Begin. Ask again at `Location` until the state is final."""
    started = await register.start(work, id)
    return _accepted(started, response)


@router.post("/{id}/cancel")
async def cancel_import(work: WriteImports, id: UUID) -> ImportOut:
    """Stop it. Chunks that are written stay, and can be undone."""
    return await register.cancel(work, id)


@router.post("/{id}/revert", status_code=202)
async def revert_import(
    work: WriteImports, id: UUID, response: Response, asked: Annotated[RevertQuery, Query()]
) -> ImportOut:
    """Undo what it made and changed, as far as it is untouched; `dry_run` says what that would be.

    Ask again at `Location` until `revert` is completed."""
    queued = await reverting.ask(work, id, dry_run=asked.dry_run)
    return _accepted(register.seen(queued), response)


@router.get("/{id}/left", response_model=PageOut[ImportLeftOut])
async def list_import_left(
    work: WriteImports, id: UUID, asked: Annotated[LeftQuery, Query()]
) -> Page:
    """What undoing it left as it is, and why."""
    return await left.find(work, id, asked)


@router.get("/{id}/held")
async def read_import_held(work: WriteImports, id: UUID) -> ImportHeldOut:
    """The stages that the mapping does not name, and how many rows wait for each."""
    return await held.read(work, id)


@router.post("/{id}/release", status_code=202)
async def release_import_held(
    work: WriteImports, id: UUID, wanted: ReleaseIn, response: Response
) -> ImportOut:
    """Say what the stages mean; the held rows are looked at again, without another file."""
    return _accepted(await held.release(work, id, wanted), response)


@router.get("/{id}/problems", response_model=PageOut[ImportProblemOut])
async def list_import_problems(
    work: WriteImports, id: UUID, asked: Annotated[ProblemQuery, Query()]
) -> Page:
    """Every bad field of every row, in the order of the file."""
    return await problems.find(work, id, asked)


@router.get(
    "/{id}/results/{file}", response_class=StreamingResponse, responses={200: {"content": CSV}}
)
async def read_import_results(visit: VisitImports, id: UUID, file: ResultFile) -> StreamingResponse:
    """The rows that succeeded, that failed (with line and errors), or that were not looked at."""
    async with visit.work() as work:
        result = await results.result(work, id, file)
    headers = {"Content-Disposition": f'attachment; filename="{file.value}"'}
    media = f"text/csv; charset={result.dialect.charset}"
    written = results.written(visit.engine, result)
    return StreamingResponse(written, media_type=media, headers=headers)


def _accepted(told: ImportOut, response: Response) -> ImportOut:
    response.headers["Location"] = f"/v1/imports/{told.id}"
    response.headers["Retry-After"] = "1"
    return told
