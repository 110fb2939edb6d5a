"""What was learnt from the past, kept from one day to the next."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_29_31_lessons"
down_revision = "2026_11_29_30_undoing"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
KEY = ("workspace_id", "process_id", "version_id", "shape", "in_force_from")


def upgrade() -> None:
    op.create_table(
        "forecast_lessons",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("in_force_from", MOMENT, nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("learnt_at", MOMENT, nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("deals", sa.Integer(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.CheckConstraint(
            "in_force_from >= as_of", name=op.f("forecast_lessons_in_force_after_as_of_check")
        ),
        sa.CheckConstraint("deals >= 0", name=op.f("forecast_lessons_deals_counted_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("forecast_lessons_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        *(_link(column, table) for column, table in LINKS.items()),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("forecast_lessons_pk")),
    )
    walls.wall(op.execute, "forecast_lessons", grants=walls.APPEND_ONLY)


LINKS = {"process_id": "processes", "version_id": "process_versions"}


def _link(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{table}.workspace_id", f"{table}.id"],
        name=op.f(f"forecast_lessons_workspace_id_{column}_fk"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table("forecast_lessons")
