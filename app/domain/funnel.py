"""The funnel at a moment: what stands where, alive, dead or on hold, and whether that is enough."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.current_aims import Current, current
from app.domain.facts import DealRow, Story, deals_of, orders_of
from app.domain.funnel_speed import efforts, maybe_money, money, throughput_out, velocity_out
from app.domain.horses import Judgement, judged, resets
from app.domain.leak_groups import ahead
from app.domain.observed_rates import Passing, asked_cohort, frame, passings, window_out
from app.domain.observed_sections import exact
from app.domain.policies import asked_at, policy_at
from app.domain.processes import resolve
from app.domain.slips import close_dates_out, slippage_out
from app.engine.flow.estimates import product
from app.engine.flow.facts import Flags, day
from app.engine.flow.gathering import NEVER
from app.engine.flow.lead_times import quantile, summed
from app.engine.flow.packed import chosen, within
from app.engine.flow.shares import Shares
from app.engine.flow.stay_lengths import mean_stay
from app.engine.leaks.amounts import known_total, sum_of
from app.engine.periods import bounds
from app.engine.velocity import Coverage, Open, coverage, required_stock
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.pipeline_answer import (
    CoverageOut,
    HeapOut,
    MilestoneStockOut,
    PipelineOut,
    PipelineQuery,
    RequiredStockOut,
)
from app.schemas.processes import StalePolicy
from app.schemas.ratios import needed_out, ratio_out

FORMULA = "pipeline.1: N·W·A/L; open / (target - won); stock = arrivals per day · mean stay"


@dataclass(frozen=True, slots=True)
class Standing:
    """An open deal of the scope: in which section (from 0), and what the scope's share in it is
    worth."""

    told: Story
    number: int
    section: int
    value: Fraction | None

    @property
    def deal(self) -> DealRow:
        return self.told.deals[self.number]


@dataclass(frozen=True, slots=True)
class Funnel:
    """The scope's open deals, sorted by how they stand, with what its cohort shows."""

    found: Cohort
    passed: Sequence[Passing]
    judgement: Judgement
    shares: Shares
    alive: Sequence[Standing]
    dead: Sequence[Standing]
    held: Sequence[Standing]
    orders: Flags


async def read(work: Work, asked: PipelineQuery) -> PipelineOut:
    """The pipeline of everybody, a team or a person, in a fixed number of statements."""
    funnel = await funnel_of(work, asked)
    found = funnel.found
    aim = await current(work, found.told, asked.scope, asked.business_type, asked)
    past = asked.as_of is not None or asked.effective_at is not None
    return PipelineOut(
        **frame(work, found.told, asked, FORMULA),
        window=window_out(found, asked.window),
        currency=work.home.currency,
        milestones=_milestones(work, funnel, aim),
        stock=_heap(work, funnel.alive),
        dead=_heap(work, funnel.dead),
        on_hold=_heap(work, funnel.held),
        velocity=velocity_out(work, found, funnel.passed, len(funnel.alive), funnel.orders),
        throughput=throughput_out(work, found, funnel.orders),
        coverage=coverage_out(work, funnel, aim),
        slippage=await slippage_out(work, found.told, funnel.shares),
        close_dates=None if past else close_dates_out(work, found.told, funnel.shares),
        effort=efforts(found, funnel.orders),
    )


async def funnel_of(work: Work, asked: PipelineQuery, *, buries: bool | None = None) -> Funnel:
    """`buries`: whether dead horses are taken out; None as the process wants it."""
    found = await asked_cohort(work, asked, asked.window)
    told = found.told
    process = await resolve(work, told.process_id)
    past = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    judgement = await asyncio.to_thread(judged, told, await resets(work, process, **past))
    mine = await deals_of(work, told, asked.scope, asked.business_type)
    if buries is None:
        policy = await policy_at(work, process, asked_at(asked.as_of, asked.effective_at))
        buries = policy.stale_policy != StalePolicy.OFF
    dead = judgement.dead if buries else frozenset()
    herd = judgement.horses.herd
    places = list(zip(herd.deal.tolist(), herd.section.tolist(), strict=True))
    standing = _standing(told, mine, places)
    of_kind = told.of_business(asked.business_type)[told.facts.orders.deal]
    return Funnel(
        found=found,
        passed=passings(found),
        judgement=judgement,
        shares=mine,
        alive=[one for one in standing if one.number not in dead],
        dead=[one for one in standing if one.number in dead],
        held=_held(told, mine),
        orders=of_kind & await orders_of(work, told, asked.scope),
    )


