"""Where the log lines of a serving process go: all to standard error, one line for each event."""

import json
import logging.config
from datetime import UTC, datetime
from typing import Any

from app.cli.failures import Failure


def configure(level: str, form: str = "json") -> None:
    """One line per request at `info`; everything else from warnings on."""
    if level.upper() not in logging.getLevelNamesMapping():
        raise Failure(f"BACKCAST_LOG_LEVEL: {level!r} is no level such as info or warning")
    logging.config.dictConfig(plan(level.upper(), form))
    # Nobody reads them here, and finding them out costs more than the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - as its manual says


def plan(level: str, form: str = "json") -> dict[str, Any]:
    stream = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    requests = {"handlers": ["requests"], "level": level, "propagate": False}
    bare = {"format": "%(message)s"}
    told = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    formats = {
        "json": {"requests": bare, "told": {"()": Objects}},
        "text": {"requests": {"()": Words}, "told": told},
    }
    # A finished line needs nothing around it; words are made of it first.
    plain = {"json": "app.core.lines.Lines", "text": "logging.StreamHandler"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": formats[form],
        "handlers": {
            "requests": {**stream, "formatter": "requests", "class": plain[form]},
            "told": {**stream, "formatter": "told"},
        },
        "loggers": {"backcast.requests": requests},
        "root": {"handlers": ["told"], "level": "WARNING"},
    }


class Objects(logging.Formatter):
    """What went wrong as one JSON object on one line, its traceback in it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Words(logging.Formatter):
    """A request for people: `GET /v1/lights 200 12.3 ms`, and then who and which."""

    def format(self, record: logging.LogRecord) -> str:
        said = json.loads(record.getMessage())
        first = [said.pop(name) for name in ("method", "route", "status", "ms")]
        method, route, status, ms = first
        rest = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
        return f"{method} {route or '-'} {status} {ms} ms {rest}"
