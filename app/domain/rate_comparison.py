"""Rates of people or teams beside the whole they belong to, and whether that may be chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from math import hypot
from typing import Any
from uuid import UUID

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.facts import Story, teams_on
from app.domain.observed_rates import (
    FORMULA,
    RATIO,
    asked_cohort,
    frame,
    passings,
    rate_metric,
    stated_rates,
    window_out,
)
from app.domain.team_tree import inside, teams
from app.engine.flow.conversion import Section, sections
from app.engine.flow.estimates import ENOUGH, FEW, Estimate, product, wilson
from app.engine.flow.facts import Mask
from app.schemas.metrics import interval_out, metric_out
from app.schemas.observed_rates import ParentOut
from app.schemas.rate_comparison import (
    By,
    ComparedRateOut,
    ComparedWinRateOut,
    ComparisonOut,
    ComparisonQuery,
    DifferenceOut,
    GroupOut,
    WholeOut,
    WholeRateOut,
)
from app.schemas.ratios import chance_out
from app.schemas.scopes import Business, Subject, Whose

UNKNOWN = DifferenceOut(value=None, ci=None, distinguishable=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A person, a team, or nobody (None), with its stays; `team_id` is its team, or the one above.

    Its rates are drawn to those of the team `parent`; None: to everybody's.
    """

    id: UUID | None
    team_id: UUID | None
    mask: Mask
    parent: UUID | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A group's sections, and what the rate of each is drawn to."""

    group: Group
    sections: Sequence[Section]
    parents: Sequence[ParentOut]


@dataclass(frozen=True, slots=True)
class Teams:
    """Which team each stay belonged to on arrival, and which teams lie within which."""

    on_arrival: Sequence[UUID | None]
    inside: Mapping[UUID, frozenset[UUID]]
    above: Mapping[UUID, UUID | None]

    def mask(self, base: Mask, team: UUID) -> list[bool]:
        within = self.inside[team]
        return [yes and one in within for yes, one in zip(base, self.on_arrival, strict=True)]


async def read(work: Work, asked: ComparisonQuery) -> ComparisonOut:
    """Everyone with arrivals in the window, in a number of statements that does not grow."""
    found = await asked_cohort(work, asked, asked.window)
    told, as_of = found.told, asked.as_of or work.now
    tree = await _teams(work, told)
    groups = await _people(work, found) if asked.by is By.OWNER else _of_teams(found, tree)
    passed = passings(found)
    whole = [one.section for one in passed]
    compared = _compared(found, tree, groups, asked.business_type)
    return ComparisonOut(
        **frame(work, told, asked, FORMULA),
        by=asked.by,
        window=window_out(found, asked.window),
        minimum_n=ENOUGH,
        whole=WholeOut(
            sections=[
                WholeRateOut(
                    **_place(told, one.section.section),
                    count=rate_metric(one.section.count, one.count_parent, as_of),
                )
                for one in passed
            ],
            win_rate=metric_out(product(_counts(whole)), RATIO, as_of, FORMULA),
        ),
        groups=_shown(told, whole, compared, as_of),
    )


def difference(part: Estimate, whole: Estimate) -> DifferenceOut:
    """The observed share of a part less that of the whole it is in.

    Part and whole share opportunities. So the part is compared to the rest, by Newcombe's interval
    of the difference of two shares, and what comes of that is scaled to the whole. On fewer than
    10 decided nothing is told apart, whatever the interval.
    """
    if part.observed is None or whole.observed is None:
        return UNKNOWN
    value = part.observed - whole.observed
    rest = whole.n_eff - part.n_eff
    if rest <= 0 or part.low is None or part.high is None:
        return DifferenceOut(value=chance_out(value), ci=None, distinguishable=False)
    others = whole.observed * whole.n_eff - part.observed * part.n_eff
    share = min(max(others / rest, 0.0), 1.0)
    low, high = wilson(share * rest, rest)
    scale = rest / whole.n_eff
    below = value - scale * hypot(part.observed - part.low, high - share)
    above = value + scale * hypot(part.high - part.observed, share - low)
    return DifferenceOut(
        value=chance_out(value),
        ci=interval_out(max(below, -1.0), min(above, 1.0)),
        distinguishable=part.n_eff >= FEW and not below <= 0 <= above,
    )


async def _teams(work: Work, told: Story) -> Teams:
    rows = await teams(work)
    return Teams(
        on_arrival=await teams_on(work, told.arrived_owner, told.arrived_at),
        inside=inside(rows),
        above={row.id: row.parent_id for row in rows},
    )


