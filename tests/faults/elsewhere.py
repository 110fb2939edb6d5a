"""Tests of faults, bad input and security that stand beside what they are about.

`pytest tests/faults` means these as well: see `tests/conftest.py`. docs/reliability.md says which
shows what.
"""

from pathlib import Path

import pytest

FILES = (
    "tests/api/test_bad_input.py",
    "tests/api/test_cursors.py",
    "tests/api/test_every_door.py",
    "tests/api/test_idempotency.py",
    "tests/api/test_no_leakage.py",
    "tests/api/test_short_walls.py",
    "tests/api/test_tracing.py",
    "tests/contract/test_doors.py",
    "tests/database/test_catalogue.py",
    "tests/engine/test_cascade.py",
    "tests/events/test_webhooks.py",
    "tests/fuzz",
    "tests/imports/test_chunks.py",
    "tests/imports/test_files.py",
    "tests/imports/test_formats.py",
    "tests/imports/test_german_file.py",
    "tests/imports/test_identifiers.py",
    "tests/imports/test_values.py",
    "tests/imports/test_workbooks.py",
    "tests/postgres",
)
ROOT = Path(__file__).parents[2]


def add_to(config: pytest.Config) -> None:
    """Where all of `tests/faults` is asked for, ask for these too."""
    asked = {(config.invocation_params.dir / each).resolve() for each in config.args}
    if ROOT / "tests" / "faults" in asked:
        config.args += [str(ROOT / each) for each in FILES if ROOT / each not in asked]
