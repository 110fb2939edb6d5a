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
    for name in reached(schemas, answers) - requested:
        _open(schemas[name], schemas)
    for answer in answers:
        _open(answer, schemas)
    for name in reached(schemas, answers) - requested:
        _say_instants(schemas[name])
    schemas["Instant"] = INSTANT


def drop_unused(document: Node) -> None:
    """A schema that nothing leads to says nothing."""
    schemas: Node = document["components"]["schemas"]
    others = {key: value for key, value in document["components"].items() if key != "schemas"}
    kept = reached(schemas, (document["paths"], others))
    document["components"]["schemas"] = {name: schemas[name] for name in schemas if name in kept}


def _open(node: Any, schemas: Node) -> None:
    for each in nodes(node):
        named = schemas.get(str(each.get("$ref", "")).removeprefix(HERE), {})
        if "enum" in named:
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
