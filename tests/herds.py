"""Many deals at once: told as `flow` tells one, but written in a few statements."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import insert

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.core.work import Work
from app.domain import processes, replay
from app.domain.access import home
from app.domain.milestones import milestones_of
from app.tables import Event, Opportunity
from tests.conftest import CLOCK
from tests.flows import START

# Half go on after 4 to 8 days, half are lost after 6 to 12: nobody ever took longer than that.
STEPS = [(0, "invited"), (4, "need"), (8, "concept"), (12, "order")]
WINNERS = [(day, [(4 + day % 5 + n, word) for n, word in STEPS]) for day in range(45)]
LOSERS = [(day, [(6 + day % 7, "lost")]) for day in range(45)]


async def herd(engine, workspace, *courses, process="new-business"):
    """The ids of deals, one for each (day, steps, more): steps are (days later, word) as in `flow`.

    `more` may say owner_id, value (None: unknown), name, account_id, source, business_type, and
    for an exit reason, competitor or exited_by (the actor).
    """
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        found = await processes.resolve(work, process)
        version = await processes.current_version(work, found.id)
        milestones = {row.key: row for row in await milestones_of(work, version.id)}
        made = [_deal(work, found.id, version.id, milestones, *course) for course in courses]
        await db.execute(insert(Opportunity), [deal for deal, _ in made])
        await db.execute(insert(Event), [event for _, events in made for event in events])
        ids = [deal["id"] for deal, _ in made]
        await replay.derive(work, ids=ids)
    return [str(id) for id in ids]


def _deal(work, process_id, version_id, milestones, day, steps, more=None):
    more = {"value": Decimal(1000)} | (more or {})
    id, value, born = uuid7(), more["value"], START + timedelta(days=day)
    deal = {
        "workspace_id": work.workspace_id,
        "id": id,
        "name": more.get("name", f"deal of day {day}"),
        "process_id": process_id,
        "version_id": version_id,
        "source": more.get("source", "herd"),
        "account_id": more.get("account_id"),
        "business_type": more.get("business_type"),
        "attributes": {},
        "version": 0,
        "clock_from": born,
        "created_at": born,
        "updated_at": born,
    }
    price = {"value": value, "currency": None if value is None else "EUR"}
    said = {"version_id": version_id, "owner_id": more.get("owner_id"), **price}
    events = [_event(work, id, "created", born, **said)]
    for later, word in [(0, "interest"), *steps]:
        at = born + timedelta(days=later)
        if word == "order":
            events.append(
                _event(work, id, "ordered", at, milestone_id=milestones[word].id, **price)
            )
        elif word in milestones:
            events.append(_event(work, id, "reached", at, milestone_id=milestones[word].id))
        else:
            why = {name: more.get(name) for name in ("reason", "competitor")}
            events.append(_event(work, id, "exited", at, exit_kind=word, **why))
    return deal, events


# What one of these events may say and another may not: all of them go into one statement.
SAID = ("milestone_id", "version_id", "owner_id", "value", "currency")
SAID += ("exit_kind", "reason", "competitor")


def _event(work, id, kind, at, **said):
    return (
        dict.fromkeys(SAID)
        | {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "opportunity_id": id,
            "kind": kind,
            "occurred_at": at,
            "recorded_at": at,
            "actor": "test",
            "source": "herd",
            "correction": False,
            "reconstructed": False,
        }
        | said
    )
