"""Answers stay open: a value or member that is new must not break those who read them."""

from typing import Any

from app.api.plain import HERE, Node, nodes, reached

INSTANT = {
    "description": "A moment in UTC.",
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
    "examples": ["2026-07-20T09:30:00Z"],
}
WORD = "^[a-z0-9][a-z0-9_.:-]*$"


def open_answers(document: Node) -> None:
    """In answers, enumerations name the values of today and allow those of tomorrow.

    What only requests are made of stays closed: there, a value nobody knows is a mistake.
    """
    schemas: Node = document["components"]["schemas"]
    operations = [each for path in document["paths"].values() for each in path.values()]
    answers = [each["responses"] for each in operations]
    asked = [(each.get("requestBody"), each.get("parameters")) for each in operations]
    requested = reached(schemas, asked)
    # As they were: whichever is opened first, the others find it closed.
    closed = {name: dict(schema) for name, schema in schemas.items() if "enum" in schema}
    for name in reached(schemas, answers) - requested:
        _open(schemas[name], closed)
    for answer in answers:
        _open(answer, closed)
    for name in reached(schemas, answers) - requested:
        _say_instants(schemas[name])
    schemas["Instant"] = INSTANT


def drop_unused(document: Node) -> None:
    """A schema that nothing leads to says nothing."""
    schemas: Node = document["components"]["schemas"]
    others = {key: value for key, value in document["components"].items() if key != "schemas"}
    kept = reached(schemas, (document["paths"], others))
    document["components"]["schemas"] = {name: schemas[name] for name in schemas if name in kept}


def _open(node: Any, closed: dict[str, Node]) -> None:
    for each in nodes(node):
        named = closed.get(str(each.get("$ref", "")).removeprefix(HERE))
        if named is not None:
            del each["$ref"]
            for key, value in named.items():
                each.setdefault(key, value)
        if isinstance(each.get("enum"), list) and "string" in each.get("type", ()):
            each["x-extensible-enum"] = [value for value in each.pop("enum") if value is not None]
            each.setdefault("pattern", WORD)


def _say_instants(schema: Node) -> None:
    """Requests take any offset; answers are in UTC, always."""
    for told in schema.get("properties", {}).values():
        if told.get("type") == "string" and told.get("format") == "date-time":
            del told["type"], told["format"]
            told["$ref"] = f"{HERE}Instant"
