"""The contract is complete, valid, and stands in the repository as the code has it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from openapi_spec_validator import validate

from app.api.directory import Directory
from app.api.operations import operations as described
from app.core.database import Database
from app.core.errors import catalogue
from app.core.settings import Settings
from app.domain.access import Scope
from app.main import create_app

ROOT = Path(__file__).parents[2]
FILE = ROOT / "openapi" / "openapi.json"
REGENERATE = "run `uv run backcast openapi --output openapi/openapi.json` and commit the file"
# Members of an answer that are there only when they were asked for.
ASKED_FOR = {"total_count"}
# For people, and for whoever runs the service.
FOR_PEOPLE = {"/docs", "/docs/{name}", "/openapi.json", "/metrics"}


@pytest.fixture(scope="module")
def routes():
    app = create_app(Settings.model_construct(), Database.of("postgresql://nobody@nowhere/none"))
    directory, *routes = app.routes
    assert isinstance(directory, Directory)  # finds the others, and opens nothing itself
    contexts = list(iter_route_contexts(routes))
    assert all(isinstance(context.original_route, APIRoute) for context in contexts)
    return app, contexts


def test_the_file_is_what_the_code_says(contract):
    # Compared before the assertion: the difference of two long texts would bury the message.
    same = FILE.read_text() == json.dumps(contract, indent=2, ensure_ascii=False) + "\n"
    assert same, REGENERATE


def test_the_document_is_valid_openapi(contract):
    validate(contract)
    assert contract["openapi"].startswith("3.1")


def test_the_routes_of_the_code_are_those_of_the_document(routes, operations):
    _, contexts = routes
    served = {(m.lower(), c.path_format) for c in contexts for m in c.methods}
    told = {(method, path) for method, path, _ in operations}
    assert {(method, path) for method, path in served - told if path not in FOR_PEOPLE} == set()
    assert told <= served


def test_no_route_under_v1_opens_without_a_key(routes, contract):
    app, _ = routes
    under_v1 = [each for each in described(app, app.openapi()) if each.path.startswith("/v1/")]
    assert len(under_v1) > 50
    assert [each.path for each in under_v1 if not each.keyed] == []


def test_every_scope_asked_for_is_one_a_key_can_have(operations):
    asked = {op["x-required-scope"] for _, _, op in operations if "x-required-scope" in op}
    assert asked <= set(Scope)
    assert asked >= {"opportunities:write", "forecast:read", "admin"}


def test_the_scope_stands_in_the_security_of_the_operation(operations):
    for _, path, operation in operations:
        scopes = [operation["x-required-scope"]] if "x-required-scope" in operation else []
        expected = [{"api_key": scopes}] if path.startswith("/v1/") else []
        assert operation["security"] == expected, path


def test_operation_ids_are_unique_words(operations):
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    assert [id for id in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", id)] == []


def test_every_operation_says_what_it_does(operations, contract):
    known = {tag["name"] for tag in contract["tags"] if tag.get("description")}
    for method, path, operation in operations:
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert set(operation["tags"]) <= known, "describe the tag in app/api/openapi.py"
        assert operation["tags"], (method, path)


def test_every_error_is_the_one_problem(operations, contract):
    for method, path, operation in operations:
        errors = {s: a for s, a in operation["responses"].items() if s >= "400"}
        assert "500" in errors
        for status, answer in errors.items():
            assert answer == {"$ref": f"#/components/responses/Problem{status}"}, (method, path)
    responses = contract["components"]["responses"]
    for response in (responses[name] for name in responses if name.startswith("Problem")):
        schema = response["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_problem_of_the_code_is_in_the_document_and_the_reverse(contract):
    schema = contract["components"]["schemas"]["Problem"]["properties"]["code"]
    assert schema["x-extensible-enum"] == sorted({kind.code for kind in catalogue()})
    responses = contract["components"]["responses"]
    for kind in catalogue():
        # A wrong method belongs to no operation.
        if kind.status != 405:
            assert f"`{kind.code}`" in responses[f"Problem{kind.status}"]["description"]


def test_what_fastapi_would_answer_is_not_in_the_document(contract):
    assert "ValidationError" not in json.dumps(contract)


def test_no_schema_is_named_after_a_module(contract):
    # Two models of one name: FastAPI then tells them apart by their modules.
    names = contract["components"]["schemas"]
    assert [name for name in names if "__" in name] == []


def test_changes_of_versioned_objects_ask_for_the_version(operations):
    matched = {
        operation["operationId"]
        for _, _, operation in operations
        if {"$ref": "#/components/parameters/IfMatch"} in operation.get("parameters", [])
    }
    assert matched >= {"change_account", "delete_account", "change_opportunity", "change_process"}
    for _, _, operation in operations:
        stale = {"412", "428"} <= set(operation["responses"])
        assert stale == (operation["operationId"] in matched)


def test_what_is_created_has_an_address(operations):
    for _, path, operation in operations:
        if "201" in operation["responses"]:
            assert "Location" in operation["responses"]["201"]["headers"], path


def test_requests_are_closed_and_answers_are_open(contract):
    for name, schema in contract["components"]["schemas"].items():
        if name.endswith(("Out", "Page")) and not name.startswith("Partial"):
            assert schema.get("additionalProperties") is not False, name
            assert set(schema.get("required", [])) == set(schema["properties"]) - ASKED_FOR, name
        if name.endswith(("In", "Patch")):
            assert schema.get("additionalProperties") is False, name


def test_the_document_is_the_same_every_time():
    """Sets have another order in every process: none may be seen in the document."""
    told = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", "import app.main as m; print(m.document())"]
        own = os.environ | {"PYTHONHASHSEED": seed}
        told.add(subprocess.run(command, env=own, cwd=ROOT, check=True, capture_output=True).stdout)  # noqa: S603 - ours
    assert len(told) == 1
