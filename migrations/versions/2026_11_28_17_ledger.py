"""The ledger of movement, filled with what arrived and what stands by now."""

import sqlalchemy as sa
from alembic import op

from app.core import walls

revision = "2026_11_28_17_ledger"
down_revision = "2026_11_28_16_sources"
branch_labels = None
depends_on = None

# Whoever asks adds up the rows of a cell, so the rows that were put together must not lie dead
# among them for long.
TIDY = (
    "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.02,"
    " autovacuum_vacuum_insert_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0.05,"
    " autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.05"
)
CELLS = ("arrival_cells", "stock_cells")

# Alone at its place and credited to its owner, or to nobody: the rest is ragged.
RAGGED = """
UPDATE passages p SET ragged = true FROM (
  SELECT q.workspace_id, q.opportunity_id, q.milestone_id, q.ordinal,
    q.ordinal > 1 OR count(*) OVER (
      PARTITION BY q.workspace_id, q.opportunity_id, q.process_id, q.lineage_id) > 1
      OR NOT coalesce(c.own, q.owner_id IS NULL) AS ragged
  FROM passages q LEFT JOIN (
    SELECT workspace_id, opportunity_id, milestone_id, ordinal,
      bool_and(counts AND percent = 100) AS own
    FROM credits GROUP BY 1, 2, 3, 4) c USING (workspace_id, opportunity_id, milestone_id, ordinal)
) r
WHERE r.ragged AND p.workspace_id = r.workspace_id AND p.opportunity_id = r.opportunity_id
  AND p.milestone_id = r.milestone_id AND p.ordinal = r.ordinal"""
MARKED = """
UPDATE opportunities SET counted_as = business_type, stocked = status = 'open'
  AND held_since IS NULL AND milestone_id IS NOT NULL AND deleted_at IS NULL"""
ARRIVED = """
INSERT INTO arrival_cells (workspace_id, id, process_id, lineage_id, grain, day, person_id,
  business_type, verified, n, known, missing, value, folded)
SELECT p.workspace_id, gen_random_uuid(), p.process_id, p.lineage_id, g.grain, g.since, p.owner_id,
  o.business_type, p.verified, count(*), count(p.reporting_value), count(*) - count(p.value),
  coalesce(sum(p.reporting_value), 0), true
FROM passages p
JOIN workspaces w ON w.id = p.workspace_id
JOIN opportunities o ON o.workspace_id = p.workspace_id AND o.id = p.opportunity_id
CROSS JOIN LATERAL (SELECT (p.arrived_at AT TIME ZONE w.time_zone)::date AS day) d
CROSS JOIN LATERAL (VALUES ('day', d.day), ('month', d.day - extract(day FROM d.day)::int + 1))
  AS g(grain, since)
WHERE NOT p.ragged
GROUP BY p.workspace_id, p.process_id, p.lineage_id, g.grain, g.since, p.owner_id, o.business_type,
  p.verified"""
STANDING = """
INSERT INTO stock_cells (workspace_id, id, process_id, milestone_id, currency, n, known, value,
  folded)
SELECT workspace_id, gen_random_uuid(), process_id, milestone_id, currency, count(*), count(value),
  coalesce(sum(value), 0), true
FROM opportunities WHERE stocked GROUP BY workspace_id, process_id, milestone_id, currency"""


def upgrade() -> None:
    op.create_table(
        "arrival_cells",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("business_type", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        *_sums(),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "grain IN ('day', 'month')", name=op.f("arrival_cells_grain_known_check")
        ),
        _home("arrival_cells"),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "process_id",
            "lineage_id",
            "grain",
            "day",
            "id",
            name=op.f("arrival_cells_pk"),
        ),
    )
    op.create_table(
        "stock_cells",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        *_sums(),
        _home("stock_cells"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "process_id", "milestone_id", "id", name=op.f("stock_cells_pk")
        ),
    )
    _mark()
    for fill in (RAGGED, MARKED, ARRIVED, STANDING):
        op.execute(fill)
    for table in CELLS:
        op.create_index(
            table.replace("cells", "cells_fresh_idx"),
            table,
            ["workspace_id"],
            postgresql_where=sa.text("NOT folded"),
        )
        op.execute(f"ALTER TABLE {table} SET ({TIDY})")
        walls.wall(op.execute, table, grants=walls.FOLDED)


def _sums() -> list[sa.Column[object]]:
    return [
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("folded", sa.Boolean(), nullable=False),
    ]


def _home(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_workspace_id_fk")
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=name, ondelete="CASCADE"
    )


def _mark() -> None:
    """What is ragged, what is in the stock and under which type of business it is counted."""
    no = sa.text("false")
    op.add_column("passages", sa.Column("ragged", sa.Boolean(), nullable=False, server_default=no))
    op.add_column(
        "opportunities", sa.Column("stocked", sa.Boolean(), nullable=False, server_default=no)
    )
    op.add_column("opportunities", sa.Column("counted_as", sa.Text(), nullable=True))
    op.create_index(
        "passages_ragged_idx",
        "passages",
        ["workspace_id", "process_id", "lineage_id", "arrived_at"],
        postgresql_where=sa.text("ragged"),
    )
    op.create_index(
        "opportunities_held_idx",
        "opportunities",
        ["workspace_id", "process_id"],
        postgresql_where=sa.text("held_since IS NOT NULL AND status = 'open'"),
    )


def downgrade() -> None:
    op.drop_index("opportunities_held_idx", "opportunities")
    op.drop_index("passages_ragged_idx", "passages")
    op.drop_column("opportunities", "counted_as")
    op.drop_column("opportunities", "stocked")
    op.drop_column("passages", "ragged")
    for table in CELLS:
        op.drop_table(table)
