"""Keys of people and their roles, what people are shown of others, identities, the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_18_identity"
down_revision = "2026_11_28_17_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _workspaces()
    _keys()
    _identities()
    _log()


def _workspaces() -> None:
    some = sa.text("'aggregate'")
    column = sa.Column("peer_visibility", sa.Text(), nullable=False, server_default=some)
    op.add_column("workspaces", column)
    op.create_check_constraint(
        op.f("workspaces_peer_visibility_known_check"),
        "workspaces",
        "peer_visibility IN ('none', 'aggregate', 'named')",
    )


def _keys() -> None:
    admin = sa.text("'admin'")
    op.add_column("api_keys", sa.Column("role", sa.Text(), nullable=False, server_default=admin))
    op.add_column("api_keys", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.add_column("api_keys", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("api_keys_role_known_check"), "api_keys", "role IN ('admin', 'manager', 'rep')"
    )
    op.create_check_constraint(
        op.f("api_keys_role_of_a_person_check"),
        "api_keys",
        "role = 'admin' OR person_id IS NOT NULL",
    )
    op.create_foreign_key(
        op.f("api_keys_workspace_id_person_id_fk"),
        "api_keys",
        "people",
        ["workspace_id", "person_id"],
        ["workspace_id", "id"],
    )


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["people.workspace_id", "people.id"],
            name=op.f("identities_workspace_id_person_id_fk"),
            ondelete="CASCADE",
        ),
        _home("identities"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("identities_pk")),
        sa.UniqueConstraint("workspace_id", "issuer", "subject", name="identities_subject_key"),
    )
    op.create_index(
        op.f("identities_workspace_id_person_id_idx"), "identities", ["workspace_id", "person_id"]
    )
    walls.wall(op.execute, "identities")


def _log() -> None:
    said = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.create_table(
        "audit_log",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("before", said, nullable=True),
        sa.Column("after", said, nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "actor_kind IN ('key', 'person', 'import', 'system')",
            name=op.f("audit_log_actor_kind_known_check"),
        ),
        _home("audit_log"),
        sa.PrimaryKeyConstraint("workspace_id", "at", "id", name=op.f("audit_log_pk")),
    )
    op.create_index(
        op.f("audit_log_workspace_id_object_id_at_id_idx"),
        "audit_log",
        ["workspace_id", "object_id", "at", "id"],
    )
    walls.wall(op.execute, "audit_log", grants=walls.APPEND_ONLY)


def _home(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_workspace_id_fk")
    return sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=name, ondelete="CASCADE"
    )


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("identities")
    op.drop_constraint("api_keys_workspace_id_person_id_fk", "api_keys", type_="foreignkey")
    for column in ("replaces_id", "person_id", "role"):
        op.drop_column("api_keys", column)
    op.drop_column("workspaces", "peer_visibility")
