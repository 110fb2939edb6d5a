"""Lines of a log as they are, without a record around each: where there is one for every request,
making the record costs more than the line."""

import logging
from typing import TextIO


class Lines(logging.StreamHandler[TextIO]):
    """Writes records like any handler, and finished lines at once."""

    def write(self, line: str) -> None:
        try:
            with self.lock:  # type: ignore[union-attr]  # a handler that is in use has one
                self.stream.write(f"{line}\n")
                self.flush()
        except Exception:  # noqa: BLE001 - a log that cannot be written stops nobody, as in logging
            self.handleError(logging.makeLogRecord({"msg": line, "levelno": logging.INFO}))


def say(log: logging.Logger, line: str) -> None:
    """Tell it at `info`, on the short way if that is all anybody listens to."""
    heard = log.handlers
    if len(heard) == 1 and not log.propagate and not log.filters and type(heard[0]) is Lines:
        heard[0].write(line)
    else:
        log.info(line)
