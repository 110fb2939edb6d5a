"""Starting, attaching and refusing to start."""

from pathlib import Path
from threading import Thread

import pytest

from app.core.postgres import EmbeddedUnavailable, PostgresError, Server, running
from tests.postgres.conftest import QUICK, postmaster, sql

HOLD = """
import sys
from pathlib import Path
from app.core.postgres import running
with running(Path(sys.argv[1]), options={"fsync": "off"}):
    print((Path(sys.argv[1]) / "cluster" / "postmaster.pid").read_text().split()[0], flush=True)
    sys.stdin.read()
"""


def test_the_first_boot_gives_a_server_that_answers_and_the_second_keeps_its_data(plot):
    with running(plot / "data", options=QUICK) as server:
        sql(server, "CREATE TABLE kept AS SELECT 7 AS seven")

    with running(plot / "data", options=QUICK) as server:
        assert sql(server, "SELECT seven FROM kept") == "7"


def test_the_first_boot_syncs_and_tells_what_takes_time(plot):
    heard: list[str] = []

    with running(plot / "data", progress=heard.append) as server:
        told = sql(server, "SELECT current_setting('server_encoding'), current_setting('fsync')")

    assert told == "UTF8|on"
    assert [line.split()[0] for line in heard] == ["Making", "Starting"]


def test_whoever_attaches_leaves_the_server_running(home):
    with running(home, options=QUICK) as first:
        with running(home) as second:
            assert second == first

        assert sql(first, "SELECT 1") == "1"


def test_the_server_is_gone_after_the_block_that_started_it(home):
    with running(home, options=QUICK):
        pass

    assert not (home / "cluster" / "postmaster.pid").exists()
    assert "database system is shut down" in (home / "postgres.log").read_text()


def test_two_processes_that_start_at_once_share_one_server(plot, spawn):
    processes = [spawn(HOLD, plot / "data") for _ in range(2)]

    pids = {process.stdout.readline() for process in processes}

    assert pids == {f"{postmaster(plot / 'data')}\n"}


def test_a_server_outlives_the_thread_that_asked_for_it(home):
    block = running(home, options=QUICK)
    servers: list[Server] = []
    thread = Thread(target=lambda: servers.append(block.__enter__()))
    thread.start()
    thread.join()

    answer = sql(servers[0], "SELECT 1")
    block.__exit__(None, None, None)

    assert answer == "1"


def test_only_one_user_may_enter_the_socket_directory(home):
    with running(home, options=QUICK) as server:
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert sql(server, "SHOW listen_addresses") == ""


@pytest.mark.parametrize("name", ["long" * 30, 'a "quote", a + ünïcode %20'])
def test_a_data_directory_may_have_any_name(plot, name):
    with running(plot / name, options=QUICK) as server:
        assert sql(server, "SELECT 1") == "1"

    assert server.socket_dir.parent == plot / name or not server.socket_dir.exists()


def test_a_cluster_half_made_by_a_crash_is_not_taken_for_one(plot):
    draft = plot / "data" / "cluster.new-crashed"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    draft.parent.chmod(0o711)

    with running(plot / "data", options=QUICK) as server:
        assert sql(server, "SELECT 1") == "1"

    assert not draft.exists()


def test_a_cluster_of_another_major_version_is_refused_with_the_recipe(plot):
    (plot / "data" / "cluster").mkdir(parents=True)
    (plot / "data" / "cluster" / "PG_VERSION").write_text("16\n")

    with pytest.raises(PostgresError, match=r"(?s)made by PostgreSQL 16.*pg_dumpall.*pg_upgrade"):
        running(plot / "data").__enter__()


def test_a_failed_start_shows_the_end_of_the_log(home):
    block = running(home, options={"fsync": "off", "shared_buffers": "nonsense"})

    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers"'):
        block.__enter__()


def test_without_programs_the_text_names_the_way_out(plot, monkeypatch):
    monkeypatch.setenv("BACKCAST_PG_BIN", str(plot))

    with pytest.raises(EmbeddedUnavailable, match="BACKCAST_DATABASE_URL"):
        running(plot / "data").__enter__()


def test_a_url_survives_what_a_path_or_a_name_may_hold():
    url = Server(Path("/run/a b+c?&%"), 5432).url("o@r", "d/b")

    assert url == "postgresql://o%40r@/d%2Fb?host=%2Frun%2Fa%20b%2Bc%3F%26%25&port=5432"
