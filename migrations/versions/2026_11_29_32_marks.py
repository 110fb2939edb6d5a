"""What was done about dead horses is found without looking through all events."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_32_marks"
down_revision = "2026_11_29_31_lessons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "events_marks_idx",
        "events",
        ["workspace_id", "opportunity_id"],
        postgresql_where=sa.text("kind IN ('revived', 'reviewed', 'stale_noticed')"),
    )


def downgrade() -> None:
    op.drop_index("events_marks_idx", "events")
