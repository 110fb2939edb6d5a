"""Imports: the file as it came, the state of its reading, and every bad field of every row."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class Import(Owned):
    __tablename__ = "imports"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    object: Mapped[str]
    process_id: Mapped[UUID | None]
    source: Mapped[str]
    mapping: Mapped[dict[str, Any]]
    dry_run: Mapped[bool]
    state: Mapped[str]
    phase: Mapped[str | None]
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int | None] = mapped_column(BigInteger)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    # What was found out about the file and what was done on its account: dialect, columns that
    # were ignored, placeholders, notes.
    report: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    reconciliation: Mapped[dict[str, Any] | None]
    problem: Mapped[dict[str, Any] | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        link("process_id", "processes"),
        CheckConstraint(
            "object IN ('opportunities', 'accounts', 'products', 'people', 'events', 'matrix')",
            name="object_known",
        ),
        CheckConstraint(
            "state IN ('open', 'queued', 'running', 'completed', 'completed_with_errors', "
            "'failed', 'cancelled')",
            name="state_known",
        ),
        Index(None, "workspace_id", "created_at", "id"),
        Index(
            "imports_waiting_idx",
            "workspace_id",
            "state",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )


class ImportPart(Owned):
    """A piece of the uploaded file, byte for byte."""

    __tablename__ = "import_parts"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]

    __table_args__ = (
        home(),
        link("import_id", "imports", ondelete="CASCADE"),
    )


class ImportProblem(Owned):
    """One bad field of one row. A row with a problem was not imported."""

    __tablename__ = "import_problems"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    outcome: Mapped[str]
    column: Mapped[str | None]
    code: Mapped[str]
    value: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (
        home(),
        link("import_id", "imports", ondelete="CASCADE"),
        CheckConstraint("outcome IN ('rejected', 'held')", name="outcome_known"),
    )
