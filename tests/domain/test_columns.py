"""All deals at once come out as they do one by one."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from random import Random
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest

from app.domain.facts.columns import columns, gathered, placed
from app.domain.facts.deals import DealRow, Deals, tick
from app.domain.facts.records import arrived
from app.domain.facts.sql import REAL
from app.engine.flow.facts import ORIGIN
from app.engine.flow.gathering import NEVER, NOWHERE
from tests.domain import deal_by_deal

TICK = timedelta(microseconds=1)
AT = datetime(2026, 7, 20, 9, 30, tzinfo=UTC)
MILESTONES = 4
LINEAGES = {UUID(int=position): position for position in range(1, MILESTONES + 1)}
ELSEWHERE = UUID(int=99)  # a milestone that the version in force has not
KINDS = (None, "lost", "duplicate", "stale")


@pytest.mark.parametrize("seed", range(20))
def test_all_at_once_is_what_it_is_one_by_one(seed):
    chance = Random(seed)  # noqa: S311 - no secret
    deals, passages = [], []
    for number in range(60):
        rows = list(arrivals(chance, UUID(int=number)))
        passages += rows
        if chance.random() < 0.95:  # of other business there are passages and no deals
            deals.append(deal(chance, UUID(int=number), rows))
    same(*both(deals, passages))


@pytest.mark.parametrize("seed", range(10))
def test_what_was_gathered_serves_later_moments(seed):
    chance = Random(seed)  # noqa: S311 - no secret
    passages = [list(arrivals(chance, UUID(int=number))) for number in range(60)]
    deals = [deal(chance, UUID(int=number), rows) for number, rows in enumerate(passages)]
    table = Deals.of(deals)
    told = as_columns(table, [row for rows in passages for row in rows])
    first, later = AT + timedelta(days=3), AT + timedelta(days=9, seconds=1)
    found = gathered(table, told, MILESTONES, first)
    assert found.settled
    assert len(found.growing)
    same(
        placed(told, found.later(tick(later))),
        placed(told, gathered(table, told, MILESTONES, later)),
    )
    assert not gathered(table, told, MILESTONES, AT).settled


def test_nothing_is_nothing():
    same(*both([], []))


def both(deals, passages):
    one_by_one = deal_by_deal.columns(deals, passages, LINEAGES, MILESTONES, AT)
    table = Deals.of(deals)
    return columns(table, as_columns(table, passages), MILESTONES, AT), one_by_one


def as_columns(table, passages):
    """As the database gives them: ids as places in lists of ids, nothing as NULL."""
    names = ("opportunity_id", "milestone_id", "owner_id")
    deals, milestones, owners = (
        sorted({getattr(row, name) for row in passages} - {None}) for name in names
    )
    told = {
        "deal": [deals.index(row.opportunity_id) for row in passages],
        "position": [LINEAGES.get(row.lineage_id, NOWHERE) for row in passages],
        "milestone": [milestones.index(row.milestone_id) for row in passages],
        "ordinal": [row.ordinal for row in passages],
        "arrived": [(row.arrived_at - ORIGIN) // TICK for row in passages],
        "left_": [(row.left_at - ORIGIN) // TICK if row.left_at else NEVER for row in passages],
        "held": [float(row.held_days) for row in passages],
        "implied": [row.implied for row in passages],
        "value": [None if (v := row.reporting_value) is None else float(v) for row in passages],
        "owner": [owners.index(row.owner_id) if row.owner_id else NOWHERE for row in passages],
    }
    lists = {"milestones": milestones or None, "owners": owners or None}
    keys = b"".join(id.bytes for id in deals)
    packs = {name: packed(row, ">f8" if name in REAL else ">i8") for name, row in told.items()}
    return arrived(table.columns, SimpleNamespace(deals=keys, **lists, **packs))


def packed(column, kind):
    return np.array([nan if each is None else each for each in column], dtype=kind).tobytes()


def same(one, other):
    for group in ("stays", "orders"):
        a, b = getattr(one.facts, group), getattr(other.facts, group)
        for name in a.__slots__:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
    np.testing.assert_array_equal(one.facts.amount, other.facts.amount)
    assert (one.facts.at, one.facts.since) == (other.facts.at, other.facts.since)
    for name in ("arrived_at", "arrived_owner", "ordered_at", "order_owner"):
        assert list(getattr(one, name)) == list(getattr(other, name))


def ago(chance: Random) -> datetime:
    """Often the very same moment, sometimes this one."""
    return AT - timedelta(
        days=chance.choice((0, 1, 1, 2, 5, 5, 9, 30)), seconds=chance.choice((0, 7))
    )


def arrivals(chance: Random, id: UUID):
    """In the order of time; some milestones twice, some not at all, some of another version."""
    moments = sorted(ago(chance) for _ in range(chance.randrange(6)))
    for at, position in zip(moments, sorted(chance.choices(range(1, 5), k=6)), strict=False):
        lineage = ELSEWHERE if chance.random() < 0.1 else UUID(int=position)
        yield SimpleNamespace(
            opportunity_id=id,
            milestone_id=UUID(int=lineage.int + 100),
            lineage_id=lineage,
            ordinal=chance.choice((1, 1, 2)),
            arrived_at=at,
            implied=chance.random() < 0.3,
            reporting_value=chance.choice((None, Decimal("10.50"), Decimal(7))),
            owner_id=chance.choice((None, UUID(int=7))),
            left_at=chance.choice((None, at + timedelta(hours=chance.randrange(50)))),
            held_days=Decimal(chance.choice(("0", "0.25"))),
        )


def deal(chance: Random, id: UUID, rows: list[SimpleNamespace]) -> DealRow:
    at = [row.milestone_id for row in rows]
    status = chance.choice(("open", "open", "won", "exited", "moved"))
    said = dict.fromkeys((field.name for field in fields(DealRow)), None) | {
        "opportunity_id": id,
        "status": status,
        "milestone_id": chance.choice([None, *at]),
        "reporting_value": chance.choice((None, Decimal(3))),
        "estimated": chance.random() < 0.3,
        "held_since": ago(chance) if chance.random() < 0.2 else None,
        "clock_from": ago(chance),
        "fell_at": ago(chance) if chance.random() < 0.2 else None,
        "exited_at": ago(chance) if status == "exited" else None,
        "exit_kind": chance.choice(KINDS),
        "clean_up": chance.random() < 0.1,
        "hindsight": chance.random() < 0.2,
    }
    return DealRow(**said)
