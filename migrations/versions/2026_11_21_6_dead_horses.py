"""What becomes of dead horses, whose turn it is, list prices of the time, and a ledger of days."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_21_6_dead_horses"
down_revision = "2026_11_21_5_targets"
branch_labels = None
depends_on = None

NEW_KINDS = "'ball_passed', 'stale_noticed'"
OLD_KINDS = (
    "'created', 'value_changed', 'owner_changed', 'moved_process', 'reached', 'ordered',"
    " 'criterion_met', 'verified', 'regressed', 'voided', 'hold_started', 'hold_ended'"
)
LAST_KINDS = "'exited', 'reopened', 'revived'"


def upgrade() -> None:
    policy = sa.Column("stale_policy", sa.Text(), nullable=False, server_default="propose")
    op.add_column("processes", policy)
    grace = sa.Column("grace_days", sa.Integer(), nullable=False, server_default="14")
    op.add_column("processes", grace)
    criteria: sa.Column[bool] = sa.Column(
        "criteria_reset", sa.Boolean(), server_default="false", nullable=False
    )
    op.add_column("processes", criteria)
    for column in ("stale_policy", "grace_days", "criteria_reset"):
        op.alter_column("processes", column, server_default=None)
    op.create_check_constraint(
        op.f("processes_stale_policy_known_check"),
        "processes",
        "stale_policy IN ('off', 'propose', 'auto')",
    )
    op.create_check_constraint(
        op.f("processes_grace_days_in_range_check"), "processes", "grace_days BETWEEN 0 AND 365"
    )
    op.add_column("opportunities", sa.Column("ball", sa.Text(), nullable=True))
    waiting = sa.Column("waiting_since", postgresql.TIMESTAMP(timezone=True), nullable=True)
    op.add_column("opportunities", waiting)
    op.add_column("events", sa.Column("ball", sa.Text(), nullable=True))
    _kinds(f"{OLD_KINDS}, {NEW_KINDS}, {LAST_KINDS}")
    op.create_check_constraint(
        op.f("events_ball_known_check"), "events", "ball IN ('us', 'customer', 'none')"
    )
    op.create_check_constraint(
        op.f("events_ball_passed_has_ball_check"),
        "events",
        "(kind = 'ball_passed') = (ball IS NOT NULL)",
    )
    op.add_column("opportunity_products", sa.Column("list_value", sa.Numeric(), nullable=True))
    op.add_column("opportunity_products", sa.Column("list_currency", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("opportunity_products_list_value_whole_check"),
        "opportunity_products",
        "list_value IS NULL OR list_currency IS NOT NULL",
    )
    op.execute(
        "UPDATE opportunity_products x SET list_value = p.list_price, list_currency = p.currency"
        " FROM products p WHERE p.workspace_id = x.workspace_id AND p.id = x.product_id"
        " AND p.list_price IS NOT NULL"
    )
    op.create_table(
        "daily_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("daily_rounds_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "kind", name=op.f("daily_rounds_pk")),
    )
    walls.wall(op.execute, "daily_rounds", grants=walls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("daily_rounds")
    op.drop_constraint(op.f("opportunity_products_list_value_whole_check"), "opportunity_products")
    op.drop_column("opportunity_products", "list_currency")
    op.drop_column("opportunity_products", "list_value")
    op.execute("DELETE FROM events WHERE kind IN ('ball_passed', 'stale_noticed')")
    op.drop_constraint(op.f("events_ball_passed_has_ball_check"), "events")
    op.drop_constraint(op.f("events_ball_known_check"), "events")
    op.drop_column("events", "ball")
    _kinds(f"{OLD_KINDS}, {LAST_KINDS}")
    op.drop_column("opportunities", "waiting_since")
    op.drop_column("opportunities", "ball")
    op.drop_constraint(op.f("processes_grace_days_in_range_check"), "processes")
    op.drop_constraint(op.f("processes_stale_policy_known_check"), "processes")
    for column in ("criteria_reset", "grace_days", "stale_policy"):
        op.drop_column("processes", column)


def _kinds(kinds: str) -> None:
    """NOT VALID first: the table is locked only for a moment, the rows are read afterwards."""
    op.drop_constraint(op.f("events_kind_known_check"), "events")
    op.execute(
        f"ALTER TABLE events ADD CONSTRAINT events_kind_known_check"
        f" CHECK (kind IN ({kinds})) NOT VALID"
    )
    op.execute("ALTER TABLE events VALIDATE CONSTRAINT events_kind_known_check")
