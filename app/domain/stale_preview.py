"""What would happen to dead horses, and to every number, were they given up by the rule."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from app.core.work import Work
from app.domain import lights, rounds
from app.domain.cohorts import Cohort
from app.domain.coverages import covered
from app.domain.current_aims import current
from app.domain.facts import DealRow, Story
from app.domain.funnel_findings import Ahead, orders_in, sections_ahead
from app.domain.funnel_speed import maybe_money, money
from app.domain.heaps import Heap, Heaps, heaps
from app.domain.horses import NOBODY
from app.domain.notices import marks
from app.domain.observed_rates import Passing, asked_process, asked_story, cohort_in, passings
from app.domain.outlooks import View, outlook, past_of
from app.domain.period_orders import ordered_in
from app.domain.periods_ahead import periods_from
from app.domain.policies import asked_at, policy_at
from app.domain.stale import Stable, frame
from app.engine.flow.estimates import Estimate, product
from app.engine.forecast import COUNT_SCALE, Forecast
from app.engine.forecast.fading import buried
from app.engine.money import exponent
from app.engine.periods import Grain, Period, bounds
from app.schemas.base import money_out
from app.schemas.lights import LightsQuery
from app.schemas.metrics import MetricOut, metric_out, tenths_out
from app.schemas.pipeline_answer import PipelineQuery
from app.schemas.processes import StalePolicy
from app.schemas.ratios import chance_out, needed_out, ratio_out
from app.schemas.scopes import Business
from app.schemas.stale import (
    BuriedOut,
    CoverageEffectOut,
    HeapsOut,
    LightEffectOut,
    PreviewOut,
    PreviewQuery,
    PromiseOut,
    RateEffectOut,
)


async def preview(work: Work, asked: PreviewQuery) -> PreviewOut:
    """By the same steps as the round itself, in a fixed number of statements."""
    question = PipelineQuery(**asked.model_dump(exclude={"periods"}))
    process = await asked_process(work, question)
    told = await asked_story(work, process, question)
    found = await cohort_in(work, told, question, question.window)
    whose = question.scope, question.business_type
    stands = await heaps(work, process, told, whose, question, buries=True)
    passed = passings(found)
    policy = await policy_at(work, process, asked_at(asked.as_of, asked.effective_at))
    known = await marks(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    # What is left out of every answer already is not left out by the round once more.
    off = policy.stale_policy == StalePolicy.OFF
    today = stands.alive + stands.dead if off else stands.alive
    stable = Stable(process, policy, told, stands.judgement, stands.shares, known)
    return PreviewOut(
        **frame(work, stable, asked),
        next_round_on=rounds.day_of(told.at, work.home.zone) + timedelta(days=1),
        data=_buried(work, stable, stands.dead, asked),
        pipeline=_heaps(work, stands, today),
        forecast=await _promises(work, stands, today, asked),
        coverage=await _coverage(work, stands, today, question, sections_ahead(found, passed)),
        win_rate=_rates(found, passed, stands.dead),
        lights=await _lights(work, told, asked),
    )


def _buried(work: Work, stable: Stable, dead: Heap, asked: PreviewQuery) -> list[BuriedOut]:
    """The most valuable first."""
    told, grace = stable.told, timedelta(days=stable.policy.grace_days)
    tonight = rounds.day_of(told.at, work.home.zone) + timedelta(days=1)
    herd = stable.judgement.horses.herd
    ages = dict(zip(herd.deal.tolist(), herd.age.tolist(), strict=True))
    past = asked.as_of is not None or asked.effective_at is not None
    found = []
    for number, section, deal in _by_value(stable, dead):
        mark = stable.mark(deal.opportunity_id)
        holds = mark.exits_at(stable.policy.grace_days, told.at) is not None
        noticed = mark.noticed_at if holds else None
        noticed_on = noticed.astimezone(work.home.zone).date() if noticed else tonight
        found.append(
            BuriedOut(
                opportunity_id=deal.opportunity_id,
                name=None if past else deal.name,
                owner_id=deal.owner_id,
                milestone=told.milestones[section].key,
                age_days=tenths_out(ages[number]) or "",
                value=money_out(deal.reporting_value, work.home.currency),
                notice_on=noticed_on,
                exit_on=max(noticed_on + grace, tonight),
            )
        )
    return found


def _by_value(stable: Stable, dead: Heap) -> list[tuple[int, int, DealRow]]:
    """By what the scope's part of them is worth; their places, sections and rows."""
    places = dead.deal.tolist()
    rows = stable.told.table.rows(places)
    worth = {
        number: part * Fraction(row.reporting_value or 0)
        for number, row, part in zip(places, rows, stable.shares.at(dead.deal), strict=True)
    }
    each = zip(places, dead.section.tolist(), rows, strict=True)
    return sorted(each, key=lambda one: (-worth[one[0]], one[2].opportunity_id))


