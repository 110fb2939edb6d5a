"""Which rates a cascade is computed with: those the process states, or those its deals show.

Deals of a scope are few and are drawn to those of the scope above it; where a scope has none at
all, the scope above speaks for it, up to the whole process and at last to what was stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.domain.cohorts import Cohort
from app.domain.milestones import section_rate
from app.engine import cascade as engine
from app.engine.flow import conversion
from app.engine.flow.estimates import DEFAULT, Estimate, observed_only
from app.engine.flow.estimates import Status as Known
from app.engine.rates import BadRate, rate
from app.schemas.scopes import Business

TARGET, OBSERVED, OBSERVED_SHRUNK, BLEND = "target", "observed", "observed_shrunk", "blend"
ENOUGH = 10  # converted deals of known value, before their gain or loss of value is believed
_POLICIES = (TARGET, OBSERVED, OBSERVED_SHRUNK)
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose rates are asked for; `weight` is the observed ones' part in a blend."""

    name: str
    weight: Fraction = Fraction(1)

    @property
    def observes(self) -> bool:
        return self.name != TARGET


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose deals, and of which business."""

    scope: str
    business_type: Business


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the deals show of the section between two milestones (lineages), by value and by
    number, and which deals they are.

    A level of None: no deals at any, the estimate is what was stated. `retention` is None
    where too few deals of known value went on.
    """

    begin: UUID
    end: UUID
    value: Estimate
    count: Estimate
    value_level: Whose | None
    count_level: Whose | None
    retention: float | None
    retention_n: int


def policy(asked: str) -> Policy:
    """`target`, `observed`, `observed_shrunk` or `blend:<part of the observed>`; 422 otherwise."""
    if asked in _POLICIES:
        return Policy(asked)
    name, _, weight = asked.partition(":")
    try:
        if name == BLEND:
            return Policy(BLEND, rate(weight))
    except BadRate:
        pass
    detail = "Rates are target, observed, observed_shrunk or blend with a part, as in blend:0.5."
    raise Invalid.parameter("rates", "not_one_of", detail)


def evidence(found: Cohort) -> list[Evidence]:
    """What is observed of each section, first to last."""
    depth, seen = len(found.levels), []
    while depth:
        seen.append(_observed(found, depth))
        depth -= 1
        if all(_complete(levels) for levels in zip(*seen, strict=True)):
            break
    upwards = [Whose(each.scope, each.business_type) for each in reversed(found.levels)]
    pairs = zip(pairwise(found.told.milestones), zip(*seen, strict=True), strict=True)
    return [_evidence(ends, levels, upwards) for ends, levels in pairs]


def rated(
    policy: Policy, stated: Sequence[engine.Section], found: Sequence[Evidence | None]
) -> list[engine.Section]:
    """The sections to compute with, first to last.

    A section without a target rate takes what is observed (domain rule "resolution order").
    """
    pairs = enumerate(zip(stated, found, strict=True), start=1)
    return [_rated(policy, number, section, seen) for number, (section, seen) in pairs]


def matched(milestones: Sequence[Row[Any]], found: Sequence[Evidence]) -> list[Evidence | None]:
    """The evidence for the sections of another version: those with the same two ends."""
    known = {(one.begin, one.end): one for one in found}
    ends = pairwise(milestones)
    return [known.get((row.lineage_id, after.lineage_id)) for row, after in ends]


def exact(estimate: float) -> Fraction:
    """An estimate as the decimal that it is calculated with; no rate seen is rounded to nothing."""
    found = Fraction(f"{estimate:.{_PLACES}f}")
    return max(found, Fraction(1, 10**_PLACES)) if estimate > 0 else found


def _observed(found: Cohort, depth: int) -> list[conversion.Section]:
    """As so many levels from the top show them, each drawn to the one before."""
    stated = [_stated(row) for row in found.told.milestones[:-1]]
    masks = [level.mask for level in found.levels[:depth]]
    return conversion.sections(found.facts, masks, found.window.span, stated)


def _stated(row: Row[Any]) -> float | None:
    found = section_rate(row)
    return None if found is None else float(found)


def _complete(levels: Sequence[conversion.Section]) -> bool:
    """Whether nobody further up needs to be asked about a section."""
    return (
        any(one.value.n_eff > 0 for one in levels)
        and any(one.count.n_eff > 0 for one in levels)
        and any(one.retention_n >= ENOUGH for one in levels)
    )


def _evidence(
    ends: tuple[Row[Any], Row[Any]],
    levels: Sequence[conversion.Section],
    scopes: Sequence[Whose],
) -> Evidence:
    """From the narrowest scope upwards, whoever has deals at all speaks."""
    asked = list(zip(levels, scopes, strict=False))
    values = ((one.value, source) for one, source in asked if one.value.n_eff > 0)
    counts = ((one.count, source) for one, source in asked if one.count.n_eff > 0)
    kept = next((one for one in levels if one.retention_n >= ENOUGH), None)
    value, value_level = next(values, (levels[-1].value, None))
    count, count_level = next(counts, (levels[-1].count, None))
    return Evidence(
        begin=ends[0].lineage_id,
        end=ends[1].lineage_id,
        value=value,
        count=count,
        value_level=value_level,
        count_level=count_level,
        retention=None if kept is None else kept.retention,
        retention_n=levels[0].retention_n if kept is None else kept.retention_n,
    )


def _rated(
    policy: Policy, number: int, stated: engine.Section, seen: Evidence | None
) -> engine.Section:
    known = stated.value_rate is not None
    if seen is None or (not policy.observes and known):
        return replace(stated, source=DEFAULT) if policy.observes and known else stated
    if not policy.observes and seen.count_level is None:
        return stated
    value, count = (_share(policy, one, stated.value_rate) for one in (seen.value, seen.count))
    names = {_name(policy, one, known=known) for one in (seen.value, seen.count)}
    kept = stated.retention if seen.retention is None else exact(seen.retention)
    return engine.Section(
        value_rate=value,
        count_rate=count,
        retention=stated.retention + policy.weight * (kept - stated.retention),
        source=_name(policy, seen.value, known=known) if len(names) > 1 else names.pop(),
        because=f"section {number} observed 0 of {seen.count.n}" if 0 in (value, count) else None,
    )


def _share(policy: Policy, estimate: Estimate, stated: Fraction | None) -> Fraction | None:
    if estimate.observed is None or estimate.value is None:
        return stated
    if policy.name == OBSERVED:
        alone = observed_only(estimate)
        return Fraction(0) if alone.status is Known.UNREACHABLE else exact(alone.value or 0.0)
    shrunk = exact(estimate.value)
    return shrunk if stated is None else stated + policy.weight * (shrunk - stated)


def _name(policy: Policy, estimate: Estimate, *, known: bool) -> str | None:
    if estimate.observed is None:
        return DEFAULT if known else None
    if policy.name == TARGET:
        return estimate.source
    return estimate.source if policy.name == OBSERVED_SHRUNK else policy.name
