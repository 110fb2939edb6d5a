"""What the names of the contract mean: the same word means the same thing wherever it stands.

A model says itself what is particular about a member of it; glossary.toml has what is common. The
forms there say what texts of a name look like, for answers; requests say so by their own checks.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from app.api.operations import Node
from app.api.plain import reached

FILE = Path(__file__).parent / "glossary.toml"
# By type; a number of no other form counts something.
FORMS: dict[str, dict[str, Node]] = {
    "integer": {"place": {"minimum": 0, "maximum": 12}, "signed": {}},
    "string": {
        "decimal": {"pattern": "^-?[0-9]+([./][0-9]+)?([eE][+-]?[0-9]+)?$"},
        "fraction": {"pattern": "^-?[0-9]+/[0-9]+$"},
        "currency": {"pattern": "^[A-Z]{3}$"},
        "word": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.:/-]*$"},
        "text": {"minLength": 1},
        "free": {},  # what callers may have sent empty, or in words of their own
        "name": {"minLength": 1, "maxLength": 200},
    },
    "array": {"page": {"maxItems": 200}, "steps": {"minItems": 1, "maxItems": 12}},
}
OTHERS: dict[str, Node] = {"integer": {"minimum": 0}}
LIMITS = ("pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum", "format", "const")


def explain(document: Node) -> None:
    """Describe every schema, member and parameter that does not do so itself."""
    schemas: Node = document["components"]["schemas"]
    operations = [each for path in document["paths"].values() for each in path.values()]
    requested = reached(schemas, [(o.get("requestBody"), o.get("parameters")) for o in operations])
    for name, schema in schemas.items():
        known = name.removeprefix("Nullable")
        if text := schema.get("description") or glossary()["schemas"].get(known) or _page(known):
            schema["description"] = text
        for member, told in schema.get("properties", {}).items():
            _describe(told, f"{known}.{member}", member)
            if name not in requested:
                _form(told, f"{known}.{member}", member)
    for parameter in (each for o in operations for each in o.get("parameters", ())):
        if "$ref" not in parameter:
            _describe(parameter, f"?{parameter['name']}", parameter["name"])


@cache
def glossary() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def forms() -> dict[str, str]:
    """The form of each name that has one."""
    listed = glossary()["forms"].items()
    return {name: form for form, names in listed for name in names.split()}


def _page(name: str) -> str:
    if name.endswith("Page"):
        return f"A page of a list: {name.removesuffix('Page')}."
    if name.endswith("Condition"):
        return "All that is said here must hold."
    return ""


def _describe(node: Node, place: str, name: str) -> None:
    words = glossary()["words"]
    text = words.get(place) or words.get(name)
    if text and not node.get("description"):
        node["description"] = text


def _form(node: Node, place: str, name: str) -> None:
    """Say what the texts and numbers of an answer look like, where nothing says so yet."""
    kind = next((each for each in FORMS if each in node.get("type", ())), None)
    if kind is not None and not any(limit in node for limit in LIMITS):
        form = forms().get(place) or forms().get(name, "")
        node |= FORMS[kind].get(form, OTHERS.get(kind, {}))
