"""The examples of the contract: what was really sent and really answered, and every problem."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from app.api.answers import MEDIA
from app.api.operations import Node
from app.api.shapes import PARTIAL
from app.core.errors import Problem, catalogue

# What a walk through every operation sent and got; `tests/contract/test_examples.py` records it.
FILE = Path(__file__).parent / "examples.json"
REQUEST_ID = "01a1ffaf-6734-715b-bfde-354458a67054"


def show(document: Node) -> None:
    """Put an example to every request and every answer."""
    for node in (each for path in document["paths"].values() for each in path.values()):
        known = recorded().get(node["operationId"], {"answers": {}})
        _put(node.get("requestBody", {}), known.get("sent"))
        for status, answer in node["responses"].items():
            _put(answer, known["answers"].get(status))
    for status, answer in document["components"]["responses"].items():
        if status.startswith("Problem"):
            answer["content"][MEDIA]["examples"] = _problems(int(status.removeprefix("Problem")))


@cache
def recorded() -> Node:
    """By operation what was sent, and by status what was answered."""
    found: Node = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def _put(holder: Node, example: Any) -> None:
    for kind, content in holder.get("content", {}).items():
        if example is not None and kind not in (PARTIAL, "text/html"):
            content["example"] = example


def _problems(status: int) -> Node:
    kinds = (kind for kind in catalogue() if kind.status == status)
    return {kind.code: {"summary": kind.title, "value": _problem(kind)} for kind in kinds}


def _problem(kind: type[Problem]) -> Node:
    body = kind(f"{kind.title}.").body("en")
    return body | {"instance": "/v1/opportunities", "request_id": REQUEST_ID}
