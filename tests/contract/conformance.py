"""Whether an answer is what the contract promises: its status, its headers, its body."""

import re
from typing import Any

from jsonschema import Draft202012Validator

# On every answer to a known key that is no problem; of problems, many come before the key is known.
STANDING = ("RateLimit-Policy", "RateLimit")
PROMISED = ("ETag", "Location", "X-Request-Id", "WWW-Authenticate")


def faults(contract: dict[str, Any], method: str, path: str, response: Any) -> list[str]:
    """What the answer to `method path` does otherwise than documented; empty when it conforms."""
    found = _operation(contract, method, path)
    if found is None:
        return []
    template, operation = found
    where = f"{method} {template} -> {response.status_code}"
    promised = operation["responses"].get(str(response.status_code))
    if promised is None:
        return [f"{where} is not documented"]
    promised = _resolved(contract, promised)
    headers = promised.get("headers", {})
    told = PROMISED if response.is_error else (*PROMISED, *STANDING)
    astray = [name for name in told if (name in headers) != (name in response.headers)]
    return [f"{where}: header {name}" for name in astray] + [
        f"{where}: {fault}" for fault in _body_faults(contract, promised, response)
    ]


def _operation(contract, method, path):
    """The template with the fewest parameters wins, as it does in the router's order."""
    fits = [
        template
        for template, methods in contract["paths"].items()
        if method.lower() in methods and _pattern(template).fullmatch(path)
    ]
    if not fits:
        return None
    template = min(fits, key=lambda template: template.count("{"))
    return template, contract["paths"][template][method.lower()]


def _pattern(template):
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


def _resolved(contract, node):
    return (
        contract["components"]["responses"][node["$ref"].rpartition("/")[2]]
        if "$ref" in node
        else node
    )


def _body_faults(contract, promised, response):
    kind = response.headers.get("content-type", "").partition(";")[0]
    contents = promised.get("content", {})
    if not contents:
        return [] if not response.content else ["a body where none is documented"]
    if kind not in contents:
        return [f"{kind} where {', '.join(contents)} is documented"]
    if not kind.endswith("json"):
        return []
    validator = Draft202012Validator(
        contents[kind]["schema"] | {"components": contract["components"]}
    )
    return [
        f"{fault.json_path} {fault.message[:120]}"
        for fault in validator.iter_errors(response.json())
    ]
