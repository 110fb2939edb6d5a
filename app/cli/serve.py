"""`backcast serve`, `migrate` and `openapi`: the service and what it stands on."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli import loading, voice

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    *,
    worker: Annotated[
        bool | None,
        typer.Option("--worker/--no-worker", help="Do jobs beside answering (BACKCAST_WORKER)."),
    ] = None,
) -> None:
    """Serve the API until Ctrl-C or SIGTERM."""
    with loading.for_good():
        from app.cli import listening, logs, ports
        from app.cli.database import opened, settings
        from app.main import create_app

    knobs = settings()
    if worker is not None:
        knobs = knobs.model_copy(update={"worker": worker})
    door = ports.bound(host, port)
    with door, ports.stoppable(), opened(knobs) as database:
        logs.configure(knobs.log_level, knobs.log_format)
        listening.serve(create_app(knobs, database), door)


def work() -> None:
    """Do jobs, and nothing else, until Ctrl-C or SIGTERM."""
    with loading.for_good():
        from app.cli import logs, ports, working
        from app.cli.database import opened, run, settings

    knobs = settings()
    with ports.stoppable(), opened(knobs) as database:
        logs.configure(knobs.log_level, knobs.log_format)
        run(working.until_stopped(database, knobs))


def migrate() -> None:
    """Bring the database to this release's version."""
    from app.cli.database import migrated, settings

    voice.aside(f"The database is at {migrated(settings())}.")


def openapi(
    output: Annotated[Path | None, typer.Option(help="File to write instead.")] = None,
) -> None:
    """Print the OpenAPI document; needs no database."""
    from app.main import document

    text = json.dumps(document(), indent=2, ensure_ascii=False)
    if output is None:
        voice.answer(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")
