"""The web pages that may ask with the keys of a workspace."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_10_origins"
down_revision = "2026_11_21_9_reading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    origins: sa.Column[list[str]] = sa.Column(
        "allowed_origins",
        postgresql.ARRAY(sa.Text()),
        nullable=False,
        server_default=sa.text("'{}'"),
    )
    op.add_column("workspaces", origins)


def downgrade() -> None:
    op.drop_column("workspaces", "allowed_origins")
