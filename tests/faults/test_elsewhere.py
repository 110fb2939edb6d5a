"""`pytest tests/faults tests/security` runs whatever docs/reliability.md counts on."""

import re

from tests.faults.elsewhere import FILES, ROOT


def test_what_shows_each_fault_is_run_with_them():
    text = (ROOT / "docs" / "reliability.md").read_text()
    table = text.partition("## Faults, bad input, security: the tests")[2]
    shown = set(re.findall(r"`(tests/[\w/.]+)", table))
    run = ("tests/faults/", "tests/security/", *FILES)
    assert len(shown) > 20
    assert {path for path in shown if not path.startswith(run)} == set()


def test_what_is_run_with_them_is_there():
    assert [file for file in FILES if not (ROOT / file).exists()] == []


def test_every_one_of_the_28_is_told():
    table = (ROOT / "docs" / "reliability.md").read_text().partition("| # | fault |")[2]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(n) for n in range(1, 29)]
