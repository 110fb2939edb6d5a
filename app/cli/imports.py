"""`backcast import`: a file into a workspace, here or on a server, and what became of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import voice
from app.cli.failures import FAILED, Failure, Misuse
from app.cli.keys import Room
from app.cli.tables import table


def import_file(  # noqa: PLR0913 - a command has the options it has
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header.")],
    *,
    process: Annotated[str | None, typer.Option(help="Key or id of the process.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="JSON: how to read the file.")
    ] = None,
    object: Annotated[
        str, typer.Option(help="opportunities, events, accounts, products, people or matrix.")
    ] = "opportunities",
    source: Annotated[str, typer.Option(help="The system whose ids stand in the file.")] = "csv",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, report it, keep nothing.")
    ] = False,
    failed: Annotated[
        Path | None, typer.Option(help="File to write the rows to that were not taken.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A running server, instead of here.")] = None,
    key: Annotated[
        str | None, typer.Option(envvar="BACKCAST_KEY", help="API key for that server.")
    ] = None,
    workspace: Room = None,
) -> None:
    """Import FILE; exit code 1 when rows were rejected or held."""
    spec = {"object": object, "source": source, "dry_run": dry_run, "mapping": _mapping(mapping)}
    if process is not None:
        spec["process_id"] = process
    answer, problems = _carried_out(file, spec, failed, (url, key), workspace)
    if answer["state"] in ("failed", "cancelled"):
        said = answer["problem"] or {"detail": f"The import was {answer['state']}."}
        raise Failure(said["detail"])
    voice.answer("\n\n".join(_told(answer, problems)))
    if answer["state"] != "completed":
        raise typer.Exit(FAILED)


def _carried_out(
    file: Path,
    spec: Any,
    failed: Path | None,
    server: tuple[str | None, str | None],
    workspace: str | None,
) -> Any:
    from app.cli.carriers import Errand, here, there
    from app.cli.progress import bar

    with bar() as progress:
        errand = Errand(file, spec, failed, progress)
        url, key = server
        return there(errand, url, key) if url else here(errand, workspace)


def _mapping(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise Misuse(f"{file} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Misuse(f"{file} is not a mapping: it begins with {{ and ends with }}")
    return found


def _told(answer: dict[str, Any], problems: list[dict[str, Any]]) -> list[str]:
    """The parts of the report, as far as there is something to say."""
    counts = answer["counts"]
    parts = [table(list(counts), [[f"{count:,}" for count in counts.values()]], range(len(counts)))]
    if answer["dry_run"]:
        parts.append("A dry run: nothing of it was kept.")
    if answer["reconciliation"]:
        parts.append(_reconciled(answer["reconciliation"]))
    if problems:
        parts.append(_listed(problems))
    return parts


def _reconciled(figures: dict[str, Any]) -> str:
    """The file's own figures against the stored ones."""
    if figures["matches"]:
        return "The file's figures and the stored ones are the same."
    theirs, ours = (dict(_flat(figures[side])) for side in ("source", "ours"))
    names = list(dict.fromkeys([*theirs, *ours]))
    rows = [[name, theirs.get(name, "-"), ours.get(name, "-")] for name in names]
    return table(
        ["figure", "in the file", "stored", ""],
        [[*row, "" if row[1] == row[2] else "differs"] for row in rows],
        numbers=[1, 2],
    )


def _flat(figures: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """
    >>> won = [{"month": "2026-07", "count": 2, "value": [{"amount": "9.00", "currency": "EUR"}]}]
    >>> list(_flat({"rows": 3, "won": won}))
    [('rows', '3'), ('won 2026-07 count', '2'), ('won 2026-07 value', '9.00 EUR')]
    """
    for name, figure in figures.items():
        path = f"{above}{name}"
        if isinstance(figure, dict):
            yield from _flat(figure, f"{path} ")
        elif name == "value":
            yield path, " + ".join(f"{sum['amount']} {sum['currency']}" for sum in figure) or "0"
        elif isinstance(figure, list):
            for each in figure:
                month = {key: value for key, value in each.items() if key != "month"}
                yield from _flat(month, f"{path} {each['month']} ")
        else:
            yield path, f"{figure}"


def _listed(problems: list[dict[str, Any]]) -> str:
    rows = [
        [f"{each['line']}", each["outcome"], each["column"] or "-", each["detail"]]
        for each in problems
    ]
    return table(["line", "row is", "column", "what is wrong"], rows, numbers=[0])
