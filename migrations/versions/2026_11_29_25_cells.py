"""Which deals were touched by which transaction."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_29_25_cells"
down_revision = "2026_11_28_22_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deal_touches",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("touched_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deals", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("deal_touches_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "position", "id", name=op.f("deal_touches_pk")),
    )
    walls.wall(op.execute, "deal_touches", grants=walls.FOLDED)
    op.add_column("workspaces", sa.Column("touches_forgotten", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("workspaces", "touches_forgotten")
    op.drop_table("deal_touches")
