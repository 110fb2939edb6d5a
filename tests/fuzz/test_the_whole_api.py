"""Whatever is sent to whichever operation, the answer is one that the contract describes.

`BACKCAST_FUZZ=100` asks every kind of question, with a hundred random ones for each operation.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.generation.meta import TestPhase
from schemathesis.python import asgi

from app.main import create_app
from tests.conftest import CLOCK, DOCUMENT

RULES = Path(__file__).with_name("schemathesis.toml")
MANY = int(os.environ.get("BACKCAST_FUZZ", "0"))


@pytest.mark.long
@pytest.mark.timeout(7200 if MANY else 1200)
def test_every_answer_to_anything_is_documented(database, settings, lived_in):
    app = create_app(settings, database, clock=CLOCK)
    schema = openapi.from_asgi("/openapi.json", app, config=rules(lived_in))
    schema.hook(sparing(own=lived_in))
    answered, faults = set(), []
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, NonFatalError):
                faults.append(f"{event.label}: {event.value}")
            elif isinstance(event, ScenarioFinished):
                answered |= set(well_answered(event.recorder))
                faults += found(event.recorder)
    finally:
        asgi.shutdown_lifespans()
    assert not faults, "\n\n".join([f"{len(faults)} faults, seed {schema.config.seed}", *faults])
    assert len(answered) > len(set(operations())) * 2 / 3  # refusals alone would prove little


def rules(key: str) -> SchemathesisConfig:
    found = SchemathesisConfig.from_path(RULES)
    default = found.projects.default
    default.headers = {"Authorization": f"Bearer {key}"}
    if MANY:
        found.update(seed=secrets.randbits(32), max_failures=None)
        default.generation.update(max_examples=MANY, deterministic=False)
    return found


def sparing(own: str):
    """Never revokes the key that asks; in the ordinary run, asks one question of each kind."""
    seen = set()

    def filter_case(_context, case):
        if case.operation.label.startswith("DELETE /v1/api_keys"):
            return str(case.path_parameters.get("id")).replace("-", "") not in own
        if MANY or case.meta.phase.name is not TestPhase.COVERAGE:
            return True
        told = case.meta.phase.data
        kind = (case.operation.label, told.scenario, told.parameter, told.parameter_location)
        fresh = kind not in seen
        seen.add(kind)
        return fresh

    return filter_case


def operations() -> Iterator[str]:
    for path, methods in DOCUMENT["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods)


def well_answered(recorder) -> Iterator[str]:
    for id, one in recorder.interactions.items():
        if one.response is not None and one.response.status_code < 400:
            yield recorder.cases[id].value.operation.label


def found(recorder) -> Iterator[str]:
    for id, checks in recorder.checks.items():
        for one in checks:
            if one.failure_info is not None:
                operation = recorder.cases[id].value.operation.label
                failure, sample = one.failure_info.failure, one.failure_info.code_sample
                yield f"{operation}: {failure.title}: {failure.message}\n{sample}"