def covered(
    work: Work, funnel: Funnel, aim: Current, standing: Sequence[Standing]
) -> Coverage | None:
    """What of these deals stands against what the target still needs; None without money."""
    if aim.value is None:
        return None
    _, yields = ahead(funnel.passed)
    p50 = [quantile(lag, 0.5) for lag in summed([one.lag for one in funnel.passed])]
    deals = [
        Open(one.value, _exact(yields[one.section]), _exact(p50[one.section])) for one in standing
    ]
    left = day(bounds(aim.period, work.home.zone)[1]) - funnel.found.told.facts.at
    return coverage(aim.value, won_in(work, funnel, aim), deals, exact(left))


def won_in(work: Work, funnel: Funnel, aim: Current) -> Fraction:
    """What the scope's owners ordered in the target's period, as far as it is known."""
    start, end = (day(moment) for moment in bounds(aim.period, work.home.zone))
    orders = funnel.found.told.facts.orders
    won = orders.value[funnel.orders & within(orders.at, (start, end))]
    return sum_of(won.tolist())


def coverage_out(work: Work, funnel: Funnel, aim: Current | None) -> CoverageOut | None:
    told = None if aim is None else covered(work, funnel, aim, funnel.alive)
    if aim is None or aim.value is None or told is None:
        return None
    return CoverageOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        target=money(work, aim.value),
        won=money(work, won_in(work, funnel, aim)),
        remaining=money(work, told.remaining),
        target_met=told.target_met,
        coverage=ratio_out(told.ratio),
        coverage_needed=needed_out(told.needed),
        enough=_reaches(told.ratio, told.needed),
        timely_value=money(work, told.timely_value),
        timely_coverage=ratio_out(told.timely_ratio),
        timely_enough=_reaches(told.timely_ratio, told.needed),
        unjudged_value=money(work, max(told.chance_unknown, told.days_unknown)),
    )


def _reaches(ratio: Fraction | None, needed: Fraction | None) -> bool | None:
    return None if ratio is None or needed is None else ratio >= needed


def _held(told: Story, shares: Sequence[Fraction]) -> list[Standing]:
    deals = told.table.columns
    held = (deals["status"] == "open") & (deals["held_since"] != NEVER)
    numbers: list[int] = chosen(held).tolist()
    positions: list[int] = deals["position"][numbers].tolist()
    places = [(number, at - 1) for number, at in zip(numbers, positions, strict=True)]
    return _standing(told, shares, places)


def _standing(
    told: Story, shares: Sequence[Fraction], places: Sequence[tuple[int, int]]
) -> list[Standing]:
    """Of deals and their sections those in which the scope has a share."""
    mine = [(number, section) for number, section in places if shares[number]]
    worth = told.table.columns["reporting_value"][[number for number, _ in mine]].tolist()
    return [
        Standing(told, number, section, _part(value, shares[number]))
        for (number, section), value in zip(mine, worth, strict=True)
    ]


def _part(value: Decimal | None, share: Fraction) -> Fraction | None:
    if value is None:
        return None
    return Fraction(value) if share == 1 else Fraction(value) * share


def _milestones(work: Work, funnel: Funnel, aim: Current | None) -> list[MilestoneStockOut]:
    found = funnel.found
    stays = [
        mean_stay(found.facts, section, found.levels[-1].mask)
        for section in range(found.facts.sections)
    ]
    needed = _required(work, aim, [days for days, _ in stays])
    return [
        MilestoneStockOut(
            position=row.position,
            key=row.key,
            stock=_heap(work, _at(funnel.alive, section)),
            dead=_heap(work, _at(funnel.dead, section)),
            on_hold=_heap(work, _at(funnel.held, section)),
            win_rate=metric_out(
                product([one.section.count for one in funnel.passed[section:]]),
                "ratio",
                found.told.at,
                "aj.1",
            ),
            mean_days=tenths_out(stays[section][0]),
            mean_days_n=stays[section][1],
            required_stock=None if needed is None else needed[section],
        )
        for section, row in enumerate(found.told.milestones[:-1])
    ]


def _required(
    work: Work, aim: Current | None, days: Sequence[float | None]
) -> list[RequiredStockOut] | None:
    if aim is None or not aim.cascades:
        return None
    stays = [_exact(each) for each in days]
    needed = [aim.required(section) for section in range(len(stays))]
    values = required_stock([value for value, _ in needed], aim.period.days, stays)
    counts = required_stock([count for _, count in needed], aim.period.days, stays)
    return [
        RequiredStockOut(
            count=needed_out(count), value=None if value is None else money(work, value)
        )
        for count, value in zip(counts, values, strict=True)
    ]


def _at(standing: Sequence[Standing], section: int) -> list[Standing]:
    return [one for one in standing if one.section == section]


def _heap(work: Work, standing: Sequence[Standing]) -> HeapOut:
    return HeapOut(
        count=len(standing),
        value=maybe_money(work, known_total(one.value for one in standing)),
        missing_value_count=sum(one.value is None for one in standing),
    )


def _exact(number: float | None) -> Fraction | None:
    return None if number is None else exact(number)
