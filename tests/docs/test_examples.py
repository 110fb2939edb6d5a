"""The example programs show lights and forecast of a server that runs."""

import os
import re
import sys

import pytest

from tests.docs.tours import ROOT
from tests.node import installed, needs_node, run

EXAMPLES = ROOT / "docs" / "examples"
MILESTONES = ["interest", "invited", "need", "concept", "order"]


def shows_both(told: str) -> None:
    """A light for every milestone, and three periods with numbers."""
    lights = re.findall(r"^(\w+) .*? (green|amber|red|grey)$", told, re.MULTILINE)
    assert [milestone for milestone, _ in lights] == MILESTONES
    assert {light for _, light in lights} != {"grey"}
    periods = re.findall(r"^\d{4}-\d\d +[\d,]+ EUR +[\d,]+ EUR +[\d,]+ EUR$", told, re.MULTILINE)
    assert len(periods) == 3, told


@pytest.mark.timeout(180)
def test_the_python_example_shows_lights_and_forecast(demo):
    program = EXAMPLES / "python" / "lights_and_forecast.py"
    shows_both(run(sys.executable, str(program), cwd=ROOT, **_told(demo)))


@needs_node
@pytest.mark.timeout(240)
def test_the_typescript_example_compiles_against_the_contract_and_shows_them_too(demo):
    folder = installed(EXAMPLES / "typescript")
    for script in ("types", "build"):
        run("npm", "run", "--silent", script, cwd=folder)
    shows_both(run("npm", "run", "--silent", "start", cwd=folder, **_told(demo)))


@needs_node
def test_the_lock_file_names_no_host():
    for lock in ROOT.glob("**/package-lock.json"):
        if "node_modules" not in lock.parts:
            assert "://" not in re.sub(r'"(url|funding)": ?"[^"]*"', "", lock.read_text())


def _told(demo) -> dict[str, str]:
    return {"BACKCAST": demo.address, "KEY": demo.key, "PATH": os.environ["PATH"]}
