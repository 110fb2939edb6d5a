from app.core.distribution import statements


def test_where_there_is_no_cluster_it_is_said_and_nothing_changes(installation, backcast):
    code, out, err = backcast("distribute")
    assert (code, out, err.count("\n")) == (1, "", 0)
    assert "CREATE EXTENSION citus" in err
    assert backcast("workspace", "create", "Home")[0] == 0


def test_a_dry_run_prints_every_command_and_needs_no_database(backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, out, err = backcast("distribute", "--dry-run")
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{each};" for each in statements()]
