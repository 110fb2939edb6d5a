"""The endpoints of jobs: what waits, what is under way, what was given up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import WriteImports
from app.core.page import Page
from app.domain import job_retries, jobs
from app.schemas.base import PageOut
from app.schemas.jobs import JobOut, JobQuery

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", response_model=PageOut[JobOut])
async def list_jobs(work: WriteImports, asked: Annotated[JobQuery, Query()]) -> Page:
    """What is done outside of requests, newest first: imports, and what recurs by itself."""
    return await jobs.find(work, asked)


@router.get("/{id}")
async def read_job(work: WriteImports, id: UUID) -> JobOut:
    """How far it is, how often it was tried, and what went wrong."""
    return await jobs.read(work, id)


@router.post("/{id}/retry", status_code=202)
async def retry_job(work: WriteImports, id: UUID, response: Response) -> JobOut:
    """Try a job again that was given up. An import goes on behind the chunks that are written."""
    queued = await job_retries.retry(work, id)
    response.headers["Location"] = f"/v1/jobs/{id}"
    response.headers["Retry-After"] = "1"
    return queued
