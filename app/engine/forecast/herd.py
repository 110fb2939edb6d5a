"""How many open deals stand, judged at once, as `engine.decay.judge` judges one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.decay import STANDARD, State, Thresholds
from app.engine.flow.facts import Flags, Numbers, Places, Standing
from app.engine.forecast.chances import chances_now
from app.engine.forecast.fit import Rates, evidence_at, places

STATES = tuple(State)


@dataclass(frozen=True, slots=True, eq=False)
class Herd:
    """One entry per deal that stands: its index among all, its section and its days without
    movement; its chance now and on arrival (NaN: not known) and the exits that rest on; the bucket
    of its age; its state as a place in `STATES`."""

    deal: Places
    section: Places
    age: Numbers
    chance: Numbers
    on_arrival: Numbers
    evidence: Numbers
    bucket: Places
    state: Places

    def __len__(self) -> int:
        return len(self.deal)

    def are(self, state: State) -> Flags:
        return np.asarray(self.state == STATES.index(state), dtype=bool)

    @property
    def dead(self) -> frozenset[int]:
        """The dead ones, by their index among all deals."""
        return frozenset(self.deal[self.are(State.DEAD)].tolist())


@dataclass(frozen=True, slots=True)
class Measures:
    """What deals are held against: by section the chance of an order by age in steps, whether
    anything is known of it, and the days after which they are slow and stale (None: not known)."""

    left: Sequence[Numbers]
    known: Sequence[bool]
    slow_after: Sequence[float | None]
    stale_after: Sequence[float | None]


def judged_at_once(
    rates: Rates, by: Measures, stands: Standing, thresholds: Thresholds = STANDARD
) -> Herd:
    section, age = stands.section, stands.age
    known = np.asarray(by.known, dtype=bool)[section]
    now = np.where(known, chances_now(rates, by.left, section, age), np.nan)
    first = np.array([float(each[0]) for each in by.left])[section]
    evidence = np.where(known, evidence_at(rates, section, age), 0.0)
    share = np.where(first > 0, now / np.where(first > 0, first, 1.0), np.nan)
    believed = np.where(evidence >= thresholds.evidence, share, np.nan)
    slow = np.array(by.slow_after, dtype=float)[section]
    stale = np.array(by.stale_after, dtype=float)[section]
    cases = (
        (believed < thresholds.dead, State.DEAD),
        ((believed < thresholds.stale) | (age > stale), State.STALE),
        (age > slow, State.SLOW),
        (np.isnan(believed) & np.isnan(stale) & np.isnan(slow), State.UNKNOWN),
    )
    state = np.select(
        [holds for holds, _ in cases],
        [STATES.index(name) for _, name in cases],
        STATES.index(State.FRESH),
    )
    on_arrival, bucket = np.where(known, first, np.nan), places(rates, section, age)
    return Herd(stands.deal, section, age, now, on_arrival, evidence, bucket, state)
