"""`backcast workspace …`: the workspaces of this installation."""

from typing import Annotated
from zoneinfo import available_timezones

import typer

from app.cli import voice
from app.cli.failures import Misuse
from app.cli.tables import table
from app.core.texts import LANGUAGES
from app.engine.money import is_currency

app = typer.Typer(help="Workspaces, each kept apart from all others.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    time_zone: Annotated[str, typer.Option(help="IANA name, such as Europe/Berlin.")] = "UTC",
    currency: Annotated[str, typer.Option(help="Reporting currency (ISO 4217).")] = "EUR",
    language: Annotated[str, typer.Option(help="Of texts for people: en or de.")] = "en",
) -> None:
    """Make an empty workspace and print its id."""
    decided = _checked(name, time_zone, currency, language)

    from app.cli.rooms import across, now
    from app.domain.workspaces import create_workspace

    id = across(lambda engine: create_workspace(engine, now(), **decided))
    voice.answer(str(id))
    voice.aside(f"Make a key for it: backcast key create --workspace {id}")


@app.command("list")
def show() -> None:
    """Print every workspace."""
    from app.cli.rooms import across, workspaces

    rows = [
        [str(room.id), room.name, room.time_zone, room.currency, f"{room.created_at:%Y-%m-%d}"]
        for room in across(workspaces)
    ]
    voice.answer(table(["id", "name", "time zone", "currency", "since"], rows))


def _checked(name: str, time_zone: str, currency: str, language: str) -> dict[str, str]:
    faults = {
        "a workspace needs a name": not name.strip(),
        f"{time_zone!r} is not an IANA time zone": time_zone not in available_timezones(),
        f"{currency!r} is not an ISO 4217 code, such as EUR": not is_currency(currency),
        f"{language!r} is none of {', '.join(LANGUAGES)}": language not in LANGUAGES,
    }
    for said, wrong in faults.items():
        if wrong:
            raise Misuse(said)
    return {"name": name, "time_zone": time_zone, "currency": currency, "language": language}
