"""The matrix of customers and products, its history, and who looks after an account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_12_matrix"
down_revision = "2026_11_22_12_lean_derived"
branch_labels = None
depends_on = None

OBJECTS = "'opportunities', 'accounts', 'products', 'people', 'events'"
STATUS = (
    "CASE "
    "WHEN NOT applicable THEN 'na'::text "
    "WHEN ours = 'yes'::text THEN 'buys'::text "
    "WHEN competitors <> '[]'::jsonb THEN 'competitor'::text "
    "WHEN need = 'yes'::text THEN 'need'::text "
    "WHEN need = 'no'::text THEN 'no_need'::text "
    "ELSE 'unknown'::text END"
)


def upgrade() -> None:
    _owners()
    _cells()
    _cell_counts()
    _cell_changes()
    _cell_conflicts()
    _marks()
    _objects(f"{OBJECTS}, 'matrix'")


def downgrade() -> None:
    op.execute("DELETE FROM imports WHERE object = 'matrix'")
    _objects(OBJECTS)
    for table in ("marks", "cell_conflicts", "cell_changes", "cell_counts", "cells"):
        op.drop_table(table)
    op.drop_index("accounts_workspace_id_owner_id_idx", "accounts")
    op.drop_constraint("accounts_workspace_id_owner_id_fk", "accounts")
    op.drop_column("accounts", "owner_id")


def _owners() -> None:
    op.add_column("accounts", sa.Column("owner_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("accounts_workspace_id_owner_id_fk"),
        "accounts",
        "people",
        ["workspace_id", "owner_id"],
        ["workspace_id", "id"],
    )
    op.create_index(
        op.f("accounts_workspace_id_owner_id_idx"), "accounts", ["workspace_id", "owner_id"]
    )


def _objects(known: str) -> None:
    op.drop_constraint("imports_object_known_check", "imports")
    op.create_check_constraint(
        op.f("imports_object_known_check"), "imports", f"object IN ({known})"
    )


def _cells() -> None:
    op.create_table(
        "cells",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), sa.Computed(STATUS, persisted=True), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("ours_since", sa.Date(), nullable=True),
        sa.Column("ours_quantity", sa.Numeric(), nullable=True),
        sa.Column("ours_annual_value", sa.Numeric(), nullable=True),
        sa.Column("ours_currency", sa.Text(), nullable=True),
        sa.Column("ours_source", sa.Text(), nullable=True),
        sa.Column("ours_confirmed", sa.Boolean(), nullable=True),
        sa.Column("ours_by", sa.Text(), nullable=True),
        sa.Column("ours_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "competitors",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column("competitors_source", sa.Text(), nullable=True),
        sa.Column("competitors_confirmed", sa.Boolean(), nullable=True),
        sa.Column("competitors_by", sa.Text(), nullable=True),
        sa.Column("competitors_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("need_value", sa.Numeric(), nullable=True),
        sa.Column("need_currency", sa.Text(), nullable=True),
        sa.Column("need_by_when", sa.Date(), nullable=True),
        sa.Column("need_reason", sa.Text(), nullable=True),
        sa.Column("need_recheck_on", sa.Date(), nullable=True),
        sa.Column("need_evidence", sa.Text(), nullable=True),
        sa.Column("need_source", sa.Text(), nullable=True),
        sa.Column("need_confirmed", sa.Boolean(), nullable=True),
        sa.Column("need_by", sa.Text(), nullable=True),
        sa.Column("need_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("aware", sa.Text(), nullable=False),
        sa.Column("aware_since", sa.Date(), nullable=True),
        sa.Column("aware_source", sa.Text(), nullable=True),
        sa.Column("aware_confirmed", sa.Boolean(), nullable=True),
        sa.Column("aware_by", sa.Text(), nullable=True),
        sa.Column("aware_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("applicable", sa.Boolean(), nullable=False),
        sa.Column("applicable_source", sa.Text(), nullable=True),
        sa.Column("applicable_confirmed", sa.Boolean(), nullable=True),
        sa.Column("applicable_by", sa.Text(), nullable=True),
        sa.Column("applicable_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "aware IN ('yes', 'no', 'unknown')", name=op.f("cells_aware_known_check")
        ),
        sa.CheckConstraint("need IN ('yes', 'no', 'unknown')", name=op.f("cells_need_known_check")),
        sa.CheckConstraint("ours IN ('yes', 'no', 'unknown')", name=op.f("cells_ours_known_check")),
        sa.CheckConstraint(
            "num_nulls(applicable_source, applicable_confirmed, applicable_by, applicable_at) IN (0, 4)",
            name=op.f("cells_applicable_provenance_check"),
        ),
        sa.CheckConstraint(
            "num_nulls(aware_source, aware_confirmed, aware_by, aware_at) IN (0, 4)",
            name=op.f("cells_aware_provenance_check"),
        ),
        sa.CheckConstraint(
            "num_nulls(competitors_source, competitors_confirmed, competitors_by, competitors_at) IN (0, 4)",
            name=op.f("cells_competitors_provenance_check"),
        ),
        sa.CheckConstraint(
            "num_nulls(need_source, need_confirmed, need_by, need_at) IN (0, 4)",
            name=op.f("cells_need_provenance_check"),
        ),
        sa.CheckConstraint(
            "num_nulls(ours_annual_value, ours_currency) <> 1 AND num_nulls(need_value, need_currency) <> 1",
            name=op.f("cells_values_have_currency_check"),
        ),
        sa.CheckConstraint(
            "num_nulls(ours_source, ours_confirmed, ours_by, ours_at) IN (0, 4)",
            name=op.f("cells_ours_provenance_check"),
        ),
        sa.CheckConstraint(
            "ours_annual_value >= 0 AND need_value >= 0", name=op.f("cells_not_negative_check")
        ),
        sa.CheckConstraint("ours_quantity >= 0", name=op.f("cells_quantity_not_negative_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("cells_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("cells_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("cells_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "product_id", name=op.f("cells_pk")),
    )
    op.create_index(
        op.f("cells_workspace_id_product_id_status_idx"),
        "cells",
        ["workspace_id", "product_id", "status"],
    )
    op.create_index(
        op.f("cells_workspace_id_status_account_id_idx"),
        "cells",
        ["workspace_id", "status", "account_id"],
    )
    walls.wall(op.execute, "cells")


def _cell_counts() -> None:
    op.create_table(
        "cell_counts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("buys", sa.Integer(), nullable=False),
        sa.Column("competitor", sa.Integer(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("no_need", sa.Integer(), nullable=False),
        sa.Column("na", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("cell_counts_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("cell_counts_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", name=op.f("cell_counts_pk")),
    )
    walls.wall(op.execute, "cell_counts")


def _cell_changes() -> None:
    op.create_table(
        "cell_changes",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column(
            "before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("cell_changes_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("cell_changes_workspace_id_import_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("cell_changes_workspace_id_opportunity_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("cell_changes_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("cell_changes_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("cell_changes_pk")),
    )
    op.create_index(
        op.f("cell_changes_workspace_id_account_id_product_id_id_idx"),
        "cell_changes",
        ["workspace_id", "account_id", "product_id", "id"],
    )
    walls.wall(op.execute, "cell_changes", grants=walls.APPEND_ONLY)


def _cell_conflicts() -> None:
    op.create_table(
        "cell_conflicts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column(
            "said", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("cell_conflicts_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("cell_conflicts_workspace_id_import_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("cell_conflicts_workspace_id_opportunity_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("cell_conflicts_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("cell_conflicts_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("cell_conflicts_pk")),
    )
    op.create_index(
        "cell_conflicts_facet_key",
        "cell_conflicts",
        ["workspace_id", "account_id", "product_id", "facet"],
        unique=True,
    )
    op.create_index(
        op.f("cell_conflicts_workspace_id_at_id_idx"),
        "cell_conflicts",
        ["workspace_id", "at", "id"],
    )
    walls.wall(op.execute, "cell_conflicts")


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["accounts.workspace_id", "accounts.id"],
            name=op.f("marks_workspace_id_account_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("marks_workspace_id_owner_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("marks_workspace_id_product_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("marks_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("marks_pk")),
    )
    op.create_index(
        "marks_due_idx",
        "marks",
        ["workspace_id", "due_on", "id"],
        postgresql_where=sa.text("deleted_at IS NULL AND done_at IS NULL"),
    )
    op.create_index(
        op.f("marks_workspace_id_account_id_idx"), "marks", ["workspace_id", "account_id"]
    )
    op.create_index(
        op.f("marks_workspace_id_created_at_id_idx"), "marks", ["workspace_id", "created_at", "id"]
    )
    op.create_index(
        op.f("marks_workspace_id_updated_at_id_idx"), "marks", ["workspace_id", "updated_at", "id"]
    )
    walls.wall(op.execute, "marks")
