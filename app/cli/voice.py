"""The two voices of a command: the answer, and what is said beside it."""

import os
import sys


def answer(text: str) -> None:
    """What was asked for; another program may read it."""
    print(text, flush=True)  # noqa: T201 - standard output is this program's answer


def aside(text: str) -> None:
    """Progress, advice and complaints; they must not end up in somebody's pipe."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - and standard error its aside


def fall_silent() -> None:
    """Nobody listens any more: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
