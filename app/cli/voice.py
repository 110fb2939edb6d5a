"""The two voices of a command: the answer, and what is said beside it."""

import sys


def answer(text: str) -> None:
    """What was asked for; another program may read it."""
    print(text)  # noqa: T201 - standard output is this program's answer


def aside(text: str) -> None:
    """Progress, advice and complaints; they must not end up in somebody's pipe."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - and standard error its aside
