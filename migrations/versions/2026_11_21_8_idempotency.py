"""Answers that are kept for requests sent twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_8_idempotency"
down_revision = "2026_11_21_7_forecasts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(key) BETWEEN 1 AND 255", name=op.f("kept_answers_key_length_check")
        ),
        sa.CheckConstraint(
            "status BETWEEN 200 AND 299", name=op.f("kept_answers_status_of_success_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("kept_answers_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "key", "route", name=op.f("kept_answers_pk")),
    )
    op.create_index(
        op.f("kept_answers_workspace_id_created_at_idx"),
        "kept_answers",
        ["workspace_id", "created_at"],
        unique=False,
    )
    walls.wall(op.execute, "kept_answers")


def downgrade() -> None:
    op.drop_table("kept_answers")
