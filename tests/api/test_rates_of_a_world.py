"""Observed rates of a simulated world: as the engine tells them, and adding up."""

from datetime import timedelta

from app.domain import observed_rates
from app.domain.cohorts import window_at
from app.domain.demo import PROCESS, Size, fill
from app.domain.facts import story
from app.domain.milestones import section_rate
from app.domain.processes import resolve
from app.engine.flow.conversion import sections
from app.engine.flow.facts import day
from app.schemas.observed_rates import RatesQuery
from app.schemas.scopes import Subject


async def test_a_world_through_the_door_is_the_engines(work):
    await fill(work, 7, Size(months=18, per_month=12))
    found = await observed_rates.read(work, RatesQuery(process=PROCESS, window="9m"))
    told = await story(work, (await resolve(work, PROCESS)).id)
    known = [deal.exit_kind != "duplicate" for deal in told.deals]
    mask = [known[deal] for deal in told.facts.stays.deal.tolist()]
    once = told.facts.stays.entered.tolist()
    mask = [
        a and at_day == day(at) for a, at_day, at in zip(mask, once, told.arrived_at, strict=True)
    ]
    targets = [float(section_rate(row)) for row in told.milestones[:-1]]
    span = window_at(work, "9m", told.at).span
    wanted = sections(told.facts, [mask], span, targets)
    assert [one.count.value for one in found.sections] == [f"{w.count.value:.4f}" for w in wanted]
    assert [one.value.value for one in found.sections] == [f"{w.value.value:.4f}" for w in wanted]
    assert [one.counts.exited for one in found.sections] == [w.lost for w in wanted]
    assert sum(found.sections[0].exits.values()) == wanted[0].lost > 10


async def test_the_counts_of_a_world_add_up(work):
    await fill(work, 7, Size(months=18, per_month=12))
    asked = RatesQuery(process=PROCESS, as_of=work.now - timedelta(days=30), scope=Subject())
    found = await observed_rates.read(work, asked)
    for one in found.sections:
        counts = one.counts
        parts = counts.advanced + counts.exited + counts.open + sum(counts.aside.values())
        assert counts.entered == parts
        assert sum(one.exits.values()) == counts.exited
