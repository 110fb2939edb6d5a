"""What spreads the tables over a Citus cluster: whole workspaces, each on one of its nodes."""

from collections.abc import Collection

from app.tables import Table

# Asked before a workspace is known, small, and the same everywhere: every node has all of them.
REFERENCE = ("workspaces", "api_keys")
COLUMN = "workspace_id"
# Citus copies rows around by itself, which row-level security would hinder; and what SET LOCAL
# says does not reach every statement there. The first wall alone stands in such a cluster.
OPENED = ("NO FORCE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY")


def distributed() -> list[str]:
    """The tables that are spread, what is referred to before what refers to it."""
    return [each.name for each in Table.metadata.sorted_tables if each.name not in REFERENCE]


def statements(done: Collection[str] = ()) -> list[str]:
    """One command each, in order; for tables that are not `done` yet."""
    first, *_ = distributed()
    wanted = [name for name in (*REFERENCE, *distributed()) if name not in done]
    opened = [f"ALTER TABLE {name} {how}" for name in wanted for how in OPENED]
    freed = [f"ALTER TABLE {name} DROP CONSTRAINT {link}" for name, link in unchecked(wanted)]
    return opened + freed + [_spread(name, first) for name in wanted]


def unchecked(names: Collection[str]) -> list[tuple[str, str]]:
    """(table, constraint) of what no node can check: a table that is everywhere refers to one that
    is spread. Whose a key is, is looked up whenever it is used."""
    return [
        (name, str(link.name))
        for name in REFERENCE
        if name in names
        for link in Table.metadata.tables[name].foreign_key_constraints
        if link.referred_table.name not in REFERENCE
    ]


def _spread(name: str, first: str) -> str:
    if name in REFERENCE:
        return f"SELECT create_reference_table('{name}')"
    # Together with the first, so that all rows of a workspace are on one node.
    beside = "none" if name == first else first
    return f"SELECT create_distributed_table('{name}', '{COLUMN}', colocate_with => '{beside}')"