async def _people(work: Work, found: Cohort) -> list[Group]:
    """Each drawn to the team he is in at the moment; what belonged to nobody comes last."""
    told, scope = found.told, found.levels[-1].mask
    known = _there(found, told.arrived_owner)
    moments = [told.at] * len(known)
    of_today = await teams_on(work, known, moments)
    groups = [
        Group(person, team, _equal(scope, told.arrived_owner, person), team)
        for person, team in zip(known, of_today, strict=True)
    ]
    nobody = Group(None, None, _equal(scope, told.arrived_owner, None))
    return [*groups, nobody] if any(_inside(found, nobody.mask)) else groups


def _of_teams(found: Cohort, tree: Teams) -> list[Group]:
    """Teams with those below them; what belonged to no team comes last."""
    scope = found.levels[-1].mask
    groups = [Group(team, tree.above[team], tree.mask(scope, team)) for team in sorted(tree.inside)]
    nobody = Group(None, None, _equal(scope, tree.on_arrival, None))
    return [group for group in [*groups, nobody] if any(_inside(found, group.mask))]


def _there(found: Cohort, owners: Sequence[UUID | None]) -> list[UUID]:
    """Everyone who owned an arrival of the cohort."""
    mine = _inside(found, found.levels[-1].mask)
    return sorted({owner for owner in compress(owners, mine) if owner is not None})


def _inside(found: Cohort, mask: Mask) -> list[bool]:
    start, end = found.window.span
    entered = found.facts.stays.entered.tolist()
    return [yes and start <= at < end for yes, at in zip(mask, entered, strict=True)]


def _equal(mask: Mask, owners: Sequence[UUID | None], wanted: UUID | None) -> list[bool]:
    return [yes and owner == wanted for yes, owner in zip(mask, owners, strict=True)]


def _compared(
    found: Cohort, tree: Teams, groups: Sequence[Group], business_type: Business
) -> list[Compared]:
    """The same rates that each would be answered if asked about alone."""
    depth = 1 if business_type is Business.ALL else 2
    span, base = found.window.span, found.levels[:depth]
    everybody = sections(
        found.facts, [level.mask for level in base], span, stated_rates(found.told)
    )

    def drawn(mask: Mask, above: Sequence[Section]) -> list[Section]:
        return sections(found.facts, [mask], span, _counts(above))

    parents = {
        team: drawn(tree.mask(base[-1].mask, team), everybody)
        for team in sorted({group.parent for group in groups if group.parent is not None})
    }
    above = [everybody if one.parent is None else parents[one.parent] for one in groups]
    return [
        Compared(group, drawn(group.mask, one), _parents(group, one, business_type))
        for group, one in zip(groups, above, strict=True)
    ]


def _parents(group: Group, above: Sequence[Section], business: Business) -> list[ParentOut]:
    scope = Subject() if group.parent is None else Subject(Whose.TEAM, group.parent)
    return [
        ParentOut(scope=str(scope), business_type=business, value=chance_out(one.count.value))
        for one in above
    ]


def _counts(found: Sequence[Section]) -> list[Estimate]:
    return [one.count for one in found]


def _shown(
    told: Story, whole: Sequence[Section], compared: Sequence[Compared], as_of: datetime
) -> list[GroupOut]:
    overall = [product(_counts(one.sections)) for one in compared]
    of_whole = product(_counts(whole))
    by_section = [
        _ranks(compared, [one.sections[number].count for one in compared], number)
        for number in range(len(whole))
    ]
    places = _ranks(compared, overall)
    return [
        GroupOut(
            id=one.group.id,
            team_id=one.group.team_id,
            entered=one.sections[0].entered,
            sections=[
                ComparedRateOut(
                    **_place(told, number),
                    count=rate_metric(section.count, one.parents[number], as_of),
                    difference=difference(section.count, whole[number].count),
                    rank=by_section[number][index],
                )
                for number, section in enumerate(one.sections)
            ],
            overall=ComparedWinRateOut(
                win_rate=metric_out(overall[index], RATIO, as_of, FORMULA),
                difference=difference(overall[index], of_whole),
                rank=places[index],
            ),
        )
        for index, one in enumerate(compared)
    ]


def _place(told: Story, number: int) -> dict[str, Any]:
    row, after = told.milestones[number : number + 2]
    return {"section": number + 1, "milestone": row.key, "next_milestone": after.key}


def _ranks(
    compared: Sequence[Compared], rates: Sequence[Estimate], section: int | None = None
) -> list[int | None]:
    """Places by rate; none on a sample below the minimum, and none for what nobody owned.

    Without a section, every section needs its sample.
    """
    values = [
        rate.value if one.group.id is not None and _sample(one, section) >= ENOUGH else None
        for one, rate in zip(compared, rates, strict=True)
    ]
    ranked = sorted((value for value in values if value is not None), reverse=True)
    return [None if value is None else ranked.index(value) + 1 for value in values]


def _sample(one: Compared, section: int | None) -> float:
    asked = one.sections if section is None else [one.sections[section]]
    return min(each.count.n_eff for each in asked)
