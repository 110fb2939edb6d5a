"""Judges the open deals of a story: which of them still move, and which are dead horses.

The clock is that of the story: days since the customer last moved on, without days on hold. Notes,
edits, new owners and passed balls are not in it, so they cannot make a deal any younger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, overload
from uuid import UUID

from sqlalchemy import Row, text

from app.core.work import Work
from app.domain.facts import Story
from app.domain.milestones import section_rate
from app.domain.policies import asked_at, policy_at
from app.engine.decay import Limit, Verdict, judge, limit
from app.engine.flow.facts import Numbers, Standing, day, standing
from app.engine.flow.lead_times import ENOUGH, Lag, dwell, or_typical, quantile, summed
from app.engine.flow.packed import real, yes
from app.engine.forecast import Chance, Prior, Rates, fit
from app.engine.forecast.fading import horizon, remaining
from app.engine.forecast.herd import Herd, Measures, judged_at_once

FORMULA = (
    "dead_horses.1: days since the last new arrival; what is left of the chance of an order within"
    " the days nine of ten winners take: below 20 % stale, below 10 % dead"
)
NOBODY: Mapping[UUID, datetime] = {}

# A criterion is verified by what is shown for it; the last one of each deal.
_CRITERIA = """
SELECT e.opportunity_id, max(e.occurred_at) AS at FROM events e
WHERE e.workspace_id = :workspace AND e.kind = 'criterion_met'
  AND jsonb_array_length(coalesce(e.evidence, '[]')) > 0
  AND (CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
  AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)
GROUP BY e.opportunity_id"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What deals of one section (from 0) are held against, in days; None: not known.

    `converters` have been seen to move on; below ten of them `p75` is not told. Chances are those
    of an order within `horizon` days, which nine of ten winners take from here.
    """

    section: int
    horizon: float
    p75: float | None
    converters: int
    limit: Limit


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """What open deals are held against: the bounds of each section, the rates, whether anybody was
    seen, or stated, to go from each section to the order, and by age what is left of the chance
    there (see `remaining`)."""

    bounds: tuple[Bounds, ...]
    rates: Rates
    known: tuple[bool, ...]
    left: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The exits that were seen at a deal's age, and those its section would have on average."""

    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Horse:
    """An open deal, by its index in the story, and how it stands.

    `chance` is None where nobody has ever been seen, or stated, to go from here to the order.
    """

    deal: int
    section: int
    chance: Chance | None
    bucket: Bucket
    bounds: Bounds
    verdict: Verdict


