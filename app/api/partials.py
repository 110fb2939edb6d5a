"""What the contract says of partial objects: every member as in the whole one, none required."""

from typing import Any

from app.api.shapes import PARTIAL

Node = dict[str, Any]

HERE = "#/components/schemas/"


def describe_partial(operation: Node, schemas: Node) -> None:
    """Complete the partial answer of an operation, if it has one, from its whole answer."""
    kinds = operation["responses"].get("200", {}).get("content", {})
    if PARTIAL in kinds:
        kinds[PARTIAL]["schema"] = _partial(kinds["application/json"]["schema"], schemas)


def _partial(reference: Node, schemas: Node) -> Node:
    name = reference["$ref"].removeprefix(HERE)
    whole: Node = schemas[name]
    if "next_cursor" in whole["properties"]:
        items = _partial(whole["properties"]["data"]["items"], schemas)
        data = {"data": {"type": "array", "items": items}}
        return {k: v for k, v in whole.items() if k != "description"} | {
            "properties": whole["properties"] | data
        }
    part = f"Partial{name.removesuffix('Out').removesuffix('View')}"
    text = f"Those members of {name} that were asked for."
    kept = {key: value for key, value in whole.items() if key != "required"}
    schemas[part] = kept | {"description": text}
    return {"$ref": f"{HERE}{part}"}
