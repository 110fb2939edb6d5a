"""The outbox: events for others, the endpoints they are sent to, and what became of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_19_outbox"
down_revision = "2026_11_28_18_identity"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
# Rows come and go all day, and a table that is nearly empty must also be read as if it were.
TIDY = "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05"
TABLES = (
    "outbox_drafts",
    "outbox_events",
    "outbox_heads",
    "event_marks",
    "webhook_endpoints",
    "webhook_deliveries",
    "webhook_attempts",
)
BUSY = ("outbox_drafts", "outbox_heads", "webhook_deliveries")


def upgrade() -> None:
    op.create_table(
        "outbox_drafts",
        _workspace(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "written_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        *_event(),
        _home("outbox_drafts"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("outbox_drafts_pk")),
    )
    op.create_table(
        "outbox_events",
        _workspace(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *_event(),
        _home("outbox_events"),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("outbox_events_pk")),
    )
    op.create_index(
        op.f("outbox_events_workspace_id_created_at_idx"),
        "outbox_events",
        ["workspace_id", "created_at"],
    )
    op.create_table(
        "outbox_heads",
        _workspace(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.Column("watched_seq", sa.BigInteger(), nullable=False),
        sa.Column("watched_at", INSTANT, nullable=True),
        _home("outbox_heads"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("outbox_heads_pk")),
    )
    op.create_table(
        "event_marks",
        _workspace(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
        _home("event_marks"),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "key", name=op.f("event_marks_pk")),
    )
    _endpoints()
    _deliveries()
    for table in TABLES:
        walls.wall(op.execute, table)
    for table in BUSY:
        op.execute(f"ALTER TABLE {table} SET ({TIDY})")
        walls.rounds(op.execute, table)


def _workspace() -> sa.Column[object]:
    return sa.Column("workspace_id", sa.Uuid(), nullable=False)


def _event() -> list[sa.Column[object]]:
    return [
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("object_version", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=True),
    ]


def _home(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_workspace_id_fk")
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=name, ondelete="CASCADE"
    )


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        _workspace(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("failing_since", INSTANT, nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("old_secret_until", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('enabled', 'disabled')", name=op.f("webhook_endpoints_state_known_check")
        ),
        sa.CheckConstraint(
            "disabled_reason IN ('asked', 'gone', 'failing')",
            name=op.f("webhook_endpoints_disabled_reason_known_check"),
        ),
        sa.CheckConstraint(
            "(state = 'disabled') = (disabled_reason IS NOT NULL)",
            name=op.f("webhook_endpoints_disabled_has_reason_check"),
        ),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_until IS NULL)",
            name=op.f("webhook_endpoints_old_secret_ends_check"),
        ),
        _home("webhook_endpoints"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("webhook_endpoints_pk")),
    )
    op.create_index(
        op.f("webhook_endpoints_workspace_id_created_at_id_idx"),
        "webhook_endpoints",
        ["workspace_id", "created_at", "id"],
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _workspace(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'paused', 'delivered', 'failed', 'blocked_target')",
            name=op.f("webhook_deliveries_state_known_check"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_at IS NOT NULL)",
            name=op.f("webhook_deliveries_waiting_is_due_check"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "endpoint_id"],
            ["webhook_endpoints.workspace_id", "webhook_endpoints.id"],
            name=op.f("webhook_deliveries_workspace_id_endpoint_id_fk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "seq"],
            ["outbox_events.workspace_id", "outbox_events.seq"],
            name=op.f("webhook_deliveries_workspace_id_seq_fk"),
            ondelete="CASCADE",
        ),
        _home("webhook_deliveries"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("webhook_deliveries_pk")),
    )
    op.create_index(
        "webhook_deliveries_event_key",
        "webhook_deliveries",
        ["workspace_id", "seq", "endpoint_id"],
        unique=True,
    )
    op.create_index(
        "webhook_deliveries_due_idx",
        "webhook_deliveries",
        ["workspace_id", "endpoint_id", "next_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for columns in (["endpoint_id", "created_at", "id"], ["created_at", "id"]):
        op.create_index(
            op.f(f"webhook_deliveries_workspace_id_{'_'.join(columns)}_idx"),
            "webhook_deliveries",
            ["workspace_id", *columns],
        )
    op.create_table(
        "webhook_attempts",
        _workspace(),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("excerpt", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["webhook_deliveries.workspace_id", "webhook_deliveries.id"],
            name=op.f("webhook_attempts_workspace_id_delivery_id_fk"),
            ondelete="CASCADE",
        ),
        _home("webhook_attempts"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "delivery_id", "number", name=op.f("webhook_attempts_pk")
        ),
    )


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
    op.drop_table("event_marks")
    op.drop_table("outbox_heads")
    op.drop_table("outbox_events")
    op.drop_table("outbox_drafts")