class Horses(Sequence[Horse]):
    """Every deal that stands open and is not on hold, in the order of the story: as columns, and
    one of them as a horse where somebody looks at it."""

    __slots__ = ("by", "herd")

    def __init__(self, by: Norms, herd: Herd) -> None:
        self.by, self.herd = by, herd

    def __len__(self) -> int:
        return len(self.herd)

    @overload
    def __getitem__(self, place: int) -> Horse: ...
    @overload
    def __getitem__(self, place: slice) -> list[Horse]: ...
    def __getitem__(self, place: int | slice) -> Horse | list[Horse]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        herd, section = self.herd, int(self.herd.section[place])
        chance = Chance(*(float(c[place]) for c in (herd.chance, herd.on_arrival, herd.evidence)))
        rates, bucket = self.by.rates.sections[section], int(herd.bucket[place])
        return _horse(
            int(herd.deal[place]),
            self.by.bounds[section],
            float(herd.age[place]),
            chance if self.by.known[section] else None,
            Bucket(float(rates.observed[bucket]), float(rates.expected[bucket])),
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    horses: Horses
    bounds: Sequence[Bounds]

    @property
    def dead(self) -> frozenset[int]:
        """The dead ones, by their index in the story."""
        return self.horses.herd.dead


async def resets(
    work: Work,
    process: Row[Any],
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> Mapping[UUID, datetime]:
    """By deal when it last met a criterion, where the process counts that as movement."""
    policy = await policy_at(work, process, asked_at(as_of, effective_at))
    if not policy.criteria_reset:
        return NOBODY
    values = {"workspace": work.workspace_id, "as_of": as_of, "effective_at": effective_at}
    rows = await work.db.execute(text(_CRITERIA), values)
    return {row.opportunity_id: row.at for row in rows}


def judged(
    told: Story, resets: Mapping[UUID, datetime] = NOBODY, by: Norms | None = None
) -> Judgement:
    """How each open deal stands, by the norms of the whole story, or those learnt before; `resets`
    restart its clock."""
    by = by or norms(told)
    return Judgement(Horses(by, _herd(told, resets, by)), by.bounds)


def norms(told: Story) -> Norms:
    """What all deals that ever were teach of those that stand."""
    facts = told.facts
    everything = yes(len(facts.stays.deal))
    lags = [dwell(facts, section, everything) for section in range(facts.sections)]
    typical = [row.typical_days for row in told.milestones[:-1]]
    ways = summed([or_typical(lag, days) for lag, days in zip(lags, typical, strict=True)])
    bounds = tuple(
        _bounds(told, section, lag, way)
        for section, (lag, way) in enumerate(zip(lags, ways, strict=True))
    )
    rates = fit(facts, prior_of(told))
    left = remaining(rates, [each.horizon for each in bounds])
    return Norms(bounds, rates, tuple(_known(rates)), left)


def dead_among(
    told: Story, resets: Mapping[UUID, datetime] = NOBODY, by: Norms | None = None
) -> frozenset[int]:
    """The dead ones of all that `judged` judges, found at once."""
    return _herd(told, resets, by or norms(told)).dead


def _herd(told: Story, resets: Mapping[UUID, datetime], by: Norms) -> Herd:
    measures = Measures(
        by.left,
        by.known,
        slow_after=[each.p75 for each in by.bounds],
        stale_after=[each.limit.days for each in by.bounds],
    )
    return judged_at_once(by.rates, measures, _standing(told, resets))


def _standing(told: Story, resets: Mapping[UUID, datetime]) -> Standing:
    """The deals that stand, with their days without movement."""
    stands = standing(told.facts)
    if not resets:
        return stands
    each = zip(stands.deal.tolist(), stands.age.tolist(), strict=True)
    return replace(stands, age=real([_age(told, deal, age, resets) for deal, age in each]))


def prior_of(told: Story) -> Prior:
    """What the version in force states per section: target rates and typical days."""
    rates = [section_rate(row) for row in told.milestones[:-1]]
    return Prior(
        conversion=[None if rate is None else float(rate) for rate in rates],
        typical_days=[row.typical_days for row in told.milestones[:-1]],
    )


def _bounds(told: Story, section: int, lag: Lag, way: Lag) -> Bounds:
    stated = told.milestones[section].stale_after_days
    return Bounds(
        section=section,
        horizon=horizon(quantile(way, 0.9)),
        p75=quantile(lag, 0.75) if lag.n >= ENOUGH else None,
        converters=lag.n,
        # What was configured was meant; only where nothing was, those who moved on decide.
        limit=limit(stated, auto=stated is None, p90=quantile(lag, 0.9), converters=lag.n),
    )


def _age(told: Story, deal: int, age: float, resets: Mapping[UUID, datetime]) -> float:
    """Days without movement; a criterion that was met since makes them fewer."""
    met = resets.get(told.deals[deal].opportunity_id)
    return age if met is None else min(age, max(0.0, told.facts.at - day(met)))


def _known(rates: Rates) -> list[bool]:
    """Per section whether anybody was seen, or stated, to leave it and each one after it."""
    told = [bool(each.stated) or float(each.observed.sum()) > 0 for each in rates.sections]
    return [all(told[section:]) for section in range(len(told))]


def _horse(deal: int, bounds: Bounds, age: float, chance: Chance | None, bucket: Bucket) -> Horse:
    verdict = judge(
        None if chance is None else chance.now,
        None if chance is None else chance.on_arrival,
        chance.evidence if chance else 0.0,
        age,
        bounds.p75,
        bounds.limit.days,
    )
    return Horse(deal, bounds.section, chance, bucket, bounds, verdict)
