"""Jobs that were given up, tried again, together with what they belong to."""

from uuid import UUID

from app.core.work import Work
from app.domain import jobs
from app.domain.imports import register, reverting
from app.schemas.jobs import JobKind, JobOut


async def retry(work: Work, id: UUID) -> JobOut:
    row = await jobs.revive(work, id)
    if row.kind == JobKind.IMPORT:
        await register.again(work, UUID(row.subject))
    if row.kind == JobKind.IMPORT_REVERT:
        await reverting.again(work, UUID(row.subject))
    return jobs.seen(row)
