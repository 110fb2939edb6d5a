"""Which opportunities left together: by section, reason, owner, segment, competitor or source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import prod
from uuid import UUID

from sqlalchemy import text

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.facts import DealRow
from app.domain.observed_rates import Passing
from app.engine.flow.estimates import Estimate, estimate
from app.engine.flow.facts import Outcome, day
from app.engine.flow.leak_rates import leak_rate, unsettled
from app.engine.leaks import Ball, Exit, Group, Trend, leaks, like_for_like
from app.schemas.leaks import LeaksBy
from app.schemas.scopes import Moment
from app.tables import Account

# Told of exits only: nobody knows which of those that stay would have left for this reason.
TOLD_OF_EXITS = (LeaksBy.REASON, LeaksBy.COMPETITOR)
# Conversions of known value, before their gain or loss of value is believed.
ENOUGH = 10

_LAST = """
SELECT e.opportunity_id, max(e.occurred_at) FILTER (WHERE e.kind <> 'ball_passed') AS acted_at,
  (array_agg(e.ball ORDER BY e.occurred_at DESC, e.id DESC))[1] AS ball
FROM events e
WHERE e.workspace_id = :workspace
  AND e.kind IN ('reached', 'ordered', 'criterion_met', 'revived', 'ball_passed')
  AND (CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
  AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)
GROUP BY e.opportunity_id"""


@dataclass(frozen=True, slots=True)
class Last:
    """The customer's last act, and who owed the next step since; None: nobody said."""

    acted_at: datetime | None
    ball: str | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """One stay of the cohort: of which group, and how it ended."""

    key: str | None
    index: int
    deal: int
    section: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """One group, ready to be told: its arrivals, its exits and its rates.

    `entered` are what the rate is a part of: for reasons and competitors all that was decided.
    """

    key: str | None
    section: int | None
    entered: int
    group: Group
    trend: Trend
    unsettled: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """An open deal that stands stale or dead, with the scope's part of its value."""

    deal: int
    section: int
    value: Decimal | Fraction | None


async def last_acts(work: Work, asked: Moment) -> Mapping[UUID, Last]:
    values = {"workspace": work.workspace_id}
    past = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    rows = await work.db.execute(text(_LAST), values | past)
    return {row.opportunity_id: Last(row.acted_at, row.ball) for row in rows}


async def segments(work: Work, by: LeaksBy) -> Mapping[UUID, str | None]:
    """By account; empty where nobody asks."""
    if by is not LeaksBy.SEGMENT:
        return {}
    return {row.id: row.segment for row in await work.all(work.rows(Account))}


def openings(
    found: Cohort,
    whole: Sequence[Passing],
    by: LeaksBy,
    keyed: Mapping[UUID, str | None],
    lasts: Mapping[UUID, Last],
    pending: Sequence[Pending],
) -> list[Opening]:
    """Every group of the cohort's last level: sections in their order, others by their key.

    `whole` are the sections as everybody's opportunities show them: the average.
    """
    book = _Book(found, whole, by, keyed, lasts)
    leaving: dict[str | None, list[Leaving]] = {}
    for one in book.leaving:
        leaving.setdefault(one.key, []).append(one)
    keys: dict[str | None, int | None] = {}
    if by is LeaksBy.SECTION:
        rows = found.told.milestones[:-1]
        keys = {row.key: section for section, row in enumerate(rows)}
    for key, own in leaving.items():
        if by not in TOLD_OF_EXITS or any(one.lost for one in own):
            keys.setdefault(key)
    waiting = [(book.key_of(each.deal, each.section, None), each.value) for each in pending]
    return [
        book.opening(
            key,
            section,
            leaving.get(key, []),
            None if by in TOLD_OF_EXITS else [value for at, value in waiting if at == key],
        )
        for key, section in keys.items()
    ]


def ahead(whole: Sequence[Passing]) -> tuple[list[float | None], list[float | None]]:
    """From each milestone: the share that is won, and the order value per value there."""
    counts = [one.section.count.value for one in whole]
    values = [_kept(one) for one in whole]
    return [_whole(counts[k:]) for k in range(len(whole))], [
        _whole(values[k:]) for k in range(len(whole))
    ]


