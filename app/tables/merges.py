"""Merges of accounts, with all they changed, so that each can be undone. Only ever added to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class AccountMerge(Owned):
    """Several accounts became one."""

    __tablename__ = "account_merges"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kept_id: Mapped[UUID]
    merged_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    note: Mapped[str | None]
    merged_at: Mapped[datetime]
    merged_by: Mapped[str]

    __table_args__ = (
        home(),
        link("kept_id", "accounts"),
        Index(None, "workspace_id", "merged_at", "id"),
    )


class AccountMergeChange(Owned):
    """A row that a merge changed: `key` finds it as it is now, `before` is what it was."""

    __tablename__ = "account_merge_changes"

    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    table_name: Mapped[str]
    key: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]

    __table_args__ = (home(), link("merge_id", "account_merges", ondelete="CASCADE"))


class AccountMergeUndo(Owned):
    """A merge that was taken back; that can happen once."""

    __tablename__ = "account_merge_undos"

    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
    undone_at: Mapped[datetime]
    undone_by: Mapped[str]

    __table_args__ = (home(), link("merge_id", "account_merges", ondelete="CASCADE"))
