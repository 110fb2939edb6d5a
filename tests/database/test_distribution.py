"""Every table is ready for a cluster that keeps whole workspaces on one node."""

import re

from sqlalchemy import text

from app.core.distribution import COLUMN, REFERENCE, distributed, statements, unchecked
from app.tables import Table

TABLES = Table.metadata.tables
# create_reference_table('name') and create_distributed_table('name', 'column', …)
SPREAD = re.compile(r"create_(reference|distributed)_table\('(\w+)'(?:, '(\w+)', (.+))?\)")


def spread():
    return [found.groups() for each in statements() if (found := SPREAD.search(each))]


def test_every_table_is_spread_exactly_once():
    assert sorted(name for _, name, *_ in spread()) == sorted(TABLES)


def test_row_level_security_ends_before_the_first_table_is_spread():
    told = "; ".join(statements())
    before = told[: told.index("create_")]
    for name in TABLES:
        for how in ("NO FORCE", "DISABLE"):
            assert f"ALTER TABLE {name} {how} ROW LEVEL SECURITY" in before


def test_all_rows_of_a_workspace_stand_beside_each_other():
    first, *others = [each for each in spread() if each[0] == "distributed"]
    assert first[2:] == (COLUMN, "colocate_with => 'none'")
    beside = f"colocate_with => '{first[1]}'"
    assert {each[2:] for each in others} == {(COLUMN, beside)}


def test_what_is_referred_to_is_spread_before_what_refers_to_it():
    place = {name: at for at, (_, name, *_) in enumerate(spread())}
    for name, table in TABLES.items():
        for link in table.foreign_key_constraints:
            target = link.referred_table.name
            free = (name, link.name) in unchecked(TABLES)
            assert free or target == name or place[target] < place[name]


def test_what_no_node_can_check_is_let_go_before_its_table_is_spread():
    assert unchecked(TABLES) == [("api_keys", "api_keys_workspace_id_person_id_fk")]
    told = statements()
    for name, link in unchecked(TABLES):
        let_go = told.index(f"ALTER TABLE {name} DROP CONSTRAINT {link}")
        assert let_go < told.index(f"SELECT create_reference_table('{name}')")


def test_every_reference_is_one_a_cluster_can_check():
    for name, table in TABLES.items():
        for link in table.foreign_key_constraints:
            pairs = {(e.parent.name, e.column.name) for e in link.elements}
            if (name, link.name) in unchecked(TABLES):
                continue
            if link.referred_table.name not in REFERENCE:
                assert name not in REFERENCE, link.name
                assert (COLUMN, COLUMN) in pairs, link.name
            # Setting a part of a key to null would take the row from its node.
            assert link.ondelete in (None, "CASCADE", "RESTRICT"), link.name


def test_every_key_tells_the_node():
    for name in distributed():
        assert COLUMN in TABLES[name].primary_key.columns, name


def test_what_was_spread_before_is_left_alone():
    assert statements(set(TABLES)) == []
    (late,) = [each for each in statements({*TABLES} - {"events"}) if "create_" in each]
    assert SPREAD.search(late).groups()[1] == "events"


async def test_no_number_comes_from_one_place_for_all(work):
    """A sequence would be asked across the cluster for every row."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'S'"
    assert (await work.db.execute(text(query))).all() == []


async def test_what_a_transaction_says_of_itself_reaches_every_node(app, engine, workspace):
    asked = "SHOW citus.propagate_set_commands"
    async with engine.connect() as db, app.state.lane.transaction(workspace[0]) as lane:
        assert await db.scalar(text(asked)) == await lane.fetchval(asked) == "local"
