"""Gives dead horses up where a process wants that: first a notice, then, after grace, an exit.

Both are events by our own hand, as anybody's would be: they count in the rates, and a customer who
comes back undoes them.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert

from app.core.event_types import EventObject, EventType
from app.core.ids import uuid7
from app.core.work import Work
from app.domain import replay
from app.domain.facts import DealRow, story
from app.domain.horses import judged, resets
from app.domain.notices import UNMARKED, marks
from app.domain.outbox.telling import Told, tell
from app.engine.decay import Grace, State
from app.schemas.processes import StalePolicy
from app.tables import Event, Opportunity

SOURCE = "backcast"


async def bury(work: Work, process: Row[Any]) -> None:
    """One day's notices and exits of a process; nothing unless its policy is `auto`."""
    if process.stale_policy != StalePolicy.AUTO:
        return
    told = await story(work, process.id)
    judgement = await asyncio.to_thread(judged, told, await resets(work, process))
    dead = [
        told.deals[horse.deal] for horse in judgement.horses if horse.verdict.state is State.DEAD
    ]
    dead = await _unmoved(work, dead)
    known = await marks(work, process)
    graces = [
        (deal, known.get(deal.opportunity_id, UNMARKED).grace(process.grace_days, work.now))
        for deal in dead
    ]
    fresh = (None, Grace.CLEARED)
    noticed = [_notice(deal) for deal, grace in graces if grace in fresh]
    await _say(work, noticed)
    await tell(work, *(_told(each) for each in noticed))
    await _say(work, [_exit(deal) for deal, grace in graces if grace is Grace.DUE])


async def _unmoved(work: Work, deals: Sequence[DealRow]) -> list[DealRow]:
    """Those that stand as they were judged; nobody moves them until this transaction ends."""
    ids = [deal.opportunity_id for deal in deals]
    query = work.rows(Opportunity).where(Opportunity.id.in_(ids)).order_by(Opportunity.id)
    rows = await work.all(query.with_for_update(key_share=True)) if ids else []
    there = {row.id: (row.status, row.clock_from) for row in rows}
    return [deal for deal in deals if there.get(deal.opportunity_id) == ("open", deal.clock_from)]


def _notice(deal: DealRow) -> dict[str, Any]:
    return {
        "opportunity_id": deal.opportunity_id,
        "kind": "stale_noticed",
        "milestone_id": deal.milestone_id,
    }


def _told(notice: dict[str, Any]) -> Told:
    about = {"milestone_id": str(notice["milestone_id"])}
    id = notice["opportunity_id"]
    return Told(EventType.OPPORTUNITY_STALE, EventObject.OPPORTUNITY, id, data=about)


def _exit(deal: DealRow) -> dict[str, Any]:
    return _notice(deal) | {"kind": "exited", "exit_kind": "stale", "reason": "stale"}


async def _say(work: Work, said: Sequence[dict[str, Any]]) -> None:
    """Write events of one kind, and what follows from them."""
    if not said:
        return
    common = {
        "workspace_id": work.workspace_id,
        "occurred_at": work.now,
        "recorded_at": work.now,
        "actor": work.actor,
        "source": SOURCE,
        "correction": False,
        "reconstructed": False,
    }
    await work.db.execute(insert(Event), [common | {"id": uuid7()} | each for each in said])
    await replay.derive(work, ids=_ids(said))


def _ids(said: Iterable[dict[str, Any]]) -> list[UUID]:
    return [each["opportunity_id"] for each in said]
