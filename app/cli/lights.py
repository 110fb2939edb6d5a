"""The lights on a terminal: coloured where that is possible, in words everywhere."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}
NOTHING = "-"

Answer = dict[str, Any]


def milestones(lights: Answer) -> RenderableType:
    """The answer of GET /v1/lights: what is required, due by now and there, and why."""
    currency = lights["currency"]
    found = Table(title=f"{lights['period']}, {_share(lights['elapsed'])} of it over", box=None)
    for head in ("milestone", f"required {currency}", "due by now", "arrived"):
        found.add_column(head, justify="left" if head == "milestone" else "right", no_wrap=True)
    found.add_column("light", no_wrap=True)
    found.add_column("because", no_wrap=True)
    for each in lights["milestones"]:
        amounts = [_money(each[f"{name}_value"]) for name in ("required", "expected", "actual")]
        because = each["reason"]["code"].replace("_", " ")
        found.add_row(each["name"], *amounts, _light(each["light"]), because)
    if lights["focus"]:
        found.caption = lights["focus"]["text"]
    return found


def people(lights: Answer) -> RenderableType:
    """The answer of GET /v1/lights/people: a row for all, for each team and for each person."""
    found = Table(title="The same for teams and people", box=None)
    found.add_column("who", no_wrap=True)
    for each in lights["all"]["milestones"]:
        found.add_column(each["key"], no_wrap=True)
    found.add_row("all", *_row(lights["all"]))
    for team in lights["teams"]:
        found.add_row(f"team {team['name']}", *_row(team))
    for person in lights["people"]:
        found.add_row(person["name"], *_row(person))
    return found


def _row(scope: Answer) -> Sequence[Text]:
    return [_light(each["light"]) for each in scope["milestones"]]


def _light(colour: str) -> Text:
    return Text(f"● {colour}", style=COLOURS[colour])


def _money(money: Answer | None) -> str:
    return NOTHING if money is None else f"{round(Decimal(money['amount'])):,}"


def _share(elapsed: str) -> str:
    return f"{Decimal(elapsed):.0%}"
