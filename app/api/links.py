"""Where an answer leads: from what was made to how it is read, changed and taken back."""

from typing import Any

from app.api.plain import Node

# What is told of an object by others of its operations; by the name of the link.
ONWARD = {"read": "get", "change": "patch", "delete": "delete"}
PROMISES = ("200", "201")
LEADS = {
    "read": "The object as it is now.",
    "change": "Change it; send its ETag as If-Match.",
    "delete": "Delete it; send its ETag as If-Match.",
    "restore": "Take the deletion back.",
    "next": "The page after this one, while `next_cursor` is not null.",
}
SAME = "$request.path.id"


def link(paths: Node) -> None:
    """Add links to every answer that leads on."""
    for path, methods in paths.items():
        for method, node in methods.items():
            found = _onward(paths, path, method, node)
            for status in PROMISES:
                if found and status in node["responses"]:
                    node["responses"][status]["links"] = found
            if method == "delete" and f"{path}/restore" in paths:
                back = paths[f"{path}/restore"]["post"]
                node["responses"]["204"]["links"] = {"restore": _link("restore", back, id=SAME)}


def _onward(paths: Node, path: str, method: str, node: Node) -> Node:
    names = {parameter.get("name") for parameter in node.get("parameters", ())}
    if "cursor" in names:
        return {"next": _link("next", node, cursor="$response.body#/next_cursor")}
    if "201" in node["responses"]:
        return _leads(paths.get(f"{path}/{{id}}", {}), "$response.body#/id")
    if method in ("get", "patch") and path.endswith("/{id}"):
        others = {name: each for name, each in paths[path].items() if name != method}
        return _leads(others, SAME)
    return {}


def _leads(methods: Node, id: str) -> Node:
    onward = {name: methods[method] for name, method in ONWARD.items() if method in methods}
    return {name: _link(name, node, id=id) for name, node in onward.items()}


def _link(name: str, node: Node, **parameters: Any) -> Node:
    matched = {"$ref": "#/components/parameters/IfMatch"} in node.get("parameters", ())
    told = parameters | ({"If-Match": "$response.header.ETag"} if matched else {})
    return {"operationId": node["operationId"], "parameters": told, "description": LEADS[name]}
