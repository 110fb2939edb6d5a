"""Jobs with leases, and imports written and undone chunk by chunk."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_22_jobs"
down_revision = "2026_11_28_21_target_metrics"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())

# What was started goes on; what has ended was one chunk.
QUEUED = """
INSERT INTO jobs (workspace_id, id, kind, subject, state, attempts, failures, run_at, done,
  created_at, started_at)
SELECT workspace_id, gen_random_uuid(), 'import', id::text, 'queued', attempts, 0, now(), 0,
  created_at, started_at
FROM imports WHERE state IN ('queued', 'running')"""
WRITTEN = """
INSERT INTO import_chunks (workspace_id, import_id, number, counts, report, written_at)
SELECT workspace_id, id, 0, counts, report, coalesce(finished_at, created_at)
FROM imports WHERE state IN ('completed', 'completed_with_errors')"""


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'dead', 'cancelled')",
            name=op.f("jobs_state_known_check"),
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)",
            name=op.f("jobs_lease_while_running_check"),
        ),
        _home("jobs"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("jobs_pk")),
        sa.UniqueConstraint(
            "workspace_id", "kind", "subject", name=op.f("jobs_workspace_id_kind_subject_key")
        ),
    )
    op.create_index(
        op.f("jobs_workspace_id_created_at_id_idx"), "jobs", ["workspace_id", "created_at", "id"]
    )
    op.create_index(
        "jobs_due_idx",
        "jobs",
        ["workspace_id", "run_at"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "import_chunks",
        *_of_import(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("reconciliation", JSON, nullable=True),
        sa.Column("written_at", MOMENT, nullable=False),
        *_keys("import_chunks", "number"),
    )
    op.create_table(
        "import_changes",
        *_of_import(),
        *_row(),
        sa.Column("before", JSON, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "table_name IN ('accounts', 'opportunities', 'people', 'products')",
            name=op.f("import_changes_table_name_known_check"),
        ),
        *_keys("import_changes", "table_name", "row_id"),
    )
    op.create_table(
        "import_left",
        *_of_import(),
        *_row("id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('changed_since', 'in_use', 'no_way_back')",
            name=op.f("import_left_reason_known_check"),
        ),
        *_keys("import_left", "table_name", "id"),
    )
    for fill in (QUEUED, WRITTEN):
        op.execute(fill)
    for table in ("jobs", "import_chunks", "import_changes", "import_left"):
        walls.wall(op.execute, table)
    walls.rounds(op.execute, "jobs")
    op.drop_index("imports_waiting_idx", "imports")
    op.drop_column("imports", "lease_until")
    op.drop_column("imports", "attempts")
    op.add_column("imports", sa.Column("revert", JSON, nullable=True))


def _of_import() -> list[sa.Column[object]]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
    ]


def _row(id: str = "row_id") -> list[sa.Column[object]]:
    return [
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column(id, sa.Uuid(), nullable=False),
    ]


def _keys(table: str, *more: str) -> list[sa.Constraint]:
    return [
        _home(table),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f(f"{table}_workspace_id_import_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", *more, name=op.f(f"{table}_pk")),
    ]


def _home(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_workspace_id_fk")
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=name, ondelete="CASCADE"
    )


def downgrade() -> None:
    op.drop_column("imports", "revert")
    op.add_column(
        "imports", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0")
    )
    op.alter_column("imports", "attempts", server_default=None)
    op.add_column("imports", sa.Column("lease_until", MOMENT, nullable=True))
    op.create_index(
        "imports_waiting_idx",
        "imports",
        ["workspace_id", "state"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    for table in ("import_left", "import_changes", "import_chunks", "jobs"):
        op.drop_table(table)
