"""Schemas said as plainly as they can be: no names of the code, no choice where there is none."""

import re
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

HERE = "#/components/schemas/"
NULL = {"type": "null"}
# What Pydantic writes of checks that JSON Schema has other words for, or none.
AS_SAID = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
UNSAID = ("title", "max_digits", "decimal_places", *AS_SAID)
# Sets of things of one kind are named after the thing, not after the class that holds it.
PAGE = re.compile(r"(?:Counted)?PageOut_(\w+?)(?:Out|View)?_")


def plain(schema: Any) -> Any:
    """The schema without what only the code means; what may be null says so by its type."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in UNSAID}
    if kept.get("type") in ("integer", "number"):
        kept |= {AS_SAID[key]: schema[key] for key in AS_SAID if key in schema}
    if kept.get("type") == "string" and isinstance(kept.get("default"), dict):
        del kept["default"]
    for key in ("anyOf", "oneOf", "allOf", "items", "prefixItems", "additionalProperties"):
        if key in kept:
            kept[key] = plain(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: plain(part) for name, part in kept["properties"].items()}
    return _without_choice(kept)


def asked(schema: Node) -> Node:
    """The schema of a parameter: one that is left out is not null."""
    told = without_null(schema)
    return {key: value for key, value in told.items() if (key, value) != ("default", None)}


def without_null(schema: Node) -> Node:
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        told = schema | {"type": kinds[0] if len(kinds) == 1 else kinds}
        if "enum" in told:
            told["enum"] = [value for value in told["enum"] if value is not None]
        return told
    choices: list[Node] = [each for each in schema.get("anyOf", ()) if each != NULL]
    if len(choices) == 1:
        return {key: value for key, value in schema.items() if key != "anyOf"} | choices[0]
    return schema | {"anyOf": choices} if choices else schema


def say_nulls(schemas: Node, *others: Any) -> None:
    """What is an object of a named kind or null gets a name for that; a choice it is not."""
    for schema in (*list(schemas.values()), *others):
        for node in nodes(schema):
            choices = node.get("anyOf", ())
            if len(choices) == 2 and NULL in choices and "$ref" in choices[0]:  # noqa: PLR2004 - it or null
                del node["anyOf"]
                _say_null(node, choices[0]["$ref"].removeprefix(HERE), schemas)


def _say_null(node: Node, name: str, schemas: Node) -> None:
    known = schemas[name]
    if "enum" in known:
        node |= known | {"type": [known["type"], "null"], "enum": [*known["enum"], None]}
    elif known.get("type") == "object":
        schemas.setdefault(f"Nullable{name}", known | {"type": ["object", "null"]})
        node["$ref"] = f"{HERE}Nullable{name}"
    else:
        node["anyOf"] = [{"$ref": f"{HERE}{name}"}, NULL]


def rename_pages(document: Node) -> None:
    """`PageOut_EventOut_` is a page of events to everybody else."""
    schemas: Node = document["components"]["schemas"]
    pages = {name: f"{found[1]}Page" for name in schemas if (found := PAGE.fullmatch(name))}
    for old, new in pages.items():
        schemas[new] = schemas.pop(old)
    for node in nodes(document):
        name = str(node.get("$ref", "")).removeprefix(HERE)
        if name in pages:
            node["$ref"] = HERE + pages[name]


def nodes(node: Any) -> Iterator[Node]:
    """Every object in it, itself among them."""
    if isinstance(node, dict):
        yield node
        for part in list(node.values()):
            yield from nodes(part)
    elif isinstance(node, list | tuple):
        for part in node:
            yield from nodes(part)


def reached(schemas: Node, roots: Any) -> set[str]:
    """The names of all schemas that these lead to."""
    found: set[str] = set()
    ahead = _named(roots)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += _named(schemas[name])
    return found


def _named(node: Any) -> list[str]:
    references = (str(each.get("$ref", "")) for each in nodes(node))
    return [name.removeprefix(HERE) for name in references if name.startswith(HERE)]


def _without_choice(schema: Node) -> Node:
    for simpler in (_as_text, _as_type):
        schema = simpler(schema)
    return schema


def _as_text(schema: Node) -> Node:
    """Amounts are read as text only, and say so beside what Pydantic says of decimals."""
    texts: list[Node] = [each for each in schema.get("anyOf", ()) if each.get("type") == "string"]
    if schema.get("type") != "string" or not texts:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | texts[0]


def _as_type(schema: Node) -> Node:
    """A text or null is of the types `string` and `null`; no choice between two schemas."""
    choices = schema.get("anyOf", [])
    told = [each for each in choices if each != NULL]
    if len(told) != 1 or len(choices) == 1 or not isinstance(told[0].get("type"), str):
        return schema
    only: Node = {**told[0], "type": [told[0]["type"], "null"]}
    if "enum" in only:
        only["enum"] = [*only["enum"], None]
    return {key: value for key, value in schema.items() if key != "anyOf"} | only
