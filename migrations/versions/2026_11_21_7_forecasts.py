"""What was forecast when, kept as it was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_7_forecasts"
down_revision = "2026_11_21_6_dead_horses"
branch_labels = None
depends_on = None

SAID = ("expected", "p10", "p50", "p90", "pipeline")
BESIDE = ("run_rate", "last_period", "last_year", "stage_percentage", "win_rate", "external")


def upgrade() -> None:
    op.create_table(
        "forecast_snapshots",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opportunity_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("chances", sa.ARRAY(sa.Double()), nullable=False),
        sa.Column("stage_percentages", sa.ARRAY(sa.Double()), nullable=False),
        sa.Column("external_probabilities", sa.ARRAY(sa.Double()), nullable=False),
        sa.CheckConstraint(
            "cardinality(opportunity_ids) = cardinality(chances)"
            " AND cardinality(opportunity_ids) = cardinality(stage_percentages)"
            " AND cardinality(opportunity_ids) = cardinality(external_probabilities)",
            name=op.f("forecast_snapshots_arrays_aligned_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id"],
            ["processes.workspace_id", "processes.id"],
            name=op.f("forecast_snapshots_workspace_id_process_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("forecast_snapshots_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "process_id", "day", name=op.f("forecast_snapshots_pk")
        ),
    )
    op.create_table(
        "forecast_points",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *(sa.Column(name, sa.Numeric(), nullable=False) for name in SAID),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in BESIDE),
        sa.CheckConstraint(
            "unit IN ('value', 'orders')", name=op.f("forecast_points_unit_known_check")
        ),
        sa.CheckConstraint(
            "ends_at > starts_at", name=op.f("forecast_points_ends_after_start_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "process_id", "day"],
            [
                "forecast_snapshots.workspace_id",
                "forecast_snapshots.process_id",
                "forecast_snapshots.day",
            ],
            name=op.f("forecast_points_workspace_id_process_id_day_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("forecast_points_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "process_id", "day", "span", "unit", name=op.f("forecast_points_pk")
        ),
    )
    walls.wall(op.execute, "forecast_snapshots", grants=walls.APPEND_ONLY)
    walls.wall(op.execute, "forecast_points", grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("forecast_points")
    op.drop_table("forecast_snapshots")
