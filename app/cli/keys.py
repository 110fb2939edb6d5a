"""`backcast key …`: the keys that open a workspace."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli import voice
from app.cli.failures import Misuse
from app.cli.tables import table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from app.core.work import Work
    from app.domain.access import Scope

app = typer.Typer(help="API keys. A key is shown once: when it is made.")
Room = Annotated[
    str | None,
    typer.Option("--workspace", help="Name or id; not needed while there is only one."),
]


@app.command("create")
def create(
    scopes: Annotated[
        list[str] | None,
        typer.Option(help="What it may do, with commas between. Default: all its role may."),
    ] = None,
    workspace: Room = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    expires: Annotated[
        str | None, typer.Option(help="When it ends, such as 2027-01-31 or 2027-01-31T18:00Z.")
    ] = None,
    role: Annotated[
        str, typer.Option(help="How far it sees: admin (all), manager (teams) or rep (own deals).")
    ] = "admin",
    person: Annotated[
        str | None, typer.Option(help="Who comes with it: id or e-mail address.")
    ] = None,
) -> None:
    """Make a key and print it; nothing else stands on standard output."""
    from app.cli.rooms import within
    from app.core.sight import Role
    from app.domain.access import create_key, granted

    if role not in set(Role) or (role != Role.ADMIN and person is None):
        raise Misuse(f"--role is one of {', '.join(Role)}; a manager or rep needs --person")
    own = [scope.value for scope in granted(Role(role))]
    wanted, until = _scopes(",".join(scopes or own)), _instant(expires)

    async def make(work: "Work") -> "tuple[Row[Any], str]":
        end = until and (until if until.tzinfo else until.replace(tzinfo=work.home.zone))
        if end and end <= work.now:
            raise Misuse(f"--expires {expires} is not in the future")
        whose = None if person is None else await _person(work, person)
        return await create_key(work, name, wanted, end, role=role, person_id=whose)

    row, secret = within(workspace, make)
    voice.aside(f"Key {row.id}. Keep what follows: it is not shown again.")
    voice.answer(secret)


@app.command("list")
def show(workspace: Room = None) -> None:
    """Print the keys of a workspace, without their secrets."""
    from app.cli.rooms import within
    from app.domain.access import Scope
    from app.tables import ApiKey

    keys = within(workspace, lambda work: work.all(work.rows(ApiKey).order_by(ApiKey.created_at)))
    rows = [
        [
            str(key.id),
            key.hint,
            key.name,
            "all" if set(key.scopes) == set(Scope) else " ".join(key.scopes),
            key.role,
            _minute(key.created_at),
            _minute(key.last_used_at),
            f"revoked {_minute(key.revoked_at)}" if key.revoked_at else _minute(key.expires_at),
        ]
        for key in keys
    ]
    voice.answer(table(["id", "key", "name", "scopes", "role", "made", "last used", "ends"], rows))


@app.command("revoke")
def revoke(
    id: Annotated[UUID, typer.Argument(help="As `backcast key list` shows it.")],
    workspace: Room = None,
) -> None:
    """Make a key useless, at once and for good."""
    from app.cli.rooms import within
    from app.domain.access import revoke_key

    within(workspace, lambda work: revoke_key(work, id))
    voice.aside(f"Key {id} opens nothing any more.")


async def _person(work: "Work", said: str) -> UUID:
    from sqlalchemy import String, cast, func, or_

    from app.tables import Person

    same = or_(cast(Person.id, String) == said.lower(), func.lower(Person.email) == said.lower())
    row = await work.one(work.rows(Person).where(same))
    if row is None:
        raise Misuse(f"--person {said}: there is nobody with this id or address")
    id: UUID = row.id
    return id


def _scopes(given: str) -> "list[Scope]":
    from app.domain.access import Scope

    words = given.replace(",", " ").split() or [scope.value for scope in Scope]
    unknown = [word for word in words if word not in set(Scope)]
    if unknown:
        raise Misuse(f"there is no scope {unknown[0]!r}; there are {', '.join(Scope)}")
    return [Scope(word) for word in dict.fromkeys(words)]


def _instant(given: str | None) -> datetime | None:
    """A day without a time ends the key as the day begins where the workspace is."""
    try:
        return datetime.fromisoformat(given) if given else None
    except ValueError as error:
        raise Misuse(f"--expires {given!r} is no date: write it as 2027-01-31") from error


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else "-"
