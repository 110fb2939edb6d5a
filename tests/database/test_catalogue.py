"""What the database itself guarantees, for every table there is and every table to come."""

import pytest
from sqlalchemy import text

from app.core.database import UnsafeRole, check_role
from app.core.roles import APP, WORKER
from app.tables import Table

OWNED = sorted(table.name for table in Table.metadata.sorted_tables if table.name != "workspaces")
APPEND_ONLY = {
    "audit_log",
    "cell_changes",
    "account_merge_changes",
    "account_merge_undos",
    "account_merges",
    "events",
    "currency_rates",
    "daily_rounds",
    "forecast_points",
    "forecast_snapshots",
    "order_lines",
    "process_policies",
    "source_costs",
    "target_versions",
    "target_periods",
    "touchpoints",
    "touchpoint_stitches",
}


@pytest.fixture
async def ask(work):
    async def query(sql, **values):
        return (await work.db.execute(text(sql), values)).all()

    return query


async def test_every_table_is_walled_for_its_owner_too(ask):
    rows = await ask(
        "SELECT relname, relrowsecurity AND relforcerowsecurity AS walled FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'alembic_version'"
    )
    assert {row.relname for row in rows} == {*OWNED, "workspaces"}
    assert all(row.walled for row in rows)


async def test_every_policy_checks_what_is_read_and_what_is_written(ask):
    rows = await ask("SELECT tablename, qual, with_check FROM pg_policies WHERE policyname = 'ws'")
    assert {row.tablename for row in rows} == {*OWNED, "workspaces"}
    for row in rows:
        assert row.qual == row.with_check
        assert "SELECT" not in row.qual


async def test_the_workspace_leads_every_key_and_index(ask):
    rows = await ask(
        "SELECT c.relname AS index, t.relname AS table, a.attname AS first, i.indisunique"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_class t ON t.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]"
        " WHERE t.relname = ANY(:owned)",
        owned=OWNED,
    )
    astray = {row.index for row in rows if row.first != "workspace_id"}
    # The door looks a key up before it knows the workspace; that index makes nothing unique.
    assert astray == {"api_keys_digest_idx"}


async def test_no_reference_crosses_workspaces(ask):
    rows = await ask(
        "SELECT conname, conkey[1] AS first, a.attname FROM pg_constraint k"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
        " WHERE contype = 'f'"
    )
    assert len(rows) > len(OWNED)
    assert {row.attname for row in rows} == {"workspace_id"}


async def test_the_application_may_not_rewrite_history(ask):
    rows = await ask(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee IN (:app, :worker)",
        app=APP,
        worker=WORKER,
    )
    grants = {(row.table_name, row.privilege_type) for row in rows}
    assert not {grant for _, grant in grants} & {"TRUNCATE", "REFERENCES", "TRIGGER"}
    for table in APPEND_ONLY:
        assert {grant for name, grant in grants if name == table} == {"SELECT", "INSERT"}


async def test_no_function_view_or_trigger_goes_around_the_walls(ask):
    functions = await ask("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    triggers = await ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    views = await ask(
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm')"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert (functions, triggers, views) == ([], [], [])


async def test_without_a_workspace_there_are_no_rows(engine, workspace):
    async with engine.connect() as connection:
        for table in (*OWNED, "workspaces"):
            count = await connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
            assert count == 0, table


async def test_a_workspace_lasts_no_longer_than_its_transaction(engine, workspace):
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"SET LOCAL app.ws = '{workspace[0]}'")
        assert await connection.scalar(text("SELECT count(*) FROM workspaces")) == 1
        await connection.rollback()
        assert await connection.scalar(text("SELECT count(*) FROM workspaces")) == 0


async def test_a_superuser_may_not_serve(database, settings):
    engine = database.owner_engine()
    with pytest.raises(UnsafeRole, match="superuser"):
        await check_role(engine)
    await engine.dispose()
