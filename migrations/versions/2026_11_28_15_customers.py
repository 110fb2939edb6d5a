"""Duplicates of accounts and opportunities, merges that can be undone, and orders of the group."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import walls

revision = "2026_11_28_15_customers"
down_revision = "2026_11_28_14_order_lines"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
KEYS = {
    "name_key": r"NULLIF(replace(regexp_replace(btrim(regexp_replace(regexp_replace(NORMALIZE(translate(replace(replace(replace(replace(replace(replace(lower(NORMALIZE(name, NFC)), 'ä'::text, 'ae'::text), 'ö'::text, 'oe'::text), 'ü'::text, 'ue'::text), 'ß'::text, 'ss'::text), 'æ'::text, 'ae'::text), 'œ'::text, 'oe'::text), 'øłđ'::text, 'old'::text), NFKD), '[\u0300-\u036f.''\u2019]'::text, ''::text, 'g'::text), '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+'::text, ' '::text, 'g'::text)), ' (gmbh|mbh|ag|kg|kgaa|ohg|gbr|ug|haftungsbeschraenkt|se|e ?[gkv]|ltd|limited|llc|llp|lp|plc|inc|incorporated|corp|corporation|co|company|cie|sa ?rl|sa|sas|spa|srl|sl|bv|nv|ab|a ?s|aps|oy|oyj|sro|doo|kft|pty|pte|and|und|et)(?= |$)'::text, ''::text, 'g'::text), ' '::text, ''::text), ''::text)",
    "domain_key": r"NULLIF(regexp_replace(regexp_replace(lower(btrim(domain)), '^([a-z]+://)?(www\.)?'::text, ''::text), '[/:?#].*$'::text, ''::text), ''::text)",
    "vat_key": r"NULLIF(regexp_replace(lower(vat_id), '[^a-z0-9]'::text, ''::text, 'g'::text), ''::text)",
    "postcode_key": r"NULLIF(regexp_replace(lower(postcode), '[^a-z0-9]'::text, ''::text, 'g'::text), ''::text)",
}
NEW_KINDS = "'reviewed', 'merged', 'unmerged'"
OLD_KINDS = (
    "'created', 'value_changed', 'owner_changed', 'moved_process', 'reached', 'ordered',"
    " 'criterion_met', 'verified', 'regressed', 'voided', 'hold_started', 'hold_ended',"
    " 'ball_passed', 'stale_noticed', 'exited', 'reopened', 'revived'"
)
PAIRS = (("distinct_accounts", "accounts"), ("distinct_opportunities", "opportunities"))


def upgrade() -> None:
    _accounts()
    op.add_column(
        "workspaces",
        sa.Column("group_orders_count", sa.Boolean(), server_default="false", nullable=False),
    )
    _events()
    for table, of in PAIRS:
        _pairs(table, of)
    _merges()


def downgrade() -> None:
    op.drop_table("account_merge_undos")
    op.drop_table("account_merge_changes")
    op.drop_table("account_merges")
    for table, _ in PAIRS:
        op.drop_table(table)
    op.execute("DELETE FROM events WHERE kind IN ('reviewed', 'merged', 'unmerged')")
    for column in ("duplicate_of", "business_type", "account_id"):
        op.drop_column("events", column)
    _kinds(OLD_KINDS)
    op.drop_column("workspaces", "group_orders_count")
    op.drop_index(op.f("accounts_workspace_id_parent_id_idx"), "accounts")
    _external_ids("deleted_at IS NULL")
    for column in (*KEYS, "merged_into", "postcode", "vat_id"):
        op.drop_column("accounts", column)


def _accounts() -> None:
    for name in ("vat_id", "postcode"):
        op.add_column("accounts", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("merged_into", sa.Uuid(), nullable=True))
    # All four at once: the table is written anew once.
    keys = ", ".join(
        f"ADD COLUMN {name} text GENERATED ALWAYS AS ({told}) STORED" for name, told in KEYS.items()
    )
    op.execute(f"ALTER TABLE accounts {keys}")
    op.create_foreign_key(
        op.f("accounts_workspace_id_merged_into_fk"),
        "accounts",
        "accounts",
        ["workspace_id", "merged_into"],
        ["workspace_id", "id"],
    )
    op.create_check_constraint(
        op.f("accounts_merged_is_gone_check"),
        "accounts",
        "merged_into IS NULL OR deleted_at IS NOT NULL",
    )
    _external_ids("deleted_at IS NULL OR merged_into IS NOT NULL")
    op.create_index(
        op.f("accounts_workspace_id_parent_id_idx"), "accounts", ["workspace_id", "parent_id"]
    )
    for key in ("name_key", "domain_key", "vat_key"):
        op.create_index(
            f"accounts_{key}_idx",
            "accounts",
            ["workspace_id", key, "id"],
            postgresql_where=sa.text(f"deleted_at IS NULL AND {key} IS NOT NULL"),
        )


def _external_ids(where: str) -> None:
    op.drop_index("accounts_external_id_key", "accounts")
    op.create_index(
        "accounts_external_id_key",
        "accounts",
        ["workspace_id", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text(where),
    )


def _events() -> None:
    op.add_column("events", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.add_column("events", sa.Column("business_type", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("duplicate_of", sa.Uuid(), nullable=True))
    for column, table in (("account_id", "accounts"), ("duplicate_of", "opportunities")):
        op.create_foreign_key(
            op.f(f"events_workspace_id_{column}_fk"),
            "events",
            table,
            ["workspace_id", column],
            ["workspace_id", "id"],
        )
    for name, condition in (
        ("business_type_known", "business_type IN ('new', 'existing')"),
        ("duplicate_of_another", "duplicate_of <> opportunity_id"),
        ("duplicate_is_an_exit", "duplicate_of IS NULL OR exit_kind = 'duplicate'"),
    ):
        op.create_check_constraint(op.f(f"events_{name}_check"), "events", condition)
    _kinds(f"{OLD_KINDS}, {NEW_KINDS}")


def _kinds(kinds: str) -> None:
    """NOT VALID first: the table is locked only for a moment, the rows are read afterwards."""
    op.drop_constraint(op.f("events_kind_known_check"), "events")
    op.execute(
        f"ALTER TABLE events ADD CONSTRAINT events_kind_known_check"
        f" CHECK (kind IN ({kinds})) NOT VALID"
    )
    op.execute("ALTER TABLE events VALIDATE CONSTRAINT events_kind_known_check")


def _pairs(table: str, of: str) -> None:
    op.create_table(
        table,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f(f"{table}_in_order_check")),
        *(_link(table, column, of) for column in ("first_id", "second_id")),
        _home(table),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"{table}_pk")),
    )
    op.create_index(
        f"{table}_pair_key", table, ["workspace_id", "first_id", "second_id"], unique=True
    )
    op.create_index(
        op.f(f"{table}_workspace_id_said_at_id_idx"), table, ["workspace_id", "said_at", "id"]
    )
    walls.wall(op.execute, table)


def _merges() -> None:
    op.create_table(
        "account_merges",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("merged_at", INSTANT, nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        _link("account_merges", "kept_id", "accounts"),
        _home("account_merges"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("account_merges_pk")),
    )
    op.create_index(
        op.f("account_merges_workspace_id_merged_at_id_idx"),
        "account_merges",
        ["workspace_id", "merged_at", "id"],
    )
    _part(
        "account_merge_changes",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("key", postgresql.JSONB(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        key=("number",),
    )
    _part(
        "account_merge_undos",
        sa.Column("undone_at", INSTANT, nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=False),
    )
    for table in ("account_merges", "account_merge_changes", "account_merge_undos"):
        walls.wall(op.execute, table, grants=walls.APPEND_ONLY)


def _part(table: str, *columns: sa.Column[object], key: tuple[str, ...] = ()) -> None:
    op.create_table(
        table,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        *columns,
        _link(table, "merge_id", "account_merges", ondelete="CASCADE"),
        _home(table),
        sa.PrimaryKeyConstraint("workspace_id", "merge_id", *key, name=op.f(f"{table}_pk")),
    )


def _home(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"],
        ["workspaces.id"],
        name=op.f(f"{table}_workspace_id_fk"),
        ondelete="CASCADE",
    )


def _link(
    table: str, column: str, of: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{of}.workspace_id", f"{of}.id"],
        name=op.f(f"{table}_workspace_id_{column}_fk"),
        ondelete=ondelete,
    )
