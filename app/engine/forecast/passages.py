"""Stays as the forecast counts them: each with the milestone it really led to."""

from dataclasses import dataclass, replace

import numpy as np

from app.engine.flow.facts import Facts, Flags, Numbers, Outcome, Places, Stays, places_of

LOST, OPEN = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """One entry per stay that took place; skipped milestones are left out.

    `to` is the section entered next, the number of sections for an order, `LOST` or `OPEN`.
    `days` counts without hold; `first` marks where a deal came in; `stay` is its
    index in the facts.
    """

    stay: Places
    deal: Places
    section: Places
    entered: Numbers
    left: Numbers
    held: Numbers
    to: Places
    value: Numbers
    first: Flags

    @property
    def days(self) -> Numbers:
        return np.maximum(self.left - self.entered - self.held, 0.0)

    def where(self, chosen: Flags | Places) -> "Passages":
        places = places_of(chosen)
        return Passages(*(getattr(self, name)[places] for name in self.__slots__))

    def until(self, at: float) -> "Passages":
        """What was known of them at an earlier moment."""
        seen = self.where(self.entered <= at)
        later = seen.left > at
        share = (at - seen.entered) / np.maximum(seen.left - seen.entered, 1e-9)
        return replace(
            seen,
            left=np.minimum(seen.left, at),
            held=np.where(later, seen.held * share, seen.held),
            to=np.where(later, OPEN, seen.to),
        )

    def standing(self, at: float) -> "Passages":
        """Those under way at `at`, the latest moment of all."""
        return self.where((self.to == OPEN) & (self.left >= at))


def passages(facts: Facts) -> Passages:
    """A stay that led through skipped milestones leads to the one really reached.

    A deal of nothing but skipped milestones, an order out of the blue, keeps its last stay.
    """
    stays = facts.stays
    last = np.append(stays.deal[1:] != stays.deal[:-1], True)[: len(stays.deal)]
    kept = np.flatnonzero(~_skipped(stays) | (last & _all_skipped(stays)))
    seen = stays.where(kept)
    goes_on = np.append(seen.deal[1:] == seen.deal[:-1], False)[: len(kept)]
    following = np.where(goes_on, np.roll(seen.section, -1), facts.sections)
    advanced = (seen.outcome == Outcome.ADVANCED) & (following > seen.section)
    advanced &= goes_on | _ordered(facts, last)[kept]
    to = np.where(seen.outcome == Outcome.LOST, LOST, OPEN)
    return Passages(
        stay=kept,
        deal=seen.deal,
        section=seen.section,
        entered=seen.entered,
        left=seen.left,
        held=seen.held,
        to=np.where(advanced, following, to),
        value=seen.value,
        first=np.insert(~goes_on[:-1], 0, True)[: len(kept)],
    )


def _skipped(stays: Stays) -> Flags:
    zero = (stays.outcome == Outcome.ADVANCED) & (stays.left <= stays.entered)
    skipped: Flags = stays.implied & zero
    return skipped


def _all_skipped(stays: Stays) -> Flags:
    """Per stay: whether its deal has skipped ones only."""
    real = np.bincount(stays.deal[~_skipped(stays)], minlength=int(stays.deal.max(initial=-1)) + 1)
    chosen: Flags = (real == 0)[stays.deal]
    return chosen


def _ordered(facts: Facts, last: Flags) -> Flags:
    """Per stay: whether its deal went on to an order."""
    stays = facts.stays
    final = last & (stays.outcome == Outcome.ADVANCED) & (stays.section == facts.sections - 1)
    ordered = np.zeros(len(facts.amount), dtype=bool)
    ordered[stays.deal[final]] = True
    ordered[facts.orders.deal] = True
    chosen: Flags = ordered[stays.deal]
    return chosen
