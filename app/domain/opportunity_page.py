"""The first page of all opportunities as the bytes of an answer; what was told before is kept.

One statement gives the marks of the page in its order: an id with the version of the row and the
transaction that wrote it, which no change leaves as they were. What this process has told under a
mark it tells again, and asks for the rest alone. So nobody has to be told of a change, and nothing
in an answer is older than its question. Where more is shown than the row says
(`opportunity_json.rare`), it is written anew each time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.core.lane import Caller, Lane
from app.domain import pipeline
from app.domain.opportunity_bytes import (
    OWN,
    PLAIN_DOOR,
    PRODUCTS,
    SEEN,
    WHOLE_DOOR,
    Found,
    with_attributes,
)
from app.domain.opportunity_json import COLUMNS, rare, section_of, written

# Larger ones are not kept: a process is to stay small, whatever attributes it is sent.
MOST_BYTES = 4_096
# How often a page is begun anew because somebody changed it while it was read.
PATIENCE = 3

_MARK = "opportunities.id || '.' || opportunities.version || '.' || opportunities.xmin"
_ID_OF = slice(36)
# One more than fits tells that there are more; the last that fits is where the next page begins.
_NEWEST = """SELECT string_agg(mark, ',') AS marks, (array_agg(created_at))[$5] AS at
  FROM ({each} ORDER BY created_at DESC, id DESC LIMIT $5 + 1) page"""
MARKS = PLAIN_DOOR.replace("{what}", "k.secret, opportunities.marks, opportunities.at").replace(
    "{asked}", _NEWEST.replace("{each}", f"SELECT {_MARK} AS mark, created_at {OWN}")
)
_EACH = """SELECT each.* FROM unnest(CAST($5 AS uuid[])) AS asked(id)
  CROSS JOIN LATERAL ({each} AND opportunities.id BETWEEN asked.id AND asked.id
    ORDER BY opportunities.id) each"""
PLAIN_ONES = PLAIN_DOOR.replace("{what}", f"opportunities.mark, {COLUMNS}, {PRODUCTS}").replace(
    "{asked}", _EACH.replace("{each}", f"SELECT {_MARK} AS mark, * {OWN}")
)
ONES = WHOLE_DOOR.replace("{asked}", _EACH.replace("{each}", f"SELECT {_MARK} AS mark, {SEEN}"))

_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)


class Told(NamedTuple):
    """What was told of an opportunity, and in which span of time it is so. None: tell it anew."""

    body: bytes | None
    since: datetime
    until: datetime


_RARE = Told(None, *_EVER)


async def page(lane: Lane, caller: Caller, size: int) -> Found | None:
    """The first page of all opportunities, newest first. None: ask the ordinary way."""
    for _ in range(PATIENCE):
        row = await lane.row(MARKS, *caller, size)
        if row is None:
            return None
        key_id, home, secret, said, at = row
        marks = said.split(",") if said else []
        told = await _told(lane, caller, home, marks[:size])
        if told is not None:
            place = None
            if len(marks) > size:
                last = UUID(marks[size - 1][_ID_OF])
                place = pipeline.after_newest(caller.workspace_id, secret, at, last)
            cursor = "null" if place is None else f'"{place}"'
            body = b'{"data":[%b],"next_cursor":%b}' % (b",".join(told), cursor.encode())
            return Found(key_id, body)
    return None


async def _told(lane: Lane, caller: Caller, home: str, marks: Sequence[str]) -> list[bytes] | None:
    """Each in its order. None: one of them is not any more what its mark says."""
    now, shelf = caller.now, lane.shelf((caller.workspace_id, home))
    known = {
        mark: told
        for mark in marks
        if (told := shelf.get(mark)) is not None and told.since <= now < told.until
    }
    if len(known) < len(marks):
        new = await _plain_ones(lane, caller, [mark for mark in marks if mark not in known])
        for mark, told in new.items():
            if told.body is None or len(told.body) <= MOST_BYTES:
                lane.keep(shelf, mark, told)
        known |= new
    bodies = {mark: told.body for mark, told in known.items()}
    if anew := [mark for mark, body in bodies.items() if body is None]:
        bodies |= await _ones(lane, caller, anew)
    whole = [body for mark in marks if (body := bodies.get(mark)) is not None]
    return whole if len(whole) == len(marks) else None


async def _plain_ones(lane: Lane, caller: Caller, marks: Sequence[str]) -> dict[str, Told]:
    """Those that are still what their marks say."""
    found: dict[str, Told] = {}
    for _, home, mark, *columns, products in await lane.rows(PLAIN_ONES, *caller, _ids(marks)):
        if mark is not None:
            section = await section_of(lane, caller.workspace_id, columns[3], columns[11])
            if rare(columns, section):
                found[mark] = _RARE
            else:
                body = written(columns, section, home, caller.now, products=products)
                found[mark] = Told(body.encode(), *_span(columns, caller.now))
    return found


async def _ones(lane: Lane, caller: Caller, marks: Sequence[str]) -> dict[str, bytes]:
    """The same, whatever they show."""
    rows = await lane.rows(ONES, *caller, _ids(marks))
    return {
        mark: with_attributes(body, attributes).encode()
        for _, mark, _, body, attributes in rows
        if mark is not None
    }


def _ids(marks: Sequence[str]) -> list[str]:
    return [mark[_ID_OF] for mark in marks]


def _span(columns: Sequence[Any], now: datetime) -> tuple[datetime, datetime]:
    """How long its age is what it is now: from day to day since the clock began, while it runs."""
    clock_from, ended = columns[13], columns[19] or columns[21]
    if ended is not None:
        return _EVER
    days = max(0, (now - clock_from).days)
    return clock_from + days * _DAY if days else _EVER[0], clock_from + (days + 1) * _DAY
