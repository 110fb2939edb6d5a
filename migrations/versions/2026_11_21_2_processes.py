"""Processes, their versions and milestones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_2_processes"
down_revision = "2026_11_21_1_workspaces"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("processes_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("processes_pk")),
    )
    op.create_index(
        "processes_key_key",
        "processes",
        ["workspace_id", "key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "process_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "warnings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.CheckConstraint("number >= 1", name=op.f("process_versions_number_positive_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id"],
            ["processes.workspace_id", "processes.id"],
            name=op.f("process_versions_workspace_id_process_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("process_versions_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("process_versions_pk")),
        sa.UniqueConstraint(
            "workspace_id",
            "process_id",
            "number",
            name=op.f("process_versions_workspace_id_process_id_number_key"),
        ),
    )
    op.create_table(
        "milestones",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer_act", sa.Text(), nullable=False),
        sa.Column("is_order", sa.Boolean(), nullable=False),
        sa.Column("evidence_policy", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("owner_role", sa.Text(), nullable=True),
        sa.Column("target_rate_num", sa.Numeric(), nullable=True),
        sa.Column("target_rate_den", sa.Numeric(), nullable=True),
        sa.Column("target_retention", sa.Numeric(), nullable=True),
        sa.Column("typical_days", sa.Integer(), nullable=True),
        sa.Column("stale_after_days", sa.Integer(), nullable=True),
        sa.Column("skippable", sa.Boolean(), nullable=False),
        sa.Column(
            "playbook", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint(
            "evidence_policy IN ('optional', 'required')",
            name=op.f("milestones_policy_known_check"),
        ),
        sa.CheckConstraint(
            "position BETWEEN 1 AND 12", name=op.f("milestones_position_in_range_check")
        ),
        sa.CheckConstraint(
            "target_rate_num > 0 AND target_rate_num <= target_rate_den",
            name=op.f("milestones_target_rate_in_range_check"),
        ),
        sa.CheckConstraint(
            "target_retention > 0", name=op.f("milestones_target_retention_positive_check")
        ),
        sa.CheckConstraint(
            "typical_days > 0 AND stale_after_days > 0", name=op.f("milestones_days_positive_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "version_id"],
            ["process_versions.workspace_id", "process_versions.id"],
            name=op.f("milestones_workspace_id_version_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("milestones_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("milestones_pk")),
        sa.UniqueConstraint(
            "workspace_id",
            "version_id",
            "key",
            name=op.f("milestones_workspace_id_version_id_key_key"),
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "version_id",
            "position",
            name=op.f("milestones_workspace_id_version_id_position_key"),
        ),
    )
    op.create_index(
        op.f("milestones_workspace_id_lineage_id_idx"),
        "milestones",
        ["workspace_id", "lineage_id"],
        unique=False,
    )
    op.create_table(
        "exit_reasons",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recoverable", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('lost', 'declined', 'no_decision', 'no_response', 'disqualified', 'duplicate', 'stale')",
            name=op.f("exit_reasons_kind_known_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "milestone_id"],
            ["milestones.workspace_id", "milestones.id"],
            name=op.f("exit_reasons_workspace_id_milestone_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("exit_reasons_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("exit_reasons_pk")),
        sa.UniqueConstraint(
            "workspace_id",
            "milestone_id",
            "key",
            name=op.f("exit_reasons_workspace_id_milestone_id_key_key"),
        ),
    )
    op.create_table(
        "criteria",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("weight", sa.Numeric(), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("criteria_weight_positive_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "milestone_id"],
            ["milestones.workspace_id", "milestones.id"],
            name=op.f("criteria_workspace_id_milestone_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("criteria_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("criteria_pk")),
        sa.UniqueConstraint(
            "workspace_id",
            "milestone_id",
            "key",
            name=op.f("criteria_workspace_id_milestone_id_key_key"),
        ),
    )
    walls.wall(op.execute, "processes")
    walls.wall(op.execute, "process_versions", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "milestones", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "exit_reasons", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "criteria", grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("criteria")
    op.drop_table("exit_reasons")
    op.drop_table("milestones")
    op.drop_table("process_versions")
    op.drop_table("processes")
