"""Work outside of requests: what waits, what is under way, and what was given up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home


class Job(Owned):
    """Something to be done once for its subject: an import, a day, or all there is.

    `attempts` is the token of whoever holds the lease: who has an older one may not write.
    `failures` counts the attempts since it last came forward. Leases and `run_at` are the
    machine's time, which goes on where a test stops the service's clock.
    """

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None]
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        UniqueConstraint("workspace_id", "kind", "subject"),
        CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'dead', 'cancelled')", name="state_known"
        ),
        CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)", name="lease_while_running"
        ),
        Index(None, "workspace_id", "created_at", "id"),
        Index(
            "jobs_due_idx",
            "workspace_id",
            "run_at",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )
