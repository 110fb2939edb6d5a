import json
import subprocess
import sys

import pytest

from app.cli import main

HEAVY = ("fastapi", "pydantic", "sqlalchemy", "typer", "rich", "alembic", "uvicorn", "asyncio")
LOOK = f"""
import sys
from app.cli import main
main(["cascade", "100000", "0.5", "0.5"])
print(*(set(sys.modules) & set({HEAVY})), file=sys.stderr, end="")
"""


def cli(line: str) -> int:
    return main(line.split())


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line[:1].isdigit()]


def test_a_target_of_100000_over_four_halves_needs_1600000_at_the_first_milestone(capsys):
    assert cli("cascade 100000 0.5 0.5 0.5 0.5") == 0
    out = capsys.readouterr().out
    required = [row[2] for row in rows(out)]
    assert required == ["1,600,000.00", "800,000.00", "400,000.00", "200,000.00", "100,000.00"]
    assert "coverage 16:" in out


def test_requirements_are_rounded_up_once_from_the_exact_value(capsys):
    assert cli("cascade 100000 .35 .60 .45 .30 --average 25000") == 0
    assert [row[2:4] for row in rows(capsys.readouterr().out)] == [
        ["3,527,336.87", "142"],
        ["1,234,567.91", "50"],
        ["740,740.75", "30"],
        ["333,333.34", "14"],
        ["100,000.00", "4"],
    ]


def test_a_target_may_be_a_number_of_orders_and_a_rate_a_fraction(capsys):
    assert cli("cascade 4 1/3 0.7 --count --milestones need,concept,order") == 0
    found = [row[1:3] for row in rows(capsys.readouterr().out)]
    assert found == [["need", "18"], ["concept", "6"], ["order", "4"]]


def test_yen_have_no_decimals(capsys):
    assert cli("cascade 100 1/3 --currency JPY") == 0
    assert [row[2] for row in rows(capsys.readouterr().out)] == ["300", "100"]


async def test_json_is_what_the_service_answers(client, capsys):
    assert cli("cascade 100000 0.5 1/3 --average 25000 --milestones need,concept,order --json") == 0
    asked = {
        "target": {"amount": "100000.00", "currency": "EUR"},
        "rates": ["0.5", {"num": 1, "den": 3}],
        "average_order_value": {"amount": "25000.00", "currency": "EUR"},
        "milestones": ["need", "concept", "order"],
    }
    answer = await client.post("/v1/cascade", json=asked)
    assert answer.json() == json.loads(capsys.readouterr().out)


def test_rates_that_let_next_to_nothing_through_are_doubted(capsys):
    assert cli("cascade 1000 .1 .1 .1 .1 .1") == 0
    assert "mistyped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("100 1.5", "above 1"),
        ("100 -0.5", "above 0"),
        ("100 0", "above 0"),
        ("100 half", "write it as 0.5 or 1/3"),
        ("100 1/0", "write it as 0.5 or 1/3"),
        ("lots 0.5", "is not an amount"),
        ("1.234 0.5", "EUR has 2 decimals"),
        ("1.5 0.5 --count", "not a number of orders"),
        ("100 0.5 --currency XXX", "ISO 4217"),
        ("100 0.5 --average 0", "average order value"),
        ("100 0.5 --milestones a", "one milestone more"),
        ("100 0.5 --milestones a,a", "name of its own"),
        ("100 .9 .9 .9 .9 .9 .9 .9 .9 .9 .9 .9 .9", "at most 12"),
        ("100", "required: rates"),
        ("", "required: target"),
        ("100 0.5 --colour", "--colour"),
    ],
)
def test_what_does_not_add_up_is_said_in_one_line(arguments, said, capsys):
    assert cli(f"cascade {arguments}") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("backcast: ")
    assert said in err


def test_it_does_not_wait_for_libraries_it_does_not_need():
    look = [sys.executable, "-c", LOOK]
    seen = subprocess.run(look, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert seen.stdout.startswith("#  milestone")
    assert seen.stderr == ""


def test_a_reader_who_leaves_early_is_no_error():
    line = f'{sys.executable} -c \'from app.cli import main; main(["cascade", "1", "1"])\' | true'
    seen = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)  # noqa: S603, S607 - our own
    assert seen.stderr == ""
