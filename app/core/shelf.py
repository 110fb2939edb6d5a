"""What a process remembers between questions, up to a size: what was not asked for longest goes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class Shelf:
    """Things by key, each as heavy as was said; all of them together at most `most`.

    Nothing on it may be changed: whoever has something newer puts it in the old one's place, and
    who is still looking at the old one goes on doing so.
    """

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self.heavy = 0
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any | None:
        """
        >>> shelf = Shelf(3)
        >>> shelf.put("a", 1, weight=2)
        >>> shelf.put("b", 2, weight=2)
        >>> shelf.get("a"), shelf.get("b"), shelf.heavy
        (None, 2, 2)
        """
        if key not in self._things:
            return None
        self._things.move_to_end(key)
        return self._things[key][0]

    def put(self, key: Hashable, thing: Any, *, weight: int) -> None:
        """What is heavier than everything may be is not kept."""
        self.drop(key)
        if weight > self.most:
            return
        self._things[key] = (thing, weight)
        self.heavy += weight
        while self.heavy > self.most:
            self.drop(next(iter(self._things)))

    def drop(self, key: Hashable) -> None:
        _, weight = self._things.pop(key, (None, 0))
        self.heavy -= weight

    def clear(self) -> None:
        self._things.clear()
        self.heavy = 0
