"""All commands but the quick one, put together with Typer."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli import cascade, demo, distribute, imports, keys, ledger, serve, workspaces
from app.cli.failures import FAILED, Misuse

app = typer.Typer(
    name="backcast",
    help="Milestone selling: what must arrive at every milestone, what did, and where to act.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(serve.work)
app.command("migrate")(serve.migrate)
app.command("distribute")(distribute.distribute)
app.add_typer(workspaces.app, name="workspace")
app.add_typer(keys.app, name="key")
app.add_typer(ledger.app, name="ledger")
app.command("import")(imports.import_file)
app.command("openapi")(serve.openapi)


def run(arguments: Sequence[str]) -> int:
    try:
        code = app(args=list(arguments) or ["--help"], prog_name="backcast", standalone_mode=False)
    except typer.Abort:
        return FAILED
    except typer.TyperException as error:
        raise _misuse(error) from error
    return code or 0


@app.command(
    "cascade",
    help=cascade.SUMMARY,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def show_cascade(context: typer.Context) -> None:
    raise typer.Exit(cascade.run(context.args))


def show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"backcast {version('backcast')}")
        raise typer.Exit


@app.callback()
def backcast(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    pass


def _misuse(error: typer.TyperException) -> Misuse:
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    return Misuse(f"{said} (see `{context.command_path if context else 'backcast'} --help`)")
