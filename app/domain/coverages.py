"""Whether what stands suffices for what a target still needs."""

from collections.abc import Sequence
from fractions import Fraction

from app.core.work import Work
from app.domain.current_aims import Current
from app.domain.facts import Story
from app.domain.funnel_findings import Ahead
from app.domain.funnel_speed import money
from app.domain.observed_sections import exact
from app.engine.flow.facts import day
from app.engine.periods import bounds
from app.engine.velocity import Coverage, Open, coverage
from app.schemas.pipeline_answer import CoverageOut
from app.schemas.ratios import needed_out, ratio_out


def covered(
    work: Work,
    told: Story,
    sections: Sequence[Ahead],
    aim: Current,
    won: Fraction,
    worth: Sequence[Fraction | None],
) -> Coverage | None:
    """What stands in each section, `worth` so much, against what the target still needs after what
    was `won`; None without money."""
    if aim.value is None:
        return None
    deals = [Open(value, one.kept, one.days) for value, one in zip(worth, sections, strict=True)]
    left = day(bounds(aim.period, work.home.zone)[1]) - told.facts.at
    return coverage(aim.value, won, deals, exact(left))


def coverage_out(
    work: Work, aim: Current | None, won: Fraction, told: Coverage | None
) -> CoverageOut | None:
    if aim is None or aim.value is None or told is None:
        return None
    return CoverageOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        target=money(work, aim.value),
        won=money(work, won),
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
