"""How a process that goes on for long loads what it is made of."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """What is loaded within stays until the process ends, and is never looked through for garbage.

    There is hardly any in modules, and looking at all of them again and again takes a quarter of
    the time of loading, and later a tenth of a second in the middle of somebody's request.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
