"""What was learnt, as JSON: dataclasses, numbers and columns of numbers, exact to the last bit; and
answers, as they were told."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from app.engine.flow import packed
from app.engine.flow.facts import Numbers, Places
from app.schemas.base import Out

Kept = TypeVar("Kept")


def told(kept: Any) -> Any:
    """
    >>> from app.engine.forecast.blend import Blend
    >>> told(Blend(0.85, 0.04, 0))
    [0.85, 0.04, 0]
    """
    if is_dataclass(kept):
        return [told(getattr(kept, field.name)) for field in fields(kept)]
    if isinstance(kept, list | tuple):
        return [told(each) for each in kept]
    if isinstance(kept, UUID | Fraction):
        return str(kept)
    if isinstance(kept, Out):
        return kept.model_dump(mode="json")
    if isinstance(kept, datetime):
        return kept.isoformat()
    listed = getattr(kept, "tolist", None)
    return kept if listed is None else listed()


def heard(kind: type[Kept], said: Any) -> Kept:
    """The same again.

    >>> from app.engine.forecast.blend import Blend
    >>> heard(Blend, [0.85, 0.04, 0])
    Blend(weight=0.85, doubt=0.04, n=0)
    """
    wanted: Any = kind
    found: Kept = _reader(wanted)(said)
    return found


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """How a value of this kind is made of what JSON holds."""
    found = _READERS.get(kind)
    if found is None:
        ways = ((_optional(kind), _some), (_several(kind), _each), (is_dataclass(kind), _fields))
        found = next((make(kind) for fits, make in ways if fits), None)
    if found is None and isinstance(kind, type) and issubclass(kind, StrEnum):
        found = kind
    if found is None and isinstance(kind, type) and issubclass(kind, Out):
        found = kind.model_validate
    if found is None:
        message = f"nothing is known of how to keep {kind}"
        raise TypeError(message)
    return found


def _optional(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _some(kind: Any) -> Callable[[Any], Any]:
    [some] = [each for each in get_args(kind) if each is not NoneType]
    read = _reader(some)
    return lambda said: None if said is None else read(said)


def _several(kind: Any) -> bool:
    return get_origin(kind) in (tuple, list)


def _each(kind: Any) -> Callable[[Any], Any]:
    make, read = get_origin(kind), _reader(get_args(kind)[0])
    return lambda said: make(map(read, said))


def _fields(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = [_reader(hints[field.name]) for field in fields(kind)]
    return lambda said: kind(*(read(one) for read, one in zip(readers, said, strict=True)))


def _same(said: Any) -> Any:
    return said


# JSON of a number that happens to be whole may come back as one.
_READERS: Mapping[Any, Callable[[Any], Any]] = {
    Numbers: packed.real,
    Places: packed.whole,
    bool: _same,
    int: _same,
    str: _same,
    float: float,
    UUID: UUID,
    Fraction: Fraction,
    datetime: datetime.fromisoformat,
}
