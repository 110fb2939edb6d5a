"""Whether an answer is what the contract promises: its status, its headers, its body."""

import json
import re
from typing import Any

from jsonschema_rs import Draft202012Validator, Registry

CONTRACT = "urn:contract"
# On every answer to a known key that is no problem; of problems, many come before the key is known.
STANDING = ("RateLimit-Policy", "RateLimit")
PROMISED = ("ETag", "Location", "X-Request-Id", "WWW-Authenticate")


def faults(contract: dict[str, Any], method: str, path: str, response: Any) -> list[str]:
    """What the answer to `method path` does otherwise than documented; empty when it conforms."""
    asked = _ready(contract)
    found = asked.operation(method, path)
    if found is None:
        return []
    template, operation = found
    where = f"{method} {template} -> {response.status_code}"
    promised = operation["responses"].get(str(response.status_code))
    if promised is None:
        return [f"{where} is not documented"]
    promised = asked.resolved(promised)
    headers = promised.get("headers", {})
    told = PROMISED if response.is_error else (*PROMISED, *STANDING)
    astray = [name for name in told if (name in headers) != (name in response.headers)]
    return [f"{where}: header {name}" for name in astray] + [
        f"{where}: {fault}" for fault in _body_faults(asked, promised, response)
    ]


def operation(
    contract: dict[str, Any], method: str, path: str
) -> tuple[str, dict[str, Any]] | None:
    """The template and the description of what is asked for; None when that is not described."""
    return _ready(contract).operation(method, path)


class _Contract:
    """A contract with what every answer needs of it made ready once."""

    def __init__(self, contract: dict[str, Any]) -> None:
        self.contract = contract
        self.templates = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), template)
            # The template with the fewest parameters wins, as it does in the router's order.
            for template in sorted(contract["paths"], key=lambda template: template.count("{"))
        ]
        # Once for all validators: a copy for each of them would take a gigabyte.
        self.registry = Registry([(CONTRACT, {"components": contract["components"]})])
        self.validators: dict[int, Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        for pattern, template in self.templates:
            methods = self.contract["paths"][template]
            if method.lower() in methods and pattern.fullmatch(path):
                return template, methods[method.lower()]
        return None

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        responses = self.contract["components"]["responses"]
        return responses[node["$ref"].rpartition("/")[2]] if "$ref" in node else node

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        """Of a schema that is part of the contract, and so lives as long as this does."""
        if id(schema) not in self.validators:
            pointing = json.dumps(schema).replace('"#/components/', f'"{CONTRACT}#/components/')
            self.validators[id(schema)] = Draft202012Validator(
                json.loads(pointing), registry=self.registry
            )
        return self.validators[id(schema)]


# By identity: a contract is a large document, and the same one all along. What is kept is alive.
_KEPT: dict[int, _Contract] = {}


def _ready(contract: dict[str, Any]) -> _Contract:
    if id(contract) not in _KEPT:
        _KEPT[id(contract)] = _Contract(contract)
    return _KEPT[id(contract)]


def _body_faults(asked: _Contract, promised: dict[str, Any], response: Any) -> list[str]:
    kind = response.headers.get("content-type", "").partition(";")[0]
    contents = promised.get("content", {})
    if not contents:
        return [] if not response.content else ["a body where none is documented"]
    if kind not in contents:
        return [f"{kind} where {', '.join(contents)} is documented"]
    if not kind.endswith("json"):
        return []
    return [
        f"{_place(fault)} {fault.message[:120]}"
        for fault in asked.validator(contents[kind]["schema"]).iter_errors(response.json())
    ]


def _place(fault: Any) -> str:
    return "/".join(["$", *(str(step) for step in fault.instance_path)])
