"""Answers that are kept, so that a request sent twice happens once."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home


class KeptAnswer(Owned):
    """The answer to the first request with an idempotency key at one route.

    Without a status the request is still under way, and nobody else sees the row. Without a body
    the answer held a secret, which is kept nowhere.
    """

    __tablename__ = "kept_answers"

    key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        home(),
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="key_length"),
        # Never a refusal: a request that was refused did nothing, and may be sent again.
        CheckConstraint("status BETWEEN 200 AND 299", name="status_of_success"),
        Index(None, "workspace_id", "created_at"),
    )
