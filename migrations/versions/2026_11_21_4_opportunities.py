"""Opportunities, their events and what follows from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_4_opportunities"
down_revision = "2026_11_21_3_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opportunities",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "attributes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("external_close_date", sa.Date(), nullable=True),
        sa.Column("external_probability", sa.Numeric(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("business_type", sa.Text(), nullable=True),
        sa.Column("business_subtype", sa.Text(), nullable=True),
        sa.Column("business_chosen", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "credits", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("reached_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("clock_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("clock_held_days", sa.Numeric(), nullable=False),
        sa.Column("held_since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("held_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("won_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ordered_value", sa.Numeric(), nullable=True),
        sa.Column("exited_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("exit_kind", sa.Text(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "business_type IN ('new', 'existing')",
            name=op.f("opportunities_business_type_known_check"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'won', 'exited')", name=op.f("opportunities_status_known_check")
        ),
        sa.CheckConstraint(
            "(milestone_id IS NULL) = (position = 0)",
            name=op.f("opportunities_position_has_milestone_check"),
        ),
        sa.CheckConstraint(
            "value IS NULL OR currency IS NOT NULL",
            name=op.f("opportunities_value_has_currency_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("opportunities_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("opportunities_workspace_id_import_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "milestone_id"],
            ["milestones.workspace_id", "milestones.id"],
            name=op.f("opportunities_workspace_id_milestone_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("opportunities_workspace_id_owner_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id"],
            ["processes.workspace_id", "processes.id"],
            name=op.f("opportunities_workspace_id_process_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["process_versions.workspace_id", "process_versions.id"],
            name=op.f("opportunities_workspace_id_version_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("opportunities_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("opportunities_pk")),
    )
    op.create_index(
        "opportunities_external_id_key",
        "opportunities",
        ["workspace_id", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        op.f("opportunities_workspace_id_account_id_idx"),
        "opportunities",
        ["workspace_id", "account_id"],
        unique=False,
    )
    op.create_index(
        op.f("opportunities_workspace_id_created_at_id_idx"),
        "opportunities",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("opportunities_workspace_id_owner_id_idx"),
        "opportunities",
        ["workspace_id", "owner_id"],
        unique=False,
    )
    op.create_index(
        op.f("opportunities_workspace_id_process_id_status_position_idx"),
        "opportunities",
        ["workspace_id", "process_id", "status", "position"],
        unique=False,
    )
    op.create_index(
        op.f("opportunities_workspace_id_updated_at_id_idx"),
        "opportunities",
        ["workspace_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "opportunity_products",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("opportunity_products_workspace_id_opportunity_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("opportunity_products_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("opportunity_products_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "opportunity_id", "product_id", name=op.f("opportunity_products_pk")
        ),
    )
    op.create_index(
        op.f("opportunity_products_workspace_id_product_id_idx"),
        "opportunity_products",
        ["workspace_id", "product_id"],
        unique=False,
    )
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_event_id", sa.Text(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("reconstructed", sa.Boolean(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("criterion_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "credits", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column(
            "evidence", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("exit_kind", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("competitor", sa.Text(), nullable=True),
        sa.Column("until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'exited') = (exit_kind IS NOT NULL)", name=op.f("events_exit_has_kind_check")
        ),
        sa.CheckConstraint("act IN ('did', 'said', 'wrote')", name=op.f("events_act_known_check")),
        sa.CheckConstraint(
            "exit_kind IN ('lost', 'declined', 'no_decision', 'no_response', 'disqualified', 'duplicate', 'stale')",
            name=op.f("events_exit_kind_known_check"),
        ),
        sa.CheckConstraint(
            "kind IN ('created', 'value_changed', 'owner_changed', 'moved_process', 'reached', 'ordered', 'criterion_met', 'verified', 'regressed', 'voided', 'hold_started', 'hold_ended', 'exited', 'reopened', 'revived')",
            name=op.f("events_kind_known_check"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('reached', 'ordered', 'voided', 'regressed', 'verified') OR milestone_id IS NOT NULL",
            name=op.f("events_movement_has_milestone_check"),
        ),
        sa.CheckConstraint(
            "value IS NULL OR currency IS NOT NULL", name=op.f("events_value_has_currency_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "criterion_id"],
            ["criteria.workspace_id", "criteria.id"],
            name=op.f("events_workspace_id_criterion_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("events_workspace_id_import_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "milestone_id"],
            ["milestones.workspace_id", "milestones.id"],
            name=op.f("events_workspace_id_milestone_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("events_workspace_id_opportunity_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("events_workspace_id_owner_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["process_versions.workspace_id", "process_versions.id"],
            name=op.f("events_workspace_id_version_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("events_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("events_pk")),
    )
    op.create_index(
        "events_source_event_id_key",
        "events",
        ["workspace_id", "source", "source_event_id"],
        unique=True,
        postgresql_where=sa.text("source_event_id IS NOT NULL"),
    )
    op.create_index(
        op.f("events_workspace_id_opportunity_id_occurred_at_idx"),
        "events",
        ["workspace_id", "opportunity_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "passages",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("arrived_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("implied", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("reconstructed", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("reporting_value", sa.Numeric(), nullable=True),
        sa.Column("fx_rate", sa.Numeric(), nullable=True),
        sa.Column("fx_day", sa.Date(), nullable=True),
        sa.Column("fx_source", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("left_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("held_days", sa.Numeric(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('advanced', 'exited', 'moved')", name=op.f("passages_outcome_known_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "milestone_id"],
            ["milestones.workspace_id", "milestones.id"],
            name=op.f("passages_workspace_id_milestone_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("passages_workspace_id_opportunity_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("passages_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "opportunity_id", "milestone_id", "ordinal", name=op.f("passages_pk")
        ),
    )
    op.create_index(
        op.f("passages_workspace_id_process_id_lineage_id_arrived_at_idx"),
        "passages",
        ["workspace_id", "process_id", "lineage_id", "arrived_at"],
        unique=False,
    )
    op.create_table(
        "credits",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("percent", sa.Numeric(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("reporting_value", sa.Numeric(), nullable=True),
        sa.CheckConstraint(
            "percent > 0 AND percent <= 100", name=op.f("credits_percent_in_range_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("credits_workspace_id_opportunity_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("credits_workspace_id_person_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("credits_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "opportunity_id",
            "milestone_id",
            "ordinal",
            "person_id",
            name=op.f("credits_pk"),
        ),
    )
    op.create_index(
        op.f("credits_workspace_id_person_id_idx"),
        "credits",
        ["workspace_id", "person_id"],
        unique=False,
    )
    walls.wall(op.execute, "opportunities")
    walls.wall(op.execute, "opportunity_products")
    walls.wall(op.execute, "events", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "passages")
    walls.wall(op.execute, "credits")


def downgrade() -> None:
    op.drop_table("credits")
    op.drop_table("passages")
    op.drop_table("events")
    op.drop_table("opportunity_products")
    op.drop_table("opportunities")
