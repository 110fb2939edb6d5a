"""What each process wanted done about its dead horses, kept as it was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls
from app.core.ids import UUID7_SQL

revision = "2026_11_22_11_policies"
down_revision = "2026_11_22_10_origins"
branch_labels = None
depends_on = None

# What was wanted before this table was there is not known; it counts as wanted all along.
FILL = f"""
INSERT INTO process_policies
  (workspace_id, id, process_id, set_at, stale_policy, grace_days, criteria_reset)
SELECT workspace_id, {UUID7_SQL}, id, created_at, stale_policy, grace_days, criteria_reset
FROM processes"""  # noqa: S608 - made of constants only


def upgrade() -> None:
    op.create_table(
        "process_policies",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("stale_policy", sa.Text(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("criteria_reset", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id"],
            ["processes.workspace_id", "processes.id"],
            name=op.f("process_policies_workspace_id_process_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("process_policies_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("process_policies_pk")),
    )
    op.create_index(
        op.f("process_policies_workspace_id_process_id_set_at_idx"),
        "process_policies",
        ["workspace_id", "process_id", "set_at"],
    )
    op.execute(FILL)
    walls.wall(op.execute, "process_policies", grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("process_policies")
