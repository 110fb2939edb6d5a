"""Where business comes from: sources, what they cost, and where they met which customer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_16_sources"
down_revision = "2026_11_28_15_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind = 'partner' OR account_id IS NULL", name=op.f("sources_account_of_partner_check")
        ),
        sa.CheckConstraint(
            "kind IN ('fair', 'event', 'campaign', 'content', 'web', 'referral', 'partner', 'inbound', 'outbound', 'other')",
            name=op.f("sources_kind_known_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("sources_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("sources_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("sources_pk")),
    )
    op.create_index(
        "sources_key_key",
        "sources",
        ["workspace_id", "key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        op.f("sources_workspace_id_account_id_idx"),
        "sources",
        ["workspace_id", "account_id"],
        unique=False,
    )
    op.create_table(
        "source_costs",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("source_costs_amount_not_negative_check")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("source_costs_days_in_order_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "source_id", "corrects_id"],
            ["source_costs.workspace_id", "source_costs.source_id", "source_costs.id"],
            name=op.f("source_costs_workspace_id_source_id_corrects_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "source_id"],
            ["sources.workspace_id", "sources.id"],
            name=op.f("source_costs_workspace_id_source_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("source_costs_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("source_costs_pk")),
        sa.UniqueConstraint(
            "workspace_id", "corrects_id", name=op.f("source_costs_workspace_id_corrects_id_key")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "source_id",
            "id",
            name=op.f("source_costs_workspace_id_source_id_id_key"),
        ),
    )
    op.create_index(
        op.f("source_costs_workspace_id_starts_on_idx"),
        "source_costs",
        ["workspace_id", "starts_on"],
        unique=False,
    )
    op.create_table(
        "touchpoint_stitches",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "account_id IS NOT NULL OR opportunity_id IS NOT NULL",
            name=op.f("touchpoint_stitches_leads_somewhere_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("touchpoint_stitches_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("touchpoint_stitches_workspace_id_opportunity_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("touchpoint_stitches_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("touchpoint_stitches_pk")),
    )
    op.create_index(
        op.f("touchpoint_stitches_workspace_id_lead_id_idx"),
        "touchpoint_stitches",
        ["workspace_id", "lead", "id"],
        unique=False,
    )
    op.create_table(
        "touchpoints",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("lead", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("effort_minutes", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "direction IN ('received', 'given')", name=op.f("touchpoints_direction_known_check")
        ),
        sa.CheckConstraint(
            "effort_minutes >= 0", name=op.f("touchpoints_effort_not_negative_check")
        ),
        sa.CheckConstraint(
            "lead IS NOT NULL OR account_id IS NOT NULL OR opportunity_id IS NOT NULL",
            name=op.f("touchpoints_meets_somebody_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("touchpoints_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("touchpoints_workspace_id_opportunity_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "source_id"],
            ["sources.workspace_id", "sources.id"],
            name=op.f("touchpoints_workspace_id_source_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("touchpoints_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("touchpoints_pk")),
    )
    op.create_index(
        "touchpoints_external_id_key",
        "touchpoints",
        ["workspace_id", "source_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        op.f("touchpoints_workspace_id_account_id_idx"),
        "touchpoints",
        ["workspace_id", "account_id"],
        unique=False,
    )
    op.create_index(
        op.f("touchpoints_workspace_id_occurred_at_id_idx"),
        "touchpoints",
        ["workspace_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("touchpoints_workspace_id_opportunity_id_idx"),
        "touchpoints",
        ["workspace_id", "opportunity_id"],
        unique=False,
    )
    op.create_index(
        op.f("touchpoints_workspace_id_source_id_occurred_at_idx"),
        "touchpoints",
        ["workspace_id", "source_id", "occurred_at"],
        unique=False,
    )
    walls.wall(op.execute, "sources")
    for table in ("source_costs", "touchpoints", "touchpoint_stitches"):
        walls.wall(op.execute, table, grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("touchpoints")
    op.drop_table("touchpoint_stitches")
    op.drop_table("source_costs")
    op.drop_table("sources")
