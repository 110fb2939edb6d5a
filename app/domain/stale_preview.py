"""What would happen to dead horses, and to every number, were they given up by the rule."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from app.core.work import Work
from app.domain import lights, rounds
from app.domain.current_aims import current
from app.domain.facts import Story
from app.domain.funnel import Funnel, Standing, covered, funnel_of
from app.domain.funnel_speed import maybe_money, money
from app.domain.horses import NOBODY
from app.domain.notices import marks
from app.domain.observed_rates import passings
from app.domain.outlooks import View, outlook, past_of
from app.domain.periods_ahead import periods_from
from app.domain.policies import asked_at, policy_at
from app.domain.processes import resolve
from app.domain.stale import Stable, frame
from app.engine.flow.estimates import Estimate, product
from app.engine.forecast import COUNT_SCALE, Forecast
from app.engine.forecast.fading import buried
from app.engine.leaks.amounts import known_total
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
    funnel = await funnel_of(work, question, buries=True)
    told = funnel.found.told
    process = await resolve(work, told.process_id)
    policy = await policy_at(work, process, asked_at(asked.as_of, asked.effective_at))
    known = await marks(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    # What is left out of every answer already is not left out by the round once more.
    off = policy.stale_policy == StalePolicy.OFF
    today = [*funnel.alive, *funnel.dead] if off else funnel.alive
    stable = Stable(process, policy, told, funnel.judgement, funnel.shares, known)
    return PreviewOut(
        **frame(work, stable, asked),
        next_round_on=rounds.day_of(told.at, work.home.zone) + timedelta(days=1),
        data=_buried(work, stable, funnel.dead, asked),
        pipeline=_heaps(work, funnel, today),
        forecast=await _promises(work, funnel, today, asked),
        coverage=await _coverage(work, funnel, today, asked),
        win_rate=_rates(funnel),
        lights=await _lights(work, told, asked),
    )


def _buried(
    work: Work, stable: Stable, dead: Sequence[Standing], asked: PreviewQuery
) -> list[BuriedOut]:
    """The most valuable first."""
    told, grace = stable.told, timedelta(days=stable.policy.grace_days)
    tonight = rounds.day_of(told.at, work.home.zone) + timedelta(days=1)
    herd = stable.judgement.horses.herd
    ages = dict(zip(herd.deal.tolist(), herd.age.tolist(), strict=True))
    past = asked.as_of is not None or asked.effective_at is not None
    found = []
    for one in sorted(dead, key=lambda one: (-(one.value or 0), one.deal.opportunity_id)):
        mark = stable.mark(one.deal.opportunity_id)
        holds = mark.exits_at(stable.policy.grace_days, told.at) is not None
        noticed = mark.noticed_at if holds else None
        noticed_on = noticed.astimezone(work.home.zone).date() if noticed else tonight
        found.append(
            BuriedOut(
                opportunity_id=one.deal.opportunity_id,
                name=None if past else one.deal.name,
                owner_id=one.deal.owner_id,
                milestone=told.milestones[one.section].key,
                age_days=tenths_out(ages[one.number]) or "",
                value=money_out(one.deal.reporting_value, work.home.currency),
                notice_on=noticed_on,
                exit_on=max(noticed_on + grace, tonight),
            )
        )
    return found


def _heaps(work: Work, funnel: Funnel, today: Sequence[Standing]) -> HeapsOut:
    return HeapsOut(
        count_before=len(today),
        count_after=len(funnel.alive),
        value_before=maybe_money(work, known_total(one.value for one in today)),
        value_after=maybe_money(work, known_total(one.value for one in funnel.alive)),
    )


async def _promises(
    work: Work, funnel: Funnel, today: Sequence[Standing], asked: PreviewQuery
) -> list[PromiseOut]:
    """By one forecast, its rates held: what its deals add, today and without the dead ones."""
    told = funnel.found.told
    periods = periods_from(work, told.at, Grain.MONTH, asked.periods)
    ends = [bounds(period, work.home.zone)[1] for period in periods]
    how = View(exponent(work.home.currency), buries=False, resets=NOBODY)
    seen = await outlook(told, ends, how, await past_of(work, told.process_id, told.at))
    dead = {one.number for one in funnel.dead}
    left_out = dead - {one.number for one in today}
    shares = [0 if n in left_out else share for n, share in enumerate(funnel.shares)]
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
    work: Work, funnel: Funnel, today: Sequence[Standing], asked: PreviewQuery
) -> CoverageEffectOut | None:
    aim = await current(work, funnel.found.told, asked.scope, asked.business_type, asked)
    if aim is None:
        return None
    before = covered(work, funnel, aim, today)
    after = covered(work, funnel, aim, funnel.alive)
    if before is None or after is None:
        return None
    return CoverageEffectOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        before=ratio_out(before.ratio),
        after=ratio_out(after.ratio),
        needed=needed_out(after.needed),
    )


def _rates(funnel: Funnel) -> RateEffectOut:
    """From the first milestone to the order, with the dead ones as open and as given up."""
    found, dead = funnel.found, {one.number for one in funnel.dead}
    given_up = replace(found, facts=buried(found.facts, dead))
    after = product([one.section.count for one in passings(given_up)])
    before = product([one.section.count for one in funnel.passed])
    return RateEffectOut(before=_rate(funnel, before), after=_rate(funnel, after))


def _rate(funnel: Funnel, estimate: Estimate) -> MetricOut:
    return metric_out(estimate, "ratio", funnel.found.told.at, "aj.1")


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
