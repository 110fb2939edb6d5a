"""What the documents tell readers to do works on a demo: commands are answered as shown, and the
example programs show lights and forecast. One module, for the demo takes its time to come up."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.tours import ROOT, differences, documents, steps
from tests.node import installed, needs_node, run

# What readers type is short; here a problem must not pass for an answer, and `uv run` is what runs
# the tests already.
SHELL = """
set -o pipefail
curl() { command curl --silent --show-error --fail-with-body --max-time 120 "$@"; }
uv() { shift; "$@"; }
"""
EXAMPLES = ROOT / "docs" / "examples"
MILESTONES = ["interest", "invited", "need", "concept", "order"]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_command_in_the_documents_is_answered_as_shown(demo, tmp_path):
    faults = []
    for document in documents():
        tour = list(steps(document))
        for step, (code, answer) in zip(tour, _walked(tour, demo, tmp_path), strict=True):
            if (code != 0) is not step.fails:
                faults.append(f"{step.place} ended with {code}: {answer}")
            else:
                faults += [f"{step.place} {told}" for told in differences(step, answer)]
    assert not faults, "\n".join(faults)


def shows_both(told: str) -> None:
    """A light for every milestone, and three periods with numbers."""
    lights = re.findall(r"^(\w+) .*? (green|amber|red|grey)$", told, re.MULTILINE)
    assert [milestone for milestone, _ in lights] == MILESTONES
    assert {light for _, light in lights} != {"grey"}
    periods = re.findall(r"^\d{4}-\d\d +[\d,]+ EUR +[\d,]+ EUR +[\d,]+ EUR$", told, re.MULTILINE)
    assert len(periods) == 3, told


@pytest.mark.timeout(600)
def test_the_python_example_shows_lights_and_forecast(demo):
    program = EXAMPLES / "python" / "lights_and_forecast.py"
    shows_both(run(sys.executable, str(program), cwd=ROOT, **_told(demo)))


@needs_node
@pytest.mark.timeout(600)
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


def _walked(tour, demo, folder):
    """Exit code and output of every step, all in one shell: one uses what others have set."""
    kept = [f"{folder}/{n}" for n, _ in enumerate(tour)]
    script = SHELL + "".join(
        f"{{ {step.script}\n}} > {place}.out 2> {place}.err\necho $? > {place}.code\n"
        for place, step in zip(kept, tour, strict=True)
    )
    subprocess.run(["bash", "-c", script], cwd=ROOT, env=demo.environment, timeout=300, check=False)  # noqa: S603, S607 - our own documents
    for place in kept:
        said = [Path(f"{place}.{kind}").read_text() for kind in ("code", "out", "err")]
        yield int(said[0]), said[1] or said[2]
