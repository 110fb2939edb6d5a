"""`backcast ledger …`: the sums that lights and milestones are answered from."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli import voice
from app.cli.failures import FAILED
from app.cli.progress import bar

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.core.work import Work

app = typer.Typer(help="The sums that lights and milestones are answered from.")
Room = Annotated[str | None, typer.Option("--workspace", help="Name or id. Default: all of them.")]


@app.command("verify")
def verify(workspace: Room = None) -> None:
    """Count everything again and print the sums that differ; 1 if any does."""
    wrong = sum(_in_each(workspace, "counting", _differing))
    if wrong:
        voice.aside(f"{wrong} differ. Write them anew: backcast ledger rebuild")
        raise typer.Exit(FAILED)
    voice.aside("Every sum is what was counted.")


@app.command("rebuild")
def rebuild(workspace: Room = None) -> None:
    """Write the sums anew; whoever changes something in the workspace waits meanwhile."""
    from app.domain.ledger import recounting

    async def anew(work: "Work") -> int:
        await recounting.rebuild(work)
        return 1

    voice.aside(f"Workspaces written anew: {sum(_in_each(workspace, 'writing', anew))}.")


async def _differing(work: "Work") -> int:
    from app.domain.ledger import recounting
    from app.domain.ledger.kinds import KINDS

    found = [one for name in KINDS for one in await recounting.differences(work, name)]
    for one in found:
        voice.answer(f"{work.home.name}: {one}")
    lost = await recounting.misfits(work)
    if lost:
        voice.answer(f"{work.home.name}: {lost} arrivals are added up that cannot be")
    return len(found) + lost


def _in_each(wanted: str | None, phase: str, task: "Callable[[Work], Awaitable[int]]") -> list[int]:
    """What comes of it in one workspace or in all, each in a transaction of its own."""
    from app.cli.rooms import across, visiting, workspace, workspaces

    async def each(engine: "AsyncEngine") -> list[int]:
        ids: list[UUID] = [room.id for room in await workspaces(engine)]
        if wanted is not None:
            ids = [await workspace(engine, wanted)]
        found = []
        with bar() as tell:
            for number, id in enumerate(ids):
                tell(number, len(ids), phase)
                async with visiting(engine, id) as work:
                    found.append(await task(work))
        return found

    return across(each)
