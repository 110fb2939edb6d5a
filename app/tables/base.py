"""What every table shares: named constraints, the workspace in every key, a version to match."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "pk": "%(table_name)s_pk",
    "fk": "%(table_name)s_%(column_0_N_name)s_fk",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own hook
        str: Text,
        datetime: TIMESTAMP(timezone=True),
        Decimal: Numeric,
        # None is SQL's NULL, not the JSON value null.
        dict[str, Any]: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB(none_as_null=True),
    }


class Owned(Table):
    """A row that belongs to a workspace: the workspace leads its primary key."""

    __abstract__ = True
    # What of it goes into the audit log; rows that are their own record (events) name their actor.
    audited: ClassVar[frozenset[str]] = frozenset()

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)


class Versioned(Owned):
    """An ordinary resource: it has an id, counts its changes, and leaves no hole when deleted."""

    __abstract__ = True
    audited: ClassVar[frozenset[str]] = frozenset({"created", "changed", "deleted"})

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


def home() -> ForeignKeyConstraint:
    """Every owned row goes with its workspace."""
    return ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE")


def link(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference that cannot cross workspaces: the workspace is half of it."""
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete=ondelete
    )
