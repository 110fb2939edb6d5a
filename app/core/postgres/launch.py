"""
Becomes a program that drops root's rights and ends with the process that started it.

Run by its path in an interpreter of its own (`python -I -S launch.py …`), because doing this
between fork and exec of a process with threads could lock up. Standard library only.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, leash: str, uid: int, gid: int, program: list[str]) -> None:
    """Drop to `uid`:`gid` unless they are -1, tie the life to `parent`, become `program`."""
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which would undo the first of them.
    {"signal": _signal_on_death, "pipe": _watch_pipe}[leash](parent)
    os.execv(program[0], program)  # noqa: S606 - no shell wanted


def _signal_on_death(parent: int) -> None:
    """Linux: the kernel sends SIGINT, PostgreSQL's fast shutdown, when the parent dies."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("The parent died before the program began.")


def _watch_pipe(_: int) -> None:
    """
    Elsewhere: a grandchild waits at standard input, a pipe that closes with the parent.

    A byte in the pipe says that the program is gone in good order and that nobody needs a signal.
    """
    program = os.getpid()
    if between := os.fork():
        os.waitpid(between, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        return
    # Forked twice, so that the program never meets a child it does not know.
    if os.fork() == 0 and not os.read(sys.stdin.fileno(), 1):
        os.kill(program, signal.SIGINT)
    os._exit(0)


if __name__ == "__main__":
    _, parent, leash, uid, gid, *program = sys.argv
    main(int(parent), leash, int(uid), int(gid), program)