def _heaps(work: Work, stands: Heaps, today: Heap) -> HeapsOut:
    return HeapsOut(
        count_before=len(today),
        count_after=len(stands.alive),
        value_before=maybe_money(work, stands.worth(work, today)[0]),
        value_after=maybe_money(work, stands.worth(work, stands.alive)[0]),
    )


async def _promises(
    work: Work, stands: Heaps, today: Heap, asked: PreviewQuery
) -> list[PromiseOut]:
    """By one forecast, its rates held: what its deals add, today and without the dead ones."""
    told = stands.told
    periods = periods_from(work, told.at, Grain.MONTH, asked.periods)
    ends = [bounds(period, work.home.zone)[1] for period in periods]
    how = View(exponent(work.home.currency), buries=False, resets=NOBODY)
    seen = await outlook(told, ends, how, await past_of(work, told.process_id, told.at))
    dead = set(stands.dead.deal.tolist())
    left_out = dead - set(today.deal.tolist())
    shares = [0 if n in left_out else share for n, share in enumerate(stands.shares)]
    return [
        _promise(work, seen.whole, shares, dead, number, period)
        for number, period in enumerate(periods)
    ]


def _promise(
    work: Work,
    whole: Forecast,
    shares: Sequence[Fraction | int],
    dead: set[int],
    number: int,
    period: Period,
) -> PromiseOut:
    value, orders = [Fraction(0)] * 2, [Fraction(0)] * 2
    for deal, values, counts in zip(whole.deals, whole.value, whole.count, strict=True):
        buried_too = int(deal in dead)
        value[buried_too] += shares[deal] * Fraction(values[number], whole.money_scale)
        orders[buried_too] += shares[deal] * Fraction(counts[number], COUNT_SCALE)
    return PromiseOut(
        period=period.key,
        before=money(work, value[0] + value[1]),
        after=money(work, value[0]),
        change=money(work, -value[1]),
        orders_before=chance_out(float(orders[0] + orders[1])) or "",
        orders_after=chance_out(float(orders[0])) or "",
    )


async def _coverage(
    work: Work, stands: Heaps, today: Heap, asked: PipelineQuery, sections: Sequence[Ahead]
) -> CoverageEffectOut | None:
    told = stands.told
    aim = await current(work, told, asked.scope, asked.business_type, asked)
    if aim is None:
        return None
    own = await orders_in(work, told, asked)
    won = ordered_in(told, own, bounds(aim.period, work.home.zone))
    before, after = (
        covered(work, told, sections, aim, won, stands.by_section(work, heap))
        for heap in (today, stands.alive)
    )
    if before is None or after is None:
        return None
    return CoverageEffectOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        before=ratio_out(before.ratio),
        after=ratio_out(after.ratio),
        needed=needed_out(after.needed),
    )


def _rates(found: Cohort, passed: Sequence[Passing], dead: Heap) -> RateEffectOut:
    """From the first milestone to the order, with the dead ones as open and as given up."""
    given_up = replace(found, facts=buried(found.facts, set(dead.deal.tolist())))
    before, after = (
        product([one.section.count for one in each]) for each in (passed, passings(given_up))
    )
    return RateEffectOut(before=_rate(found, before), after=_rate(found, after))


def _rate(found: Cohort, estimate: Estimate) -> MetricOut:
    return metric_out(estimate, "ratio", found.told.at, "aj.1")


async def _lights(work: Work, told: Story, asked: PreviewQuery) -> list[LightEffectOut]:
    """Those of the month: an exit takes no arrival back, so they are what they were."""
    business = asked.business_type
    question = LightsQuery(
        process=str(told.process_id),
        scope=asked.scope,
        period=periods_from(work, told.at, Grain.MONTH, 1)[0].key,
        business_type=None if business is Business.ALL else business,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
    )
    shown = (await lights.read(work, question)).milestones
    return [
        LightEffectOut(position=one.position, key=one.key, before=one.light, after=one.light)
        for one in shown
    ]
