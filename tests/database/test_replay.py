"""The SQL that says what follows from events, against a second telling of the same rules in Python.

The second telling walks through one deal's events in a loop, the way a person would; the SQL
works on sets. Both see thousands of random histories, sensible and not.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import Column, MetaData, Table, insert, text

from app.core.ids import uuid7
from app.domain import newcomers, replay
from app.domain.history import RANKS
from app.domain.milestones import milestones_of
from app.domain.processes import current_version, resolve
from app.tables import Event, Opportunity
from tests.deals import make_person, make_process

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
DEALS = 60
FILES = (uuid7(), uuid7())


@dataclass
class Arrival:
    at: datetime
    implied: bool
    value: Decimal | None
    owner: object
    verified: bool
    left_at: datetime | None = None
    outcome: str | None = None


@dataclass
class Deal:
    position: int = 0
    status: str = "open"
    value: Decimal | None = None
    owner: object = None
    clock: datetime = START
    ball: str | None = None
    arrivals: dict[int, Arrival] = field(default_factory=dict)
    orders: list[Decimal | None] = field(default_factory=list)


def in_order(events):
    def place(event):
        position = event["position"] or 0
        return (event["occurred_at"], RANKS.index(event["kind"]), position, event["id"])

    return sorted(events, key=place)


def walk(events, last):  # noqa: C901 - one walk, told in one go
    """One deal after all its events, told step by step."""
    undone = {event["import_id"] for event in events if event["kind"] == "reverted"}
    events = in_order([event for event in events if event["import_id"] not in undone])
    deal, exited_at, revived = Deal(), None, None
    for now, event in enumerate(events):
        kind, position = event["kind"], event["position"]
        if kind in ("created", "owner_changed"):
            deal.owner = event["owner_id"]
        if kind == "ball_passed":
            deal.ball = event["ball"]
        if kind in ("reached", "ordered"):
            if voided(event, now, events):
                continue
            deal.ball = None
            verified = any(e["kind"] == "verified" and e["position"] == position for e in events)
            if kind == "ordered":
                deal.orders.append(event["value"])
            for k in range(1, position + 1):
                if k not in deal.arrivals:
                    value = event["value"] if k == last else worth(events, now, event)
                    deal.arrivals[k] = Arrival(
                        event["occurred_at"], k < position, value, deal.owner, verified
                    )
            deal.position = max(deal.position, position)
            deal.status, exited_at = ("won" if deal.orders else "open"), None
        if kind == "regressed":
            deal.position = position
        if kind == "exited":
            deal.status, exited_at, deal.ball = "exited", event["occurred_at"], None
        if kind in ("reopened", "revived"):
            deal.status, exited_at = ("won" if deal.orders else "open"), None
        if kind == "revived":
            revived, deal.ball = event["occurred_at"], None
    deal.value = worth(events, len(events), None)
    deal.clock = max([a.at for a in deal.arrivals.values()], default=START)
    deal.clock = max(deal.clock, revived or deal.clock)
    leave(deal, exited_at, last)
    return deal


def voided(event, now, events):
    return any(
        v["kind"] == "voided"
        and v["position"] == event["position"]
        and (v["recorded_at"], later) > (event["recorded_at"], now)
        for later, v in enumerate(events)
    )


def worth(events, now, event):
    """The value at a point of the history, corrections that came later included."""
    value, order = None, (event or {}).get("kind") == "ordered"
    for each in events[: now + 1]:
        if each["kind"] in ("created", "value_changed") or (
            each["kind"] == "reached" and each["value"] is not None
        ):
            value = each["value"]
    for each in events[now + 1 :]:
        if each["kind"] == "value_changed" and not each["correction"]:
            break
        if each["kind"] == "reached" and each["value"] is not None:
            break
        if each["kind"] == "value_changed":
            value = each["value"]
    return event["value"] if value is None and order else value


def leave(deal, exited_at, last):
    for k, arrival in deal.arrivals.items():
        if k == last:
            continue
        if k + 1 in deal.arrivals:
            arrival.left_at, arrival.outcome = deal.arrivals[k + 1].at, "advanced"
        elif exited_at is not None:
            arrival.left_at, arrival.outcome = exited_at, "exited"


def happen(random, deal_id, milestones, owners, version_id):
    """A random history: dates often fall together, and not everything makes sense."""
    kinds = random.choices(
        ["reached", "value_changed", "owner_changed", "regressed", "voided", "exited", "reopened",
         "revived", "ordered", "verified", "ball_passed", "reverted"],
        [10, 3, 3, 2, 2, 2, 1, 1, 2, 1, 2, 1],
        k=random.randint(0, 9),
    )  # fmt: skip
    yield event(deal_id, "created", START, 0, random, owners, version_id=version_id)
    for told, kind in enumerate(kinds, 1):
        day = START + timedelta(days=random.randint(0, 20))
        chosen = milestones[-1] if kind == "ordered" else random.choice(milestones[:-1])
        stands = kind in ("reached", "ordered", "regressed", "voided", "verified")
        yield event(deal_id, kind, day, told, random, owners, milestone=chosen if stands else None)


def event(deal_id, kind, day, told, random, owners, *, milestone=None, version_id=None):  # noqa: PLR0913 - a row of the log
    amount = Decimal(random.randint(0, 500))
    states = kind in ("created", "value_changed", "ordered") or (
        kind == "reached" and random.random() < 0.2
    )
    value = amount if states and random.random() < 0.85 else None
    return {
        "id": uuid7(),
        "opportunity_id": deal_id,
        "kind": kind,
        "occurred_at": day,
        "recorded_at": START + timedelta(days=40, minutes=told),
        "position": milestone.position if milestone else None,
        "milestone_id": milestone.id if milestone else None,
        "version_id": version_id,
        "value": value,
        "currency": "EUR" if value is not None else None,
        "owner_id": random.choice(owners) if kind in ("created", "owner_changed") else None,
        "correction": kind == "value_changed" and random.random() < 0.4,
        "exit_kind": "lost" if kind == "exited" else None,
        "ball": random.choice(("us", "customer", "none")) if kind == "ball_passed" else None,
        "import_id": imported(random, kind),
    }


def imported(random, kind):
    """What comes of a file, and what takes all of that back."""
    if kind == "reverted" or (kind != "created" and random.random() < 0.5):
        return random.choice(FILES)
    return None


# A temporary table of events that are only now coming in.
TOLD = "told_of_newcomers"


async def store(work, process, version, histories, *, like_newcomers=False):
    own = {"workspace_id": work.workspace_id}
    shared = {"actor": "test", "source": "test", "reconstructed": False}
    deals = [
        own
        | {"business_chosen": True}
        | {"id": id, "name": "Deal", "process_id": process.id, "version_id": version.id}
        | {"source": "test", "version": 0, "clock_from": START, "attributes": {}}
        | {"created_at": START, "updated_at": START}
        for id in histories
    ]
    told = [
        own | shared | {k: v for k, v in e.items() if k != "position"}
        for history in histories.values()
        for e in history
    ]
    if like_newcomers:
        said = f"CREATE TEMPORARY TABLE {TOLD} (LIKE events INCLUDING DEFAULTS) ON COMMIT DROP"
        await work.db.execute(text(said))
        await work.db.execute(_as(newcomers.DEALS, Opportunity), deals)
        await work.db.execute(_as(TOLD, Event), told)
    else:
        await work.db.execute(insert(Opportunity), deals)
        await work.db.execute(insert(Event), told)


def _as(name, like):
    """An insert into a temporary table with the same columns."""
    return insert(
        Table(name, MetaData(), *(Column(c.name, c.type) for c in like.__table__.columns))
    )


async def derived(work, id):
    opportunity = (
        await work.db.execute(text("SELECT * FROM opportunities WHERE id = :id"), {"id": id})
    ).one()
    passages = await work.db.execute(
        text("SELECT * FROM passages WHERE opportunity_id = :id ORDER BY position, ordinal"),
        {"id": id},
    )
    return opportunity, passages.all()


@pytest.mark.parametrize("seed", range(6))
async def test_both_tellings_agree_on_random_histories(client, work, seed):
    random = Random(seed)  # noqa: S311 - histories, not secrets
    await make_process(client)
    owners = [(await make_person(client, name))["id"] for name in ("Ada", "Bob")] + [None]
    process = await resolve(work, "new-business")
    version = await current_version(work, process.id)
    milestones = await milestones_of(work, version.id)
    ids = [uuid7() for _ in range(DEALS)]
    histories = {id: list(happen(random, id, milestones, owners, version.id)) for id in ids}
    await store(work, process, version, histories)
    await replay.derive(work, ids=ids)
    for id, history in histories.items():
        compare(walk(history, len(milestones)), *await derived(work, id))


def compare(deal, opportunity, passages):
    first = {row.position: row for row in passages if row.ordinal == 1}
    assert opportunity.position == deal.position
    assert opportunity.status == deal.status
    assert opportunity.value == deal.value
    assert str(opportunity.owner_id) == str(deal.owner)
    assert opportunity.clock_from == deal.clock
    assert opportunity.ball == deal.ball
    assert (opportunity.waiting_since is None) == (deal.ball is None)
    assert opportunity.version == 1
    assert first.keys() == deal.arrivals.keys()
    for position, arrival in deal.arrivals.items():
        row = first[position]
        assert (row.arrived_at, row.implied) == (arrival.at, arrival.implied)
        assert (row.value, str(row.owner_id)) == (arrival.value, str(arrival.owner))
        assert (row.left_at, row.outcome) == (arrival.left_at, arrival.outcome)
        assert row.verified == arrival.verified
    orders = [row.value for row in passages if row.position == 5]
    assert orders == deal.orders


async def test_deriving_twice_changes_nothing(client, work):
    await test_both_tellings_agree_on_random_histories(client, work, 99)
    ids = (await work.db.scalars(text("SELECT id FROM opportunities"))).all()
    before = [await derived(work, id) for id in ids]
    await replay.derive(work, ids=ids)
    assert [await derived(work, id) for id in ids] == before


@pytest.mark.parametrize("seed", range(3))
async def test_newcomers_come_out_as_if_their_events_had_been_there_before(client, work, seed):
    random = Random(100 + seed)  # noqa: S311 - histories, not secrets
    await make_process(client)
    owners = [(await make_person(client, name))["id"] for name in ("Ada", "Bob")] + [None]
    process = await resolve(work, "new-business")
    version = await current_version(work, process.id)
    milestones = await milestones_of(work, version.id)
    ids = [uuid7() for _ in range(10 * DEALS)]
    histories = {id: list(happen(random, id, milestones, owners, version.id)) for id in ids}
    await newcomers.begin(work)
    await store(work, process, version, histories, like_newcomers=True)
    await newcomers.enter(work, f"SELECT * FROM {TOLD}")  # noqa: S608 - our own table
    entered = await everything(work)
    as_deals = "SELECT id AS opportunity_id FROM opportunities"
    await work.db.execute(text(f"CREATE TEMPORARY TABLE entered ON COMMIT DROP AS {as_deals}"))
    await replay.derive(work, table="entered")
    assert len(entered[0]) == len(ids)
    assert await everything(work) == entered


async def everything(work):
    """All opportunities, passages and credits, as sets of rows."""
    return [
        {
            row.said
            for row in await work.db.execute(text(f"SELECT {table}::text AS said FROM {table}"))  # noqa: S608
        }
        for table in ("opportunities", "passages", "credits")
    ]
