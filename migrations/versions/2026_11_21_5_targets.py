"""Targets and what they asked for when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_5_targets"
down_revision = "2026_11_21_4_opportunities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "targets",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("business_type", sa.Text(), nullable=False),
        sa.Column("recurrence", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(scope = 'all' AND team_id IS NULL AND person_id IS NULL) OR (scope = 'team' AND team_id IS NOT NULL AND person_id IS NULL) OR (scope = 'owner' AND team_id IS NULL AND person_id IS NOT NULL)",
            name=op.f("targets_scope_has_subject_check"),
        ),
        sa.CheckConstraint(
            "business_type IN ('new', 'existing', 'all')",
            name=op.f("targets_business_type_known_check"),
        ),
        sa.CheckConstraint(
            "recurrence <> 'once' OR ends_on IS NOT NULL", name=op.f("targets_once_has_end_check")
        ),
        sa.CheckConstraint(
            "recurrence IN ('month', 'quarter', 'year', 'once')",
            name=op.f("targets_recurrence_known_check"),
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("targets_ends_after_start_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["targets.workspace_id", "targets.id"],
            name=op.f("targets_workspace_id_parent_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("targets_workspace_id_person_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id"],
            ["processes.workspace_id", "processes.id"],
            name=op.f("targets_workspace_id_process_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("targets_workspace_id_team_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("targets_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("targets_pk")),
    )
    op.create_index(
        "targets_subject_key",
        "targets",
        [
            "workspace_id",
            "process_id",
            "scope",
            "team_id",
            "person_id",
            "business_type",
            "recurrence",
            "starts_on",
        ],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "target_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("average_order_value", sa.Numeric(), nullable=True),
        sa.CheckConstraint(
            "amount >= 0 AND count >= 0", name=op.f("target_versions_not_negative_check")
        ),
        sa.CheckConstraint(
            "amount IS NOT NULL OR count IS NOT NULL",
            name=op.f("target_versions_asks_for_something_check"),
        ),
        sa.CheckConstraint(
            "amount IS NULL OR currency IS NOT NULL",
            name=op.f("target_versions_amount_has_currency_check"),
        ),
        sa.CheckConstraint(
            "average_order_value > 0", name=op.f("target_versions_average_positive_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "target_id"],
            ["targets.workspace_id", "targets.id"],
            name=op.f("target_versions_workspace_id_target_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("target_versions_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "target_id", "number", name=op.f("target_versions_pk")
        ),
    )
    op.create_table(
        "target_periods",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "amount >= 0 AND count >= 0", name=op.f("target_periods_not_negative_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "target_id"],
            ["targets.workspace_id", "targets.id"],
            name=op.f("target_periods_workspace_id_target_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("target_periods_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "target_id", "starts_on", "number", name=op.f("target_periods_pk")
        ),
    )
    walls.wall(op.execute, "targets")
    walls.wall(op.execute, "target_versions", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "target_periods", grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("target_periods")
    op.drop_table("target_versions")
    op.drop_table("targets")
