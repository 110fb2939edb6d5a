from app.core.keys import plausible


def test_a_key_stands_alone_on_standard_output(installation, backcast):
    backcast("workspace", "create", "Home")
    code, key, aside = backcast("key", "create", "--scopes", "accounts:read,admin")
    assert code == 0
    assert plausible(key)
    assert "not shown again" in aside
    assert "accounts:read admin" in backcast("key", "list")[1]


def test_a_key_may_do_everything_unless_told_otherwise(installation, backcast):
    backcast("workspace", "create", "Home")
    backcast("key", "create", "--name", "till", "--expires", "2999-12-31T12:00Z")
    row = backcast("key", "list")[1].splitlines()[1]
    assert "till  all" in row
    assert row.endswith("2999-12-31 12:00Z")


def test_with_two_workspaces_one_must_be_named(installation, backcast):
    first = backcast("workspace", "create", "North")[1]
    backcast("workspace", "create", "South", "--currency", "CHF")
    code, out, err = backcast("key", "create")
    assert (code, out) == (1, "")
    assert f"North ({first})" in err
    assert backcast("key", "create", "--workspace", "South")[0] == 0
    assert backcast("key", "create", "--workspace", first)[0] == 0
    assert "no workspace 'East'" in backcast("key", "list", "--workspace", "East")[2]


def test_a_revoked_key_is_listed_as_such(installation, backcast):
    backcast("workspace", "create", "Home")
    backcast("key", "create")
    id = backcast("key", "list")[1].splitlines()[1].split()[0]
    assert backcast("key", "revoke", id)[0] == 0
    assert "revoked" in backcast("key", "list")[1]


def test_without_a_workspace_the_way_to_one_is_named(installation, backcast):
    assert "backcast workspace create" in backcast("key", "create")[2]


def test_workspaces_are_listed_with_what_they_decided(installation, backcast):
    decided = ("--time-zone", "Europe/Berlin", "--currency", "CHF", "--language", "de")
    id = backcast("workspace", "create", "Home", *decided)[1]
    row = backcast("workspace", "list")[1].splitlines()[1]
    assert row.split()[:4] == [id, "Home", "Europe/Berlin", "CHF"]


def test_what_no_workspace_can_be_is_refused_before_the_database_is_asked(backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    for option, value in (
        ("--time-zone", "Mars/Olympus"),
        ("--currency", "XX"),
        ("--language", "x"),
    ):
        code, out, err = backcast("workspace", "create", "Home", option, value)
        assert (code, out) == (2, "")
        assert repr(value) in err
    assert backcast("workspace", "create", " ")[0] == 2
    assert "no scope 'all:read'" in backcast("key", "create", "--scopes", "all:read")[2]
    assert backcast("key", "create", "--expires", "soon")[0] == 2
