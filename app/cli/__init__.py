"""The command line `backcast`. Nothing is imported before the command that needs it runs."""

import sys
from collections.abc import Sequence

from app.cli import voice
from app.cli.failures import FAILED, INTERRUPTED, Failure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 1 it failed, 2 it was asked wrongly.

    What is wrong is said in one line on standard error; a traceback is a bug.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except Failure as failure:
        voice.aside(f"backcast: {failure}")
        return failure.code
    except BrokenPipeError:  # `backcast … | head` has read enough
        voice.fall_silent()
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(given: list[str]) -> int:
    # Typer takes half a second to come up. A person who tries out rates should not wait for it.
    if given[:1] == ["cascade"]:
        from app.cli import cascade

        return cascade.run(given[1:])
    from app.cli import commands

    return commands.run(given)
