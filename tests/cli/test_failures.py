import socket

import pytest

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("command", ["serve", "migrate", "workspace list", "key list"])
def test_a_database_that_does_not_answer_is_one_line(command, backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_DATABASE_URL", NOWHERE)
    port = ("--port", "0") if command == "serve" else ()
    code, out, err = backcast(*command.split(), *port)
    assert (code, out, err.count("\n")) == (1, "", 0)
    assert "BACKCAST_DATABASE_URL" in err


def test_a_server_without_our_tables_is_refused_with_the_way_out(server, backcast):
    code, _, err = backcast("serve", "--port", "0")
    assert (code, err.count("\n")) == (1, 0)
    assert "backcast migrate" in err


def test_a_role_that_sees_behind_the_walls_is_refused(installation, backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_APP_ROLE", "")
    code, _, err = backcast("serve", "--port", "0")
    assert (code, err.count("\n")) == (1, 0)
    assert "Refusing to serve" in err


def test_a_log_level_that_is_none_is_named(installation, backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_LOG_LEVEL", "loud")
    code, _, err = backcast("serve", "--port", "0")
    assert (code, err.count("\n")) == (1, 0)
    assert "BACKCAST_LOG_LEVEL" in err


def test_an_address_that_is_none_is_one_line(backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_DATABASE_URL", "here")
    assert backcast("key", "list") == (
        1,
        "",
        "backcast: BACKCAST_DATABASE_URL is no address: postgresql://user@host/name",
    )


def test_a_setting_that_makes_no_sense_is_named(backcast, monkeypatch):
    monkeypatch.setenv("BACKCAST_POOL_SIZE", "0")
    code, _, err = backcast("serve", "--port", "0")
    assert code == 1
    assert err.startswith("backcast: BACKCAST_POOL_SIZE")


def test_a_port_in_use_is_one_line(backcast):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = backcast("serve", "--port", str(port))
    assert (code, err) == (1, f"backcast: 127.0.0.1:{port} is taken; choose another with --port.")


@pytest.mark.parametrize(
    "arguments", [["nope"], ["key"], ["key", "revoke", "x"], ["serve", "--port", "x"], ["--x"]]
)
def test_a_command_line_that_means_nothing_is_one_line(arguments, backcast):
    code, out, err = backcast(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 0)
    assert "--help`" in err


def test_help_names_every_command(backcast):
    code, out, _ = backcast("--help")
    assert code == 0
    for command in ("serve", "migrate", "workspace", "key", "openapi", "cascade"):
        assert f"\n  {command}" in out
