"""Backcast: milestone selling as a service.

Large libraries that few requests need are loaded when one first does: a server starts in half the
time, and stays small where nobody asks for a forecast.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

LATER = ("holidays", "numpy", "xlsxwriter")


class Later(ModuleType):
    """Stands for a library until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = import_module(self.__name__)  # whoever comes second waits for the first
        self.__dict__.update(found.__dict__)
        return getattr(found, name)


for library in LATER:
    if library not in sys.modules and (spec := find_spec(library)) is not None:
        sys.modules[library] = Later(library)
        sys.modules[library].__spec__ = spec
