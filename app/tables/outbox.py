"""What others are told of: written with the change it tells of, numbered afterwards.

Writers never wait for a number: they leave a draft, which is there if and only if the change is.
One publisher at a time takes the drafts of a workspace and numbers them, so that whoever has read
up to a number has missed nothing below it (see `app/domain/outbox/publishing.py`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home


class OutboxDraft(Owned):
    """An event that nobody has read yet. `written_at` is the database's clock: of two changes of
    one object, the later one also waited for the earlier one."""

    __tablename__ = "outbox_drafts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    written_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    type: Mapped[str]
    object: Mapped[str]
    object_id: Mapped[UUID | None]
    object_version: Mapped[int | None]
    created_at: Mapped[datetime]
    bulk: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any] | None]

    __table_args__ = (home(),)


class OutboxEvent(Owned):
    """An event as it is read: `seq` counts up within the workspace, without a gap."""

    __tablename__ = "outbox_events"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID]
    type: Mapped[str]
    object: Mapped[str]
    object_id: Mapped[UUID | None]
    object_version: Mapped[int | None]
    created_at: Mapped[datetime]
    bulk: Mapped[bool]
    data: Mapped[dict[str, Any] | None]

    __table_args__ = (
        home(),
        # The oldest go first; see `publishing.forget`.
        Index(None, "workspace_id", "created_at"),
    )


class OutboxHead(Owned):
    """How far the numbers of a workspace have come, and up to where events were forgotten."""

    __tablename__ = "outbox_heads"

    seq: Mapped[int] = mapped_column(BigInteger)
    forgotten: Mapped[int] = mapped_column(BigInteger)
    # Up to where lights and the matrix were looked at, and when.
    watched_seq: Mapped[int] = mapped_column(BigInteger)
    watched_at: Mapped[datetime | None]

    __table_args__ = (home(),)


class EventMark(Owned):
    """What was told last of something that nobody writes: a light, a target, a cell at risk."""

    __tablename__ = "event_marks"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    told_at: Mapped[datetime | None]

    __table_args__ = (home(),)
