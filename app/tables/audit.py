"""Who is known from outside, and what everybody did."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class Identity(Owned):
    """Under which name an issuer of tokens knows a person; said once, and not by e-mail again."""

    __tablename__ = "identities"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    person_id: Mapped[UUID]
    created_at: Mapped[datetime]

    __table_args__ = (
        home(),
        link("person_id", "people", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "issuer", "subject", name="identities_subject_key"),
        Index(None, "workspace_id", "person_id"),
    )


class AuditEntry(Owned):
    """One change, written with it, by whom. Append-only: the application may not change it.

    What happens to opportunities stands in their events, which are append-only and name their
    actor as well; nothing is written twice.
    """

    __tablename__ = "audit_log"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[UUID | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    request_id: Mapped[UUID | None]

    __table_args__ = (
        home(),
        CheckConstraint(
            "actor_kind IN ('key', 'person', 'import', 'system')", name="actor_kind_known"
        ),
        Index(None, "workspace_id", "object_id", "at", "id"),
    )
