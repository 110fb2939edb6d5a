"""What customers want to achieve, which of our products serve that, and when to talk about it."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link


class Goal(Versioned):
    """A goal of an account. It is due for a review so many days after the last one."""

    __tablename__ = "goals"

    account_id: Mapped[UUID]
    text: Mapped[str]
    since: Mapped[date]
    review_every_days: Mapped[int | None]
    reviewed_on: Mapped[date | None]
    review_due: Mapped[date | None] = mapped_column(
        Computed("COALESCE(reviewed_on, since) + review_every_days", persisted=True)
    )

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        CheckConstraint("review_every_days >= 1", name="review_every_days_positive"),
        Index(None, "workspace_id", "account_id", "created_at", "id"),
        Index(None, "workspace_id", "review_due"),
    )


class GoalProduct(Owned):
    """A product of ours that serves a goal."""

    __tablename__ = "goal_products"

    goal_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        home(),
        link("goal_id", "goals", ondelete="CASCADE"),
        link("product_id", "products"),
        Index(None, "workspace_id", "product_id"),
    )
