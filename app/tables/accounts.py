"""Accounts that buy and products that are bought."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Versioned, home, link


class Account(Versioned):
    __tablename__ = "accounts"

    name: Mapped[str]
    segment: Mapped[str | None]
    country: Mapped[str | None]
    domain: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    # Who looks after it now.
    owner_id: Mapped[UUID | None]
    source: Mapped[str]
    external_id: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        home(),
        link("parent_id", "accounts"),
        link("owner_id", "people"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        Index(
            "accounts_external_id_key",
            "workspace_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("accounts_name_idx", "workspace_id", text("lower(name)")),
        Index(None, "workspace_id", "owner_id"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
    )


class Product(Versioned):
    __tablename__ = "products"

    key: Mapped[str]
    name: Mapped[str]
    list_price: Mapped[Decimal | None]
    currency: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        home(),
        CheckConstraint("(list_price IS NULL) = (currency IS NULL)", name="price_has_currency"),
        Index(
            "products_key_key",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
