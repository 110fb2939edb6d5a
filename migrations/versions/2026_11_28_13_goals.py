"""The goals of accounts, and the products that serve them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_13_goals"
down_revision = "2026_11_28_12_matrix"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goals",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("review_every_days", sa.Integer(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column(
            "review_due",
            sa.Date(),
            sa.Computed("COALESCE(reviewed_on, since) + review_every_days", persisted=True),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "review_every_days >= 1", name=op.f("goals_review_every_days_positive_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("goals_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("goals_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("goals_pk")),
    )
    for columns in (["account_id", "created_at", "id"], ["review_due"]):
        name = f"goals_workspace_id_{'_'.join(columns)}_idx"
        op.create_index(op.f(name), "goals", ["workspace_id", *columns])
    op.create_table(
        "goal_products",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "goal_id"],
            ["goals.workspace_id", "goals.id"],
            name=op.f("goal_products_workspace_id_goal_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("goal_products_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("goal_products_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "goal_id", "product_id", name=op.f("goal_products_pk")
        ),
    )
    op.create_index(
        op.f("goal_products_workspace_id_product_id_idx"),
        "goal_products",
        ["workspace_id", "product_id"],
    )
    for table in ("goals", "goal_products"):
        walls.wall(op.execute, table)


def downgrade() -> None:
    op.drop_table("goal_products")
    op.drop_table("goals")
