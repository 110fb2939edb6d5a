"""What is written about the project is about this project: names in it exist."""

import re
from pathlib import Path

import pytest

from app.core.settings import Settings

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_every_decision_is_in_the_index():
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert re.findall(r"\]\((.+?\.md)\)", index) == [record.name for record in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_says_why_what_and_which_test_holds_it(record):
    told = record.read_text()
    for part in ("# " + record.name[:3], "**Context.**", "**Decision.**", "**Consequence.**"):
        assert part in told
    held = told.partition("**Held by**")[2]
    assert re.search(r"`tests/\S+?`", held)
    for path in re.findall(r"`((?:app|tests|openapi)/[\w/.-]*)", told):
        assert (ROOT / path).exists(), path


def test_every_setting_is_explained_with_its_default():
    rows = dict(
        re.findall(r"\| `(BACKCAST_\w+)` \| (\S+) \|", (ROOT / "docs/operations.md").read_text())
    )
    for name, field in Settings.model_fields.items():
        default = getattr(field.default, "get_secret_value", lambda field=field: field.default)()
        assert rows[f"BACKCAST_{name.upper()}"] == (
            f"`{str(default).lower()}`" if default != "" else "empty"
        )


def test_the_roles_made_by_hand_are_those_of_the_code():
    told = (ROOT / "docs" / "operations.md").read_text()
    for role, attributes in (("owner", " BYPASSRLS"), ("app", ""), ("worker", "")):
        assert f"CREATE ROLE backcast_{role} NOLOGIN{attributes};" in told


def test_what_reliability_rests_on_is_there():
    told = (ROOT / "docs" / "reliability.md").read_text()
    named = re.findall(r"`(tests/[\w/.]+?)(?:::(\w+))?`", told)
    assert len(named) > 20
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(), test
