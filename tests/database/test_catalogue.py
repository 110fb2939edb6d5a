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
    "forecast_lessons",
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


WITH_WORK = ("jobs", "outbox_drafts", "outbox_heads", "webhook_deliveries")


async def test_no_policy_but_the_four_kinds_opens_anything(ask):
    """The wall of every table; the door of keys, the worker's list of workspaces, and where in
    them there is work: seen only by a worker that has entered none."""
    rows = await ask(
        "SELECT tablename, policyname, permissive, cmd, roles::text[] AS roles, qual, with_check"
        " FROM pg_policies WHERE schemaname = 'public'"
    )
    assert {row.permissive for row in rows} == {"PERMISSIVE"}
    assert not [row for row in rows if "SELECT" in f"{row.qual}{row.with_check}".upper()]
    walls = [row for row in rows if row.policyname == "ws"]
    assert {(row.cmd, *row.roles) for row in walls} == {("ALL", "public")}
    others = {(r.policyname, r.tablename, r.cmd, *r.roles) for r in rows if r not in walls}
    assert others == {
        ("door", "api_keys", "SELECT", "public"),
        ("directory", "workspaces", "SELECT", WORKER),
        *(("rounds", table, "SELECT", WORKER) for table in WITH_WORK),
    }
    nowhere = [row.qual for row in rows if row.policyname == "rounds"]
    assert all(qual.endswith("IS NULL)") and "app.ws" in qual for qual in nowhere)


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
        "SELECT conname, a.attname, b.attname AS there, k.confrelid::regclass::text AS table"
        " FROM pg_constraint k"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
        " JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]"
        " WHERE contype = 'f'"
    )
    assert len(rows) > len(OWNED)
    assert {row.attname for row in rows} == {"workspace_id"}
    assert {(row.there, row.table == "workspaces") for row in rows} == {
        ("workspace_id", False),
        ("id", True),
    }


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


async def test_the_application_owns_nothing_and_rises_to_nothing(ask):
    names = {"app": APP, "worker": WORKER}
    roles = await ask(
        "SELECT rolname FROM pg_roles WHERE rolname IN (:app, :worker) AND (rolsuper"
        " OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
        **names,
    )
    above = await ask(
        "SELECT r.rolname FROM pg_roles r, (VALUES (:app), (:worker)) each (name)"
        " WHERE pg_has_role(each.name, r.oid, 'MEMBER')"
        " AND r.rolname NOT IN (:app, :worker)",
        **names,
    )
    owned = await ask(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) IN (:app, :worker)", **names
    )
    makers = await ask(
        "SELECT name FROM (VALUES (:app), (:worker)) each (name)"
        " WHERE has_schema_privilege(name, 'public', 'CREATE')",
        **names,
    )
    assert (roles, above, owned, makers) == ([], [], [], [])


async def test_nobody_else_was_granted_anything_and_nothing_is_counted_for_all(ask):
    """A sequence, or a right of everybody, would reach over the walls."""
    public = await ask(
        "SELECT table_name FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' AND grantee = 'PUBLIC'"
    )
    sequences = await ask(
        "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
    )
    definers = await ask(
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert (public, sequences, definers) == ([], [], [])


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
