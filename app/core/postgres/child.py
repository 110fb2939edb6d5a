"""Child processes that do not outlive this one."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from app.core.postgres import launch
from app.core.postgres.account import Account
from app.core.postgres.binaries import ENVIRONMENT

LEASH = "signal" if sys.platform == "linux" else "pipe"
# PostgreSQL: end the sessions and shut down; leave at once and recover later; the kernel's way.
FAREWELL = ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))

Command = list[str | Path]


@dataclass(frozen=True, slots=True)
class Child:
    process: subprocess.Popen[bytes]
    keeper: Thread

    @property
    def ended(self) -> bool:
        return not self.keeper.is_alive()

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        self.keeper.join()
        return self.process.wait()

    def stop(self) -> None:
        """Ask ever more firmly; returns when the process is gone."""
        for farewell, seconds in FAREWELL:
            self.process.send_signal(farewell)
            self.keeper.join(seconds)
            if self.ended:
                return


def start(command: Command, account: Account | None, output: int) -> Child:
    """Start `command` under `account`, with its output appended to the descriptor `output`."""
    born: Future[subprocess.Popen[bytes]] = Future()
    keeper = Thread(target=_keep, args=(command, account, output, born), daemon=True)
    keeper.start()
    return Child(born.result(), keeper)


def _keep(
    command: Command,
    account: Account | None,
    output: int,
    born: Future[subprocess.Popen[bytes]],
) -> None:
    """
    Start the process and stay until it has ended.

    Linux ties a child to the thread that forked it, and the caller's thread may well end before
    the process does: hence a thread which does nothing else.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            _leashed(command, account),
            stdin=subprocess.PIPE if LEASH == "pipe" else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=ENVIRONMENT,
            umask=0o077,
            # Ctrl-C is for the application, which stops the database when it has finished.
            start_new_session=True,
        )
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
        born.set_exception(error)
        return
    born.set_result(process)
    process.wait()
    _release(process)


def _release(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            os.write(process.stdin.fileno(), b".")
        process.stdin.close()


def _leashed(command: Command, account: Account | None) -> Command:
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), LEASH]
    return [*launcher, str(uid), str(gid), *command]
