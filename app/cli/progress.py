"""A bar that shows how far a long command is, where somebody is watching."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Tell = Callable[[int, int | None, str], None]


@contextmanager
def bar() -> Iterator[Tell]:
    """Tell it (done, total or None, phase); it vanishes at the end, and is not there in a pipe."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shown = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with shown:
        task = shown.add_task("beginning", total=None)

        def tell(done: int, total: int | None, phase: str) -> None:
            shown.update(task, completed=done, total=total, description=phase)

        yield tell
