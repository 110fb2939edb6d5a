"""The endpoints of processes, their versions and the templates they can start from."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.api.door import IfMatch, ReadForecast, ReadProcesses, WriteProcesses
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import adherence, inference, processes, relocation, templates
from app.schemas.adherence import AdherenceOut, AdherenceQuery
from app.schemas.base import Listing, PageOut
from app.schemas.inference import InferenceIn, InferenceOut
from app.schemas.processes import (
    ProcessChange,
    ProcessIn,
    ProcessOut,
    TemplateOut,
    TemplateQuery,
    VersionIn,
    VersionOut,
    VersionQuery,
)
from app.schemas.relocation import RelocationIn, RelocationOut

router = APIRouter(tags=["processes"])

Wanted = Annotated[str, Path(max_length=64, description="Id or key of the process.")]
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("/processes", response_model=PageOut[ProcessOut])
async def list_processes(work: ReadProcesses, asked: Annotated[Listing, Query()]) -> Page:
    """Every process, each as its newest version."""
    return await processes.find(work, asked)


@router.post("/processes", status_code=201)
async def create_process(
    work: WriteProcesses, process: ProcessIn, response: Response
) -> ProcessOut:
    """Describe how customers come to buy: by milestones of your own, or from a template."""
    made = await processes.create(work, process)
    return tagged(response, placed(response, "processes", made))


@router.post("/processes/infer")
async def infer_process(work: ReadProcesses, asked: InferenceIn) -> InferenceOut:
    """Propose a process from the stage history that another system kept. Nothing is stored."""
    return inference.propose(work, asked)


@router.get("/processes/{id}")
async def read_process(
    work: ReadProcesses, id: Wanted, asked: Annotated[VersionQuery, Query()], response: Response
) -> ProcessOut:
    """The whole definition of a process, in its newest version or an older one."""
    return tagged(response, await processes.read(work, id, asked.version))


@router.patch("/processes/{id}")
async def change_process(
    work: WriteProcesses, id: Wanted, version: IfMatch, patch: ProcessChange, response: Response
) -> ProcessOut:
    """Its name, its market, and what becomes of dead opportunities; milestones are published."""
    return tagged(response, await processes.change(work, id, version, patch))


@router.delete("/processes/{id}", status_code=204)
async def delete_process(work: WriteProcesses, id: Wanted, version: IfMatch) -> None:
    """Take a process out of use; refused while opportunities are open in it."""
    await processes.remove(work, id, version)


@router.get("/processes/{id}/versions", response_model=PageOut[VersionOut])
async def list_process_versions(
    work: ReadProcesses, id: Wanted, asked: Annotated[Listing, Query()]
) -> Page:
    """What was published when, newest first."""
    return await processes.versions(work, id, asked)


@router.post("/processes/{id}/versions", status_code=201)
async def publish_process_version(
    work: WriteProcesses, id: Wanted, version: VersionIn, response: Response
) -> ProcessOut:
    """Publish the next version. Versions published before never change."""
    made = await processes.publish(work, id, version)
    number = made.process_version
    response.headers["Location"] = f"/v1/processes/{made.id}?version={number}"
    return tagged(response, made)


@router.post("/processes/{id}/versions/{number}/migrate")
async def migrate_opportunities(
    work: WriteProcesses, id: Wanted, number: Number, asked: RelocationIn
) -> RelocationOut:
    """Move every open opportunity to the newest version; `dry_run` says what would happen."""
    return await relocation.relocate(work, id, number, asked)


@router.get("/processes/{id}/adherence")
async def read_process_adherence(
    work: ReadForecast, id: Wanted, asked: Annotated[AdherenceQuery, Query()]
) -> AdherenceOut:
    """Whether the process is lived: evidence, skipped milestones, late and batched entries."""
    return await adherence.adherence(work, id, asked)


@router.get("/process-templates", response_model=PageOut[TemplateOut])
async def list_process_templates(
    work: ReadProcesses, asked: Annotated[TemplateQuery, Query()]
) -> Page:
    """Ready-made processes, to be used as they are or as a start."""
    return Page(templates.templates(asked.language or work.language), None)
