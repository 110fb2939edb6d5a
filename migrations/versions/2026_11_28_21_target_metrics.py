"""What a target is measured by, and the base that its amount was resolved against."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_21_target_metrics"
down_revision = "2026_11_28_20_matrix_sums"
branch_labels = None
depends_on = None

METRICS = "('order_value', 'gross_margin', 'order_count', 'new_customers', 'growth_rate')"
BASE: dict[str, sa.types.TypeEngine[Any]] = {
    "stated": sa.Numeric(),
    "base_period": sa.Text(),
    "base_value": sa.Numeric(),
    "base_margin": sa.Numeric(),
    "base_n": sa.Integer(),
    "base_missing": sa.Integer(),
}


def upgrade() -> None:
    stated = sa.Column("metric", sa.Text(), nullable=False, server_default="order_value")
    op.add_column("targets", stated)
    op.alter_column("targets", "metric", server_default=None)
    known = op.f("targets_metric_known_check")
    op.create_check_constraint(known, "targets", f"metric IN {METRICS}")
    for name, kind in BASE.items():
        op.add_column("target_versions", sa.Column(name, kind, nullable=True))
    op.create_check_constraint(
        op.f("target_versions_resolved_with_base_check"),
        "target_versions",
        "num_nulls(stated, base_period, base_value, base_n, base_missing) IN (0, 5)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("target_versions_resolved_with_base_check"), "target_versions")
    for name in BASE:
        op.drop_column("target_versions", name)
    op.drop_constraint(op.f("targets_metric_known_check"), "targets")
    op.drop_column("targets", "metric")
