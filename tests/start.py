"""What makes a run and the processes it starts lighter, and changes nothing else."""

import gc
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def keep_compiled(folder: Path = ROOT / ".pytest_cache" / "compiled") -> None:
    """From now on, in this process and in all it starts: else each compiles all libraries anew.

    Where compiled code may not lie beside the sources it has a place of its own.
    """
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def pile_up() -> None:
    """No garbage is looked for while modules are loaded: there is hardly any, and much to look at.

    Until `settle` is called.
    """
    gc.disable()


def settle() -> None:
    """What is there now stays until the end, and is not looked at again; nor is so often looked at
    what a test makes: most of it goes by itself."""
    gc.freeze()
    gc.set_threshold(20_000, 5, 5)
    gc.enable()
