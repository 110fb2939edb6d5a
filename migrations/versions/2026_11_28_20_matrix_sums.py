"""The matrix summed up by product, segment and status, filled with the cells there are by now."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core import walls

revision = "2026_11_28_20_matrix_sums"
down_revision = "2026_11_28_19_outbox"
branch_labels = None
depends_on = None

TIDY = (
    "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.02,"
    " autovacuum_vacuum_insert_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0.05,"
    " autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.05"
)
RIVALS = "jsonb_array_length(competitors)"
RIVAL = "((competitors -> 0) -> 'annual_value'::text)"
FOLLOWS: dict[str, tuple[sa.types.TypeEngine[Any], str]] = {
    "stated": (
        sa.Numeric(),
        f"CASE WHEN NOT applicable THEN NULL::numeric WHEN ours = 'yes'::text THEN ours_annual_value"
        f" WHEN {RIVALS} > 1 THEN NULL::numeric"
        f" WHEN {RIVALS} = 1 THEN ({RIVAL} ->> 'amount'::text)::numeric"
        f" WHEN need = 'yes'::text THEN need_value ELSE NULL::numeric END",
    ),
    "stated_in": (
        sa.Text(),
        f"CASE WHEN NOT applicable THEN NULL::text WHEN ours = 'yes'::text THEN ours_currency"
        f" WHEN {RIVALS} > 1 THEN '*'::text"
        f" WHEN {RIVALS} = 1 THEN ({RIVAL} ->> 'currency'::text)"
        f" WHEN need = 'yes'::text THEN need_currency ELSE NULL::text END",
    ),
    "bound_until": (
        sa.Text(),
        f"CASE WHEN applicable AND ours <> 'yes'::text AND {RIVALS} = 1"
        " THEN (competitors -> 0) ->> 'contract_end'::text ELSE NULL::text END",
    ),
}
FILED = """
UPDATE cell_counts k SET filed = coalesce(a.segment, '') FROM accounts a
WHERE a.workspace_id = k.workspace_id AND a.id = k.account_id AND a.deleted_at IS NULL"""
SUMMED = """
INSERT INTO matrix_sums (workspace_id, id, product_id, segment, status, currency, n, value, folded)
SELECT c.workspace_id, gen_random_uuid(), c.product_id, k.filed, c.status, c.stated_in, count(*),
  coalesce(sum(c.stated), 0), true
FROM cells c JOIN cell_counts k USING (workspace_id, account_id)
WHERE k.filed IS NOT NULL AND c.status <> 'unknown'
GROUP BY c.workspace_id, c.product_id, k.filed, c.status, c.stated_in"""


def upgrade() -> None:
    for name, (kind, said) in FOLLOWS.items():
        follows = sa.Computed(said, persisted=True)
        op.add_column("cells", sa.Column(name, kind, follows, nullable=True))
    op.create_index(
        op.f("cells_workspace_id_stated_in_idx"), "cells", ["workspace_id", "stated_in"]
    )
    op.create_index(
        "cells_bound_idx",
        "cells",
        ["workspace_id", "bound_until"],
        postgresql_where=sa.text("bound_until IS NOT NULL"),
    )
    op.create_index(
        "cells_rivals_idx",
        "cells",
        ["workspace_id", "status"],
        postgresql_where=sa.text("competitors <> '[]'::jsonb"),
    )
    op.add_column("cell_counts", sa.Column("filed", sa.Text(), nullable=True))
    op.create_table(
        "matrix_sums",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("matrix_sums_workspace_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "product_id", "id", name=op.f("matrix_sums_pk")),
    )
    for fill in (FILED, SUMMED):
        op.execute(fill)
    op.create_index(
        "matrix_sums_fresh_idx",
        "matrix_sums",
        ["workspace_id"],
        postgresql_where=sa.text("NOT folded"),
    )
    op.execute(f"ALTER TABLE matrix_sums SET ({TIDY})")
    walls.wall(op.execute, "matrix_sums", grants=walls.FOLDED)


def downgrade() -> None:
    op.drop_table("matrix_sums")
    op.drop_column("cell_counts", "filed")
    for name in ("cells_rivals_idx", "cells_bound_idx", op.f("cells_workspace_id_stated_in_idx")):
        op.drop_index(name, "cells")
    for name in FOLLOWS:
        op.drop_column("cells", name)