class _Book:
    """The cohort as the groups look at it."""

    def __init__(
        self,
        found: Cohort,
        whole: Sequence[Passing],
        by: LeaksBy,
        keyed: Mapping[UUID, str | None],
        lasts: Mapping[UUID, Last],
    ) -> None:
        self.found, self.by, self.keyed, self.lasts = found, by, keyed, lasts
        self.everybody, self.span = found.levels[0].mask, found.window.span
        stays = found.facts.stays
        self.sections: list[int] = stays.section.tolist()
        self.values: list[float] = stays.value.tolist()
        self.days: list[float] = stays.days.tolist()
        self.expected = [self._rate(self._of_section(s)) for s in range(found.facts.sections)]
        self.pooled = self._rate(self.everybody)
        self.wins, self.yields = ahead(whole)
        self.leaving = self._leaving()
        self.decided = self._decided()

    def _leaving(self) -> list[Leaving]:
        """The stays that count, of arrivals within the window."""
        stays, (start, end) = self.found.facts.stays, self.span
        each = zip(
            stays.deal.tolist(),
            self.sections,
            stays.entered.tolist(),
            stays.outcome.tolist(),
            self.found.levels[-1].mask,
            strict=True,
        )
        return [
            Leaving(self.key_of(deal, section, index), index, deal, section, end_ == Outcome.LOST)
            for index, (deal, section, entered, end_, mine) in enumerate(each)
            if mine and start <= entered < end
        ]

    def key_of(self, deal: int, section: int, stay: int | None) -> str | None:
        """The group of a stay, or of a deal as it stands (None)."""
        told = self.found.told
        row = told.deals[deal]
        owner = row.owner_id if stay is None else told.arrived_owner[stay]
        keys: Mapping[LeaksBy, Callable[[], str | None]] = {
            LeaksBy.SECTION: lambda: str(told.milestones[section].key),
            LeaksBy.REASON: lambda: row.exit_reason,
            LeaksBy.OWNER: lambda: None if owner is None else str(owner),
            LeaksBy.SEGMENT: lambda: self.keyed.get(row.account_id) if row.account_id else None,
            LeaksBy.COMPETITOR: lambda: row.competitor,
            LeaksBy.SOURCE: lambda: row.source,
        }
        return keys[self.by]()

    def opening(
        self,
        key: str | None,
        section: int | None,
        own: Sequence[Leaving],
        pending: Sequence[Decimal | Fraction | None] | None,
    ) -> Opening:
        # Where nobody at all was decided yet, there is nothing to be held against.
        chosen = {one.index for one in own if self.expected[one.section] is not None}
        mask = [index in chosen for index in range(len(self.sections))]
        expected = self._average(section, own)
        exits = [self._exit(one) for one in own if one.lost]
        rate = self._told_rate(len(exits)) if expected is None else self._estimate(mask, expected)
        return Opening(
            key=key,
            section=None if section is None else section + 1,
            entered=self.decided if self.by in TOLD_OF_EXITS else len(own),
            group=Group(exits, rate, expected, None, pending),
            trend=self._trend(mask),
            unsettled=expected is not None and unsettled(self.found.facts, mask, self.span),
        )

    def _average(self, section: int | None, own: Sequence[Leaving]) -> float | None:
        """What the group is held against; None where there is no such thing."""
        if self.by in TOLD_OF_EXITS:
            return None
        if section is not None and self.found.levels[-1].scope == "all":
            return self.pooled
        entered = [0] * len(self.expected)
        for one in own:
            entered[one.section] += self.expected[one.section] is not None
        if section is not None:
            return self.expected[section]
        return like_for_like(entered, self.expected)

    def _told_rate(self, exits: int) -> Estimate:
        """For reasons and competitors: their part of all that was decided."""
        share = exits / self.decided if self.decided else None
        return estimate(share, self.decided, float(self.decided))

    def _decided(self) -> int:
        """Opportunities of the cohort that were ordered or given up."""
        deals = {one.deal for one in self.leaving}
        stays = self.found.facts.stays
        last = self.found.facts.sections - 1
        outcomes = zip(stays.deal.tolist(), self.sections, stays.outcome.tolist(), strict=True)
        return sum(
            deal in deals and (end == Outcome.LOST or (end == Outcome.ADVANCED and section == last))
            for deal, section, end in outcomes
        )

    def _trend(self, mask: Sequence[bool]) -> Trend:
        """The arrivals of the last half of the window against those of the first."""
        start, end = self.span
        middle = (start + min(end, self.found.facts.at)) / 2
        halves = [
            leak_rate(self.found.facts, mask, each) for each in ((start, middle), (middle, end))
        ]
        return leaks([Group([], rate=halves[1], earlier=halves[0])])[0].trend

    def _estimate(self, mask: Sequence[bool], parent: float) -> Estimate:
        return leak_rate(self.found.facts, mask, self.span, parent)

    def _of_section(self, section: int) -> list[bool]:
        return [
            yes and here == section for yes, here in zip(self.everybody, self.sections, strict=True)
        ]

    def _rate(self, mask: Sequence[bool]) -> float | None:
        return leak_rate(self.found.facts, mask, self.span).observed

    def _exit(self, one: Leaving) -> Exit:
        deal = self.found.told.deals[one.deal]
        last = self.lasts.get(deal.opportunity_id)
        return Exit(
            kind=deal.exit_kind,
            reason=deal.exit_reason,
            value_at_arrival=self.values[one.index],
            value_at_exit=deal.reporting_value,
            days=self.days[one.index],
            days_since_act=_silence(deal, last),
            ball=None if last is None or last.ball is None else Ball(last.ball),
            win_rate=self.wins[one.section],
            value_yield=self.yields[one.section],
        )


def _silence(deal: DealRow, last: Last | None) -> float | None:
    """Days from the customer's last act to the exit."""
    if deal.exited_at is None or last is None or last.acted_at is None:
        return None
    return max(0.0, day(deal.exited_at) - day(last.acted_at))


def _kept(one: Passing) -> float | None:
    """r·d of a section; d is 1 as long as few have shown it."""
    rate, found = one.section.value.value, one.section
    kept = found.retention if found.retention_n >= ENOUGH else None
    return None if rate is None else rate * (1.0 if kept is None else kept)


def _whole(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return prod(known) if len(known) == len(shares) else None
