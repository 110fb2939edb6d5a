"""Where the log lines of a serving process go: all to standard error, requests as JSON."""

import logging.config
from typing import Any

from app.cli.failures import Failure


def configure(level: str) -> None:
    """One JSON line per request at `info`; everything else from warnings on."""
    if level.upper() not in logging.getLevelNamesMapping():
        raise Failure(f"BACKCAST_LOG_LEVEL: {level!r} is no level such as info or warning")
    logging.config.dictConfig(plan(level.upper()))
    # Nobody reads them here, and finding them out costs more than the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - as its manual says


def plan(level: str) -> dict[str, Any]:
    stream = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    requests = {"handlers": ["bare"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "bare": {"format": "%(message)s"},
            "told": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        },
        "handlers": {
            "bare": {**stream, "formatter": "bare"},
            "told": {**stream, "formatter": "told"},
        },
        "loggers": {"backcast.requests": requests},
        "root": {"handlers": ["told"], "level": "WARNING"},
    }
