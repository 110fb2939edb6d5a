"""What the world sees of the work outside of requests."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, Out


class JobKind(StrEnum):
    IMPORT = "import"
    IMPORT_REVERT = "import_revert"
    SNAPSHOTS = "snapshots"
    STALE = "stale"
    LESSONS = "lessons"
    LEDGER_FOLD = "ledger_fold"
    PURGE = "purge"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class JobProgressOut(Out):
    done: int
    total: int | None


class JobOut(Out):
    id: UUID
    kind: JobKind
    subject: Annotated[
        str | None, Field(description="What it is about: the id of an import, or a day.")
    ]
    state: JobState
    attempts: Annotated[int, Field(description="How often a worker has taken it up.")]
    progress: JobProgressOut
    problem: Annotated[dict[str, Any] | None, Field(description="What went wrong last.")]
    next_run_at: Annotated[
        datetime | None, Field(description="While it is queued: not before then.")
    ]
    worker: Annotated[str | None, Field(description="Who has it, or had it last.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobQuery(Listing):
    kind: JobKind | None = None
    state: JobState | None = None
