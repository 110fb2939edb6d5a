"""The examples of the contract are what a server really answered.

`BACKCAST_RECORD=1 uv run pytest tests/contract/test_examples.py` records them anew.
"""

import os
import re
from functools import partial

import pytest
from jsonschema import Draft202012Validator

from app.api import examples
from app.api.shapes import PARTIAL
from app.domain.demo import Size, fill
from tests.contract import records
from tests.contract.walk import Walk, through
from tests.imports.support import finished

SMALL = Size(months=9, per_month=30)
PAGE = "text/html"  # for people
RECORD = "BACKCAST_RECORD"
AGAIN = "record them: BACKCAST_RECORD=1 uv run pytest tests/contract/test_examples.py"


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_every_operation_answers_and_so_has_an_example(
    contract, operations, client, app, work, clock
):
    await fill(work, 7, SMALL)
    await work.db.commit()
    walk = Walk(client, contract, lambda: clock.forward(minutes=1), app.state.streams)
    await through(walk, partial(finished, client))
    if os.environ.get(RECORD):
        examples.FILE.write_text(records.written(walk), encoding="utf-8")
    examples.recorded.cache_clear()
    known = {name: set(each["answers"]) for name, each in examples.recorded().items()}
    assert known == {name: set(walk.seen.get(name, ())) for name in _named(operations)}, AGAIN


def _named(operations):
    return sorted(operation["operationId"] for _, _, operation in operations)


def test_every_body_has_an_example(operations):
    for _, path, operation in operations:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for kind, content in (pair for body in bodies for pair in body.get("content", {}).items()):
            readable = kind.startswith("text/") or "json" in kind
            if readable and kind not in (PARTIAL, PAGE):
                assert "example" in content, (operation["operationId"], path, kind)


def test_examples_are_what_they_are_examples_of_and_show_nothing_else(contract):
    """Members nobody described would be taken for described ones."""
    closed = {"components": {"schemas": _closed(contract["components"]["schemas"])}}
    shown = list(_shown(contract))
    assert len(shown) > 200
    for place, schema, example in shown:
        faults = Draft202012Validator(_closed(schema) | closed).iter_errors(example)
        assert [f"{place} {fault.json_path} {fault.message[:200]}" for fault in faults] == []


def test_every_problem_has_an_example(contract):
    for name, answer in contract["components"]["responses"].items():
        if name.startswith("Problem"):
            examples = answer["content"]["application/problem+json"]["examples"]
            told = re.findall(r"^- `([a-z-]+)`", answer["description"], re.MULTILINE)
            assert list(examples) == told
            assert [each["value"]["code"] for each in examples.values()] == told


def test_examples_hold_no_secret():
    text = examples.FILE.read_text()
    assert set(re.findall(r"bc_[0-9a-f_]+", text)) <= {records.SHOWN, "bc_00000000"}


def _shown(node, place="$"):
    """(place, schema, example) of everything that shows one."""
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield place, node["schema"], node["example"]
        for name, each in node.get("examples", {}).items() if "schema" in node else ():
            yield f"{place}.{name}", node["schema"], each["value"]
    for key, part in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(part, dict | list) and key not in ("example", "examples"):
            yield from _shown(part, f"{place}.{key}")


def _closed(node):
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _closed(value) for key, value in node.items()}
    return kept | {"additionalProperties": False} if "properties" in kept else kept
