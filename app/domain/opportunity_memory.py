"""What a process has told of opportunities, kept under marks that no change leaves as they were.

A mark is an id with the version of its row and the transaction that wrote it. Whoever was given one
by the database may tell again what was told under it: nobody has to be told of a change.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.core.lane import Caller, Lane

# Larger ones are not kept: a process is to stay small, whatever attributes it is sent.
MOST_BYTES = 4_096
MARK = "opportunities.id || '.' || opportunities.version || '.' || opportunities.xmin"
ID_OF = slice(36)
_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)


class Told(NamedTuple):
    """What was told of an opportunity, in a workspace that counts in `home`, and in which span of
    time it is so. Without a body it shows more than its row says, and is told anew each time."""

    mark: str
    home: str
    body: bytes | None
    version: int
    since: datetime = _EVER[0]
    until: datetime = _EVER[1]


def remembered(lane: Lane, caller: Caller) -> dict[str, Told]:
    """By id, what was told of opportunities of this workspace."""
    return lane.shelf((caller.workspace_id,))


def keep(lane: Lane, caller: Caller, told: Told) -> None:
    if told.body is None or len(told.body) <= MOST_BYTES:
        lane.keep(remembered(lane, caller), told.mark[ID_OF], told)


def span(columns: Sequence[Any], now: datetime) -> tuple[datetime, datetime]:
    """How long its age is what it is now: from day to day since the clock began, while it runs."""
    clock_from, ended = columns[13], columns[19] or columns[21]
    if ended is not None:
        return _EVER
    days = max(0, (now - clock_from).days)
    return clock_from + days * _DAY if days else _EVER[0], clock_from + (days + 1) * _DAY
