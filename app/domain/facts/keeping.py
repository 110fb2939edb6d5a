"""Keeps the record of a process between questions, and reads anew only the deals touched since.

Whoever changes what a deal's story says leaves a touch in the same transaction, under the number of
that transaction. A record is read after its mark was taken: the first transaction that was still
under way. Whatever that record could not see has a number from the mark on, so a later question
reads anew the deals of all touches from there on, and of no others. Some may have been seen before;
nothing is ever missed, however late it was committed.

What stands is kept beside all there is, and renewed alike: a touched deal that stands is told anew,
one that does not is gone.

What a transaction has changed itself is told to nobody else before it ends: one that has left
touches makes a record for itself.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.shelf import Shelf
from app.core.work import Work
from app.domain.facts.deals import tick
from app.domain.facts.reading import Asked, read
from app.domain.facts.records import Record

# So long touches are kept. Who has not been asked for longer reads everything anew.
TOUCHES_KEPT = timedelta(days=1)
# Of more deals, looking each up takes longer than reading all.
MOST = 2_000
# A record weighs as much as its deals and so many more, which is what an empty one takes.
EMPTY = 10

# In a cluster the numbers of transactions are those of a node, so nothing is kept there.
_NEWS = text("""
SELECT pg_snapshot_xmin(now.snapshot)::text::bigint AS mark,
  pg_snapshot_xmax(now.snapshot)::text::bigint AS ahead,
  EXISTS (SELECT FROM deal_touches WHERE workspace_id = :workspace
    AND position = pg_current_xact_id_if_assigned()::text::bigint) AS touching,
  to_regclass('pg_dist_node') IS NOT NULL AS spread,
  (SELECT touches_forgotten FROM workspaces WHERE id = :workspace) AS forgotten,
  (SELECT jsonb_object_agg(r.currency, r.rate::text) FROM (
    SELECT DISTINCT ON (currency) currency, rate FROM currency_rates
    WHERE workspace_id = :workspace AND day <= (CAST(:at AS timestamptz) AT TIME ZONE :zone)::date
    ORDER BY currency, day DESC, recorded_at DESC) r) AS rates,
  touched.many, touched.deals
FROM (SELECT pg_current_snapshot() AS snapshot) now, (
  SELECT bool_or(t.deals IS NULL) AS many, array_agg(DISTINCT d.id) AS deals
  FROM deal_touches t LEFT JOIN LATERAL unnest(t.deals) AS d (id) ON true
  WHERE t.workspace_id = :workspace AND t.position >= :mark) touched""")
_NEVER = 2**63 - 1  # no transaction comes so late
# Numbers that lie ahead came along from another cluster; they must not hide those of this one.
_FORGET = text("""
WITH gone AS (
  DELETE FROM deal_touches WHERE workspace_id = :workspace AND touched_at < :before
  RETURNING position
)
UPDATE workspaces SET touches_forgotten =
  greatest(CASE WHEN touches_forgotten < ahead THEN touches_forgotten END, latest)
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ahead) now
CROSS JOIN LATERAL (SELECT max(position) AS latest FROM gone WHERE position < ahead) g
WHERE id = :workspace AND latest IS NOT NULL""")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, the mark that was taken before it was read, and the currency rates it is told
    with; of what stands, since when it knows of those that were declined."""

    record: Record
    mark: int
    rates: Mapping[str, str] | None
    since: datetime | None


async def kept(work: Work, asked: Asked) -> Record:
    """The record as of now; of what was kept only what was touched is read."""
    shelf = _shelf(work)
    if shelf is None:
        return await read(work, asked)
    key = _key(work, asked)
    known: Kept | None = shelf.get(key)
    if known is not None and _later(known.since, asked.standing):
        known = None
    news = await _news(work, asked, known)
    since = asked.standing if known is None else known.since
    record = await _renewed(work, replace(asked, standing=since), known, news)
    if not news.touching and not news.spread:
        shelf.put(key, Kept(record, news.mark, news.rates, since), weight=EMPTY + len(record))
    return record.standing(tick(asked.standing)) if _later(asked.standing, since) else record


async def forget(work: Work) -> int:
    """Let go of the touches that have served their time; whether there were any."""
    values = {"workspace": work.workspace_id, "before": work.now - TOUCHES_KEPT}
    return (await work.db.execute(_FORGET, values)).rowcount


def _shelf(work: Work) -> Shelf | None:
    connection = work.db.sync_connection
    assert connection is not None
    shelf: Shelf | None = connection.get_execution_options().get("shelf")
    return shelf


def _key(work: Work, asked: Asked) -> Hashable:
    key = work.workspace_id, asked.process_id, asked.lineages, work.home.currency
    return key if asked.standing is None else (*key, "standing")


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other


async def _news(work: Work, asked: Asked, known: Kept | None) -> Row[Any]:
    values = {"workspace": work.workspace_id, "zone": work.home.time_zone, "at": asked.at}
    values["mark"] = _NEVER if known is None else known.mark
    return (await work.db.execute(_NEWS, values)).one()


async def _renewed(work: Work, asked: Asked, known: Kept | None, news: Row[Any]) -> Record:
    if known is None or news.spread or not _reaches(known, news):
        return await read(work, asked)
    touched: list[UUID] = [id for id in news.deals or () if id is not None]
    if news.many or len(touched) > MOST:
        return await read(work, asked)
    if not touched:
        return known.record
    return known.record.renewed(touched, await read(work, asked, touched))


def _reaches(known: Kept, news: Row[Any]) -> bool:
    """Whether the touches since then are all there, and nothing else has changed what is told.

    A mark that lies ahead is of another database, or of a server that is further on; so is what
    was forgotten there.
    """
    forgotten = news.forgotten is not None and known.mark <= news.forgotten < news.ahead
    return known.mark <= news.ahead and not forgotten and known.rates == news.rates
