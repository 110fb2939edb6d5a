"""What reps say about their deals: a day and a likelihood, both better than the truth."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from app.engine.worlds import Deal, Kind, World

FIRST_LIKELIHOOD, LAST_LIKELIHOOD = 0.1, 0.75
PUSHED_BY_DAYS = (45, 135)


@dataclass(frozen=True, slots=True)
class Claim:
    """Said at `at`: the order comes at `closes_at`, with this `likelihood`."""

    at: datetime
    closes_at: datetime
    likelihood: float


def claims(
    world: World, deal: Deal, seed: int, until: datetime, optimism: float = 0.75
) -> list[Claim]:
    """What was said about the deal before `until`: anew at every milestone, and put off whenever
    the day has passed.

    `optimism` is the stated over the true mean time to the order. It is multiplied by a whim of
    the deal's own, so that a stated day says little.
    """
    random = Random(f"{seed}/{deal.number}")  # noqa: S311 - a whim, not a secret
    whim = optimism * math.exp(random.gauss(0, 0.5))
    ends = [*(step.at for step in deal.steps), until]
    return [
        claim
        for step, (begin, end) in zip(deal.steps, pairwise(ends), strict=True)
        if step.kind is Kind.REACHED and step.milestone < world.milestones
        for claim in _between(world, step.milestone, whim, random, (begin, min(end, until)))
    ]


def _between(
    world: World, milestone: int, whim: float, random: Random, stay: tuple[datetime, datetime]
) -> Iterator[Claim]:
    """The claims during one stay behind a milestone."""
    said, end = stay
    sections = len(world.conversion)
    rise = (LAST_LIKELIHOOD - FIRST_LIKELIHOOD) / max(1, sections - 1)
    likelihood = FIRST_LIKELIHOOD + rise * (milestone - 1)
    closes = said + timedelta(days=sum(world.winner_days[milestone - 1 :]) * whim)
    while said < end:
        yield Claim(said, closes, likelihood)
        said, closes = closes, closes + timedelta(days=random.uniform(*PUSHED_BY_DAYS))
