"""Pairs that look the same and are not: somebody looked, so that nobody has to again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class _Distinct(Owned):
    """The smaller id comes first, so that a pair can be said once."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    first_id: Mapped[UUID]
    second_id: Mapped[UUID]
    note: Mapped[str | None]
    said_at: Mapped[datetime]
    said_by: Mapped[str]


class DistinctAccounts(_Distinct):
    __tablename__ = "distinct_accounts"

    __table_args__ = (
        home(),
        link("first_id", "accounts"),
        link("second_id", "accounts"),
        CheckConstraint("first_id < second_id", name="in_order"),
        Index("distinct_accounts_pair_key", "workspace_id", "first_id", "second_id", unique=True),
        Index(None, "workspace_id", "said_at", "id"),
    )


class DistinctOpportunities(_Distinct):
    __tablename__ = "distinct_opportunities"

    __table_args__ = (
        home(),
        link("first_id", "opportunities"),
        link("second_id", "opportunities"),
        CheckConstraint("first_id < second_id", name="in_order"),
        Index(
            "distinct_opportunities_pair_key", "workspace_id", "first_id", "second_id", unique=True
        ),
        Index(None, "workspace_id", "said_at", "id"),
    )
