"""What may stand behind the question mark: parameters that exist, each of them once."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from fastapi import Request

from app.core.errors import Fault, Invalid, UnknownParameter


def asked_plainly(request: Request) -> None:
    """Refuse what would be passed over otherwise: a filter that does not filter shows too much.

    Question models refuse unknown parameters of their own; where nothing can be asked, it is done
    here. Of a parameter that comes twice, FastAPI reads the last; lists may come in parts.
    """
    if not request.query_params:
        return
    fields = request.scope["route"].dependant.query_params
    names = [name for name, _ in request.query_params.multi_items()]
    if not fields:
        _refuse(UnknownParameter, names[0], "unknown_parameter", "there is no such parameter")
    several = set(_lists(fields))
    for name, times in Counter(names).items():
        if times > 1 and name not in several:
            _refuse(Invalid, name, "repeated", "can be given once")


def _lists(fields: list[Any]) -> Iterator[str]:
    """The names of parameters that take several values."""
    for field in fields:
        kind = field.field_info.annotation
        inside = getattr(kind, "model_fields", {}).items()
        yield from (each.alias or name for name, each in inside if _several(each.annotation))
        if _several(kind):
            yield field.alias


def _several(kind: Any) -> bool:
    """Whether it is a list, or a list or nothing."""
    return get_origin(kind) is list or any(get_origin(each) is list for each in get_args(kind))


def _refuse(kind: type[Invalid], name: str, code: str, detail: str) -> None:
    fault: Fault = {"parameter": name[:100], "code": code, "detail": detail}
    raise kind(f"{name[:100]}: {detail}", faults=[fault])
