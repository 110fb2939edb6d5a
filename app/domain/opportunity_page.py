"""The first page of all opportunities as the bytes of an answer; what was told before is kept.

One statement gives the marks of the page in its order. What this process has told under a mark it
tells again, and asks for the rest alone, so nothing in an answer is older than its question. Where
more is shown than the row says (`opportunity_json.rare`), it is written anew each time.
"""

from collections.abc import Sequence
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
    telling,
    with_attributes,
)
from app.domain.opportunity_json import COLUMNS
from app.domain.opportunity_memory import ID_OF, MARK, Told, remembered

# How often a page is begun anew because somebody changed it while it was read.
PATIENCE = 3

# One more than fits tells that there are more; the last that fits is where the next page begins.
_NEWEST = """SELECT string_agg(mark, ',') AS marks, (array_agg(created_at))[$5] AS at
  FROM ({each} ORDER BY created_at DESC, id DESC LIMIT $5 + 1) page"""
MARKS = PLAIN_DOOR.replace("{what}", "k.secret, opportunities.marks, opportunities.at").replace(
    "{asked}", _NEWEST.replace("{each}", f"SELECT {MARK} AS mark, created_at {OWN}")
)
_EACH = """SELECT each.* FROM unnest(CAST($5 AS uuid[])) AS asked(id)
  CROSS JOIN LATERAL ({each} AND opportunities.id BETWEEN asked.id AND asked.id
    ORDER BY opportunities.id) each"""
PLAIN_ONES = PLAIN_DOOR.replace("{what}", f"opportunities.mark, {COLUMNS}, {PRODUCTS}").replace(
    "{asked}", _EACH.replace("{each}", f"SELECT {MARK} AS mark, * {OWN}")
)
ONES = WHOLE_DOOR.replace("{asked}", _EACH.replace("{each}", f"SELECT {MARK} AS mark, {SEEN}"))


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
                last = UUID(marks[size - 1][ID_OF])
                place = pipeline.after_newest(caller.workspace_id, secret, at, last)
            cursor = "null" if place is None else f'"{place}"'
            body = b'{"data":[%b],"next_cursor":%b}' % (b",".join(told), cursor.encode())
            return Found(key_id, body)
    return None


async def _told(lane: Lane, caller: Caller, home: str, marks: Sequence[str]) -> list[bytes] | None:
    """Each in its order. None: one of them is not any more what its mark says."""
    now, before = caller.now, remembered(lane, caller)
    known = {
        mark: told.body
        for mark in marks
        if (told := before.get(mark[ID_OF])) is not None
        and told.mark == mark
        and told.home == home
        and told.since <= now < told.until
    }
    if len(known) < len(marks):
        new = await _plain_ones(lane, caller, [mark for mark in marks if mark not in known])
        known |= {told.mark: told.body for told in new}
    if anew := [mark for mark, body in known.items() if body is None]:
        known |= await _ones(lane, caller, anew)
    whole = [body for mark in marks if (body := known.get(mark)) is not None]
    return whole if len(whole) == len(marks) else None


async def _plain_ones(lane: Lane, caller: Caller, marks: Sequence[str]) -> list[Told]:
    """As they are now, which may be something else than their marks say."""
    rows = await lane.rows(PLAIN_ONES, *caller, _ids(marks))
    return [
        await telling(lane, caller, home, mark, columns, products)
        for _, home, mark, *columns, products in rows
        if mark is not None
    ]


async def _ones(lane: Lane, caller: Caller, marks: Sequence[str]) -> dict[str, bytes]:
    """The same, whatever they show."""
    rows = await lane.rows(ONES, *caller, _ids(marks))
    return {
        mark: with_attributes(body, attributes).encode()
        for _, mark, _, body, attributes in rows
        if mark is not None
    }


def _ids(marks: Sequence[str]) -> list[str]:
    return [mark[ID_OF] for mark in marks]
