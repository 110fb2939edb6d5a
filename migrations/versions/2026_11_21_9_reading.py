"""What signs cursors, and an index for every order in which opportunities are listed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_9_reading"
down_revision = "2026_11_21_8_idempotency"
branch_labels = None
depends_on = None

RANDOM_32_BYTES = "uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"
ORDERS = {"name": "lower(name)", "value": "coalesce(value, -1)"}


def upgrade() -> None:
    secret = sa.Column(
        "secret", sa.LargeBinary(), nullable=False, server_default=sa.text(RANDOM_32_BYTES)
    )
    op.add_column("workspaces", secret)
    for name, key in ORDERS.items():
        op.create_index(
            f"opportunities_{name}_idx", "opportunities", ["workspace_id", sa.text(key), "id"]
        )


def downgrade() -> None:
    op.drop_index("opportunities_value_idx", "opportunities")
    op.drop_index("opportunities_name_idx", "opportunities")
    op.drop_column("workspaces", "secret")
