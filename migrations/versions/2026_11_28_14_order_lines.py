"""What an order consists of, where a line of it is renewed, and which deals speak of which cells."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_14_order_lines"
down_revision = "2026_11_28_12_matrix"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_lines",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("direct_cost", sa.Numeric(), nullable=True),
        sa.Column("term_start", sa.Date(), nullable=True),
        sa.Column("term_end", sa.Date(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("order_lines_quantity_positive_check")),
        sa.CheckConstraint("amount >= 0", name=op.f("order_lines_amount_not_negative_check")),
        sa.CheckConstraint(
            "direct_cost >= 0", name=op.f("order_lines_direct_cost_not_negative_check")
        ),
        sa.CheckConstraint("term_start <= term_end", name=op.f("order_lines_term_in_order_check")),
        *_links("order_lines", opportunity_id="opportunities", event_id="events"),
        *_references("order_lines", product_id="products"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("order_lines_pk")),
        sa.UniqueConstraint(
            "workspace_id",
            "event_id",
            "position",
            name=op.f("order_lines_workspace_id_event_id_position_key"),
        ),
    )
    for columns in (["opportunity_id"], ["product_id"], ["term_end", "id"]):
        name = op.f(f"order_lines_workspace_id_{'_'.join(columns)}_idx")
        op.create_index(name, "order_lines", ["workspace_id", *columns])
    walls.wall(op.execute, "order_lines", grants=walls.APPEND_ONLY)
    op.create_table(
        "renewals",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *_links("renewals", line_id="order_lines", opportunity_id="opportunities"),
        sa.PrimaryKeyConstraint("workspace_id", "line_id", name=op.f("renewals_pk")),
    )
    op.create_index(
        op.f("renewals_workspace_id_opportunity_id_idx"),
        "renewals",
        ["workspace_id", "opportunity_id"],
    )
    walls.wall(op.execute, "renewals")
    op.create_table(
        "cell_deals",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        *_links("cell_deals", opportunity_id="opportunities"),
        *_references("cell_deals", account_id="accounts", product_id="products"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "opportunity_id", "product_id", name=op.f("cell_deals_pk")
        ),
    )
    for columns in (["account_id", "product_id"], ["product_id"]):
        name = op.f(f"cell_deals_workspace_id_{'_'.join(columns)}_idx")
        op.create_index(name, "cell_deals", ["workspace_id", *columns])
    walls.wall(op.execute, "cell_deals")


def downgrade() -> None:
    op.drop_table("cell_deals")
    op.drop_table("renewals")
    op.drop_table("order_lines")


def _links(table: str, **columns: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    """To the workspace, and to what goes together with the row."""
    home = sa.ForeignKeyConstraint(
        ["workspace_id"],
        ["workspaces.id"],
        name=op.f(f"{table}_workspace_id_fk"),
        ondelete="CASCADE",
    )
    return home, *_references(table, "CASCADE", **columns)


def _references(
    table: str, ondelete: str | None = None, **columns: str
) -> tuple[sa.ForeignKeyConstraint, ...]:
    return tuple(
        sa.ForeignKeyConstraint(
            ["workspace_id", column],
            [f"{other}.workspace_id", f"{other}.id"],
            name=op.f(f"{table}_workspace_id_{column}_fk"),
            ondelete=ondelete,
        )
        for column, other in columns.items()
    )
