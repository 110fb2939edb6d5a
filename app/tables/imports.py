"""Imports: the file as it came, how far it is written, every bad field of every row, and what
objects were before."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger
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
    # How far its undoing is, and what came of it.
    revert: Mapped[dict[str, Any] | None]
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


class ImportChunk(Owned):
    """A part of an import that is written: in the same transaction as its rows, so that whoever
    takes the import up again knows what is done. What came of it is added up at the end."""

    __tablename__ = "import_chunks"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any]]
    reconciliation: Mapped[dict[str, Any] | None]
    written_at: Mapped[datetime]

    __table_args__ = (
        home(),
        link("import_id", "imports", ondelete="CASCADE"),
    )


class ImportChange(Owned):
    """What an import made of something: as it was before (nothing, where it was made), and the
    version it had afterwards. Deals that came in new say by themselves which import made them."""

    __tablename__ = "import_changes"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[dict[str, Any] | None]
    version: Mapped[int]

    __table_args__ = (
        home(),
        link("import_id", "imports", ondelete="CASCADE"),
        CheckConstraint(
            "table_name IN ('accounts', 'opportunities', 'people', 'products')",
            name="table_name_known",
        ),
    )


class ImportLeft(Owned):
    """What undoing an import left as it was, and why."""

    __tablename__ = "import_left"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]

    __table_args__ = (
        home(),
        link("import_id", "imports", ondelete="CASCADE"),
        CheckConstraint(
            "reason IN ('changed_since', 'in_use', 'no_way_back')", name="reason_known"
        ),
    )
