"""What an import told can be taken back, and the products it named."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_30_undoing"
down_revision = "2026_11_29_25_cells"
branch_labels = None
depends_on = None

OLD_KINDS = (
    "'created', 'value_changed', 'owner_changed', 'moved_process', 'reached', 'ordered',"
    " 'criterion_met', 'verified', 'regressed', 'voided', 'hold_started', 'hold_ended',"
    " 'ball_passed', 'stale_noticed', 'exited', 'reopened', 'revived', 'reviewed', 'merged',"
    " 'unmerged'"
)


def upgrade() -> None:
    _check("kind_known", f"kind IN ({OLD_KINDS}, 'reverted')", drop=True)
    _check("reverted_has_import", "kind <> 'reverted' OR import_id IS NOT NULL")
    op.create_index(
        "events_reverted_idx",
        "events",
        ["workspace_id", "opportunity_id", "import_id"],
        postgresql_where=sa.text("kind = 'reverted'"),
    )
    op.add_column("opportunity_products", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("opportunity_products_workspace_id_import_id_fk"),
        "opportunity_products",
        "imports",
        ["workspace_id", "import_id"],
        ["workspace_id", "id"],
    )


def _check(name: str, condition: str, *, drop: bool = False) -> None:
    """NOT VALID first: the table is locked only for a moment, the rows are read afterwards."""
    name = f"events_{name}_check"
    if drop:
        op.drop_constraint(op.f(name), "events")
    op.execute(f"ALTER TABLE events ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE events VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    op.drop_column("opportunity_products", "import_id")
    op.drop_index("events_reverted_idx", "events")
    op.drop_constraint(op.f("events_reverted_has_import_check"), "events")
    op.execute("DELETE FROM events WHERE kind = 'reverted'")
    _check("kind_known", f"kind IN ({OLD_KINDS})", drop=True)
