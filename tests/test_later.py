"""Large libraries are loaded when they are first needed, and not before."""

import subprocess
import sys

import app

STARTED = """
import sys
import app, app.main, app.cli.listening
print(*[name for name in app.LATER if isinstance(sys.modules[name], app.Later)])
"""
USED = """
import sys, threading
import app
from app.domain import public_holidays
found = []
def count():
    found.append(len(public_holidays.of_year("DE", None, 2026, "en")))
threads = [threading.Thread(target=count) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
print(*found, isinstance(sys.modules["holidays"], app.Later))
"""


def said(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - ours


def test_who_imports_what_uses_them_has_not_loaded_them():
    assert said(STARTED) == [*app.LATER]


def test_whoever_comes_first_loads_it_and_the_others_wait():
    assert said(USED) == ["9"] * 4 + ["False"]
