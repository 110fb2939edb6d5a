"""Attributes: what other systems want to keep with an object, as one small JSON object."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError, to_json

LIMIT = 16 * 1024
# Deeper than anybody writes by hand, shallower than anything that reads it again gives up.
DEPTH = 20


def objection(attributes: dict[str, Any]) -> tuple[str, str] | None:
    """Why these attributes cannot or shall not be kept, as (code, sentence); None: they can."""
    if _depth(attributes) > DEPTH:
        return "too_deep", f"attributes nest at most {DEPTH} levels"
    try:
        size = len(json.dumps(attributes, allow_nan=False, ensure_ascii=False).encode())
    except ValueError:  # NaN, infinity, half of a surrogate pair
        return "not_json", "attributes must be valid JSON"
    if size > LIMIT:
        return "too_large", f"attributes have at most {LIMIT} bytes of JSON"
    return None


def _checked(attributes: dict[str, Any]) -> dict[str, Any]:
    if fault := objection(attributes):
        raise PydanticCustomError(fault[0], "{sentence}", {"sentence": fault[1]})
    return attributes


Attributes = Annotated[
    dict[str, Any], AfterValidator(_checked), Field(examples=[{"vat_id": "DE129273398"}])
]


def merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """JSON Merge Patch (RFC 7396): null removes a member, objects merge, all else replaces.

    >>> merged({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    kept = {key: value for key, value in old.items() if key not in patch}
    return kept | {
        key: _merged_member(old.get(key), value)
        for key, value in patch.items()
        if value is not None
    }


def written(stored: str) -> str:
    """What the database keeps, in the words of an answer.

    >>> written('{"a": 1.50, "b": [true, null]}')
    '{"a":1.5,"b":[true,null]}'
    """
    return to_json(json.loads(stored)).decode()


def _merged_member(old: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return merged(old if isinstance(old, dict) else {}, value)


def _depth(value: Any) -> int:
    """Levels of objects and lists, counted without recursion: the input may be hostile."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
