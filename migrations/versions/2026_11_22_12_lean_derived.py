"""Fewer references from what is derived, and none that another one implies.

PostgreSQL looks each reference up, row by row; that was more than half of the CPU of a bulk load.
What is derived takes its milestones and people from events, which refer to them; an import writes
its own id; and every row goes with its opportunity, which goes with its workspace.
"""

from alembic import op

revision = "2026_11_22_12_lean_derived"
down_revision = "2026_11_22_11_policies"
branch_labels = None
depends_on = None

IMPLIED = (
    ("events", "events_workspace_id_import_id_fk"),
    ("passages", "passages_workspace_id_fk"),
    ("passages", "passages_workspace_id_milestone_id_fk"),
    ("credits", "credits_workspace_id_fk"),
    ("credits", "credits_workspace_id_person_id_fk"),
)
OWN = ["workspace_id", "id"]


def upgrade() -> None:
    for table, name in IMPLIED:
        op.drop_constraint(name, table, type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        "events_workspace_id_import_id_fk", "events", "imports", ["workspace_id", "import_id"], OWN
    )
    op.create_foreign_key(
        "passages_workspace_id_milestone_id_fk",
        "passages",
        "milestones",
        ["workspace_id", "milestone_id"],
        OWN,
    )
    op.create_foreign_key(
        "credits_workspace_id_person_id_fk", "credits", "people", ["workspace_id", "person_id"], OWN
    )
    for table in ("passages", "credits"):
        op.create_foreign_key(
            f"{table}_workspace_id_fk",
            table,
            "workspaces",
            ["workspace_id"],
            ["id"],
            ondelete="CASCADE",
        )
