"""Which opportunities left together: by section, reason, owner, segment, competitor or source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan, prod
from uuid import UUID

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.facts import ACTED, PASSED, Story
from app.domain.observed_rates import Passing
from app.engine.flow.estimates import Estimate, estimate
from app.engine.flow.facts import Flags, Outcome, Places
from app.engine.flow.gathering import DAY, NEVER
from app.engine.flow.leak_rates import leak_rate, unsettled
from app.engine.flow.packed import Words, chosen, flags, marked, one_of, tallied, within, words
from app.engine.flow.packed import whole as whole_of
from app.engine.leaks import Ball, Exit, Group, Trend, leaks, like_for_like
from app.schemas.leaks import LeaksBy
from app.tables import Account

# Told of exits only: nobody knows which of those that stay would have left for this reason.
TOLD_OF_EXITS = (LeaksBy.REASON, LeaksBy.COMPETITOR)
_COLUMNS = {
    LeaksBy.REASON: "exit_reason",
    LeaksBy.COMPETITOR: "competitor",
    LeaksBy.SOURCE: "source",
}
# Conversions of known value, before their gain or loss of value is believed.
ENOUGH = 10


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
) -> list[Opening]:
    """Every group of the cohort's last level: sections in their order, others by their key.

    `whole` are the sections as everybody's opportunities show them: the average.
    """
    book = _Book(found, whole, by, keyed)
    keys: dict[str | None, int | None] = {}
    if by is LeaksBy.SECTION:
        rows = found.told.milestones[:-1]
        keys = {row.key: section for section, row in enumerate(rows)}
    for key in book.told():
        keys.setdefault(key)
    return [book.opening(key, section) for key, section in keys.items()]


def groups_of(
    told: Story, by: LeaksBy, keyed: Mapping[UUID, str | None], deals: Places, sections: Places
) -> dict[str | None, Places]:
    """Deals and their sections by the group each stands in."""
    if by is LeaksBy.SECTION:
        rows = enumerate(told.milestones[:-1])
        return {str(row.key): deals[sections == section] for section, row in rows}
    found: dict[str | None, list[int]] = {}
    for deal, key in zip(deals.tolist(), _keys_of(told, by, keyed, deals), strict=True):
        found.setdefault(key, []).append(deal)
    return {key: whole_of(each) for key, each in found.items()}


def _keys_of(
    told: Story, by: LeaksBy, keyed: Mapping[UUID, str | None], deals: Places
) -> list[str | None]:
    columns = told.table.columns
    if by is LeaksBy.OWNER:
        owners = columns["owner_id"][deals].tolist()
        return [None if owner_id is None else str(owner_id) for owner_id in owners]
    if by is LeaksBy.SEGMENT:
        accounts = columns["account_id"][deals].tolist()
        return [keyed.get(account_id) if account_id else None for account_id in accounts]
    found: list[str | None] = columns[_COLUMNS[by]][deals].tolist()
    return found


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
    ) -> None:
        self.found, self.by, self.keyed = found, by, keyed
        self.everybody, self.span = found.levels[0].mask, found.window.span
        self.stays, self.deals = found.facts.stays, found.told.table.columns
        section = self.stays.section
        each = range(found.facts.sections)
        self.expected = [self._rate(self.everybody & (section == one)) for one in each]
        self.pooled = self._rate(self.everybody)
        self.wins, self.yields = ahead(whole)
        # The stays that count, of arrivals within the window: which, and of which group each is.
        self.leaving = chosen(found.levels[-1].mask & within(self.stays.entered, self.span))
        self.keys = self._keys()
        self.lost = self.stays.outcome[self.leaving] == Outcome.LOST
        self.decided = self._decided()

    def told(self) -> Iterable[str | None]:
        """The keys that have something to tell, as they first come."""
        keys = dict.fromkeys(self.keys.tolist())
        if self.by not in TOLD_OF_EXITS:
            return keys
        left = set(self.keys[self.lost].tolist())
        return [key for key in keys if key in left]

    def _keys(self) -> Words:
        """The group of each stay that counts."""
        told, deal = self.found.told, self.stays.deal[self.leaving]
        if self.by is LeaksBy.SECTION:
            rows = words(row.key for row in told.milestones[:-1])
            return rows[self.stays.section[self.leaving]]
        if self.by is LeaksBy.OWNER:
            owners = told.arrived_owner
            people = words(None if each is None else str(each) for each in owners.people)
            return people[owners.codes[self.leaving]]
        if self.by is LeaksBy.SEGMENT:
            accounts = self.deals["account_id"][deal].tolist()
            return words(self.keyed.get(each) if each else None for each in accounts)
        found: Words = self.deals[_COLUMNS[self.by]][deal]
        return found

    def opening(self, key: str | None, section: int | None) -> Opening:
        mine = self.keys == key
        own = self.leaving[mine]
        # Where nobody at all was decided yet, there is nothing to be held against.
        known = flags([each is not None for each in self.expected])
        judged = own[known[self.stays.section[own]]]
        expected = self._average(section, own)
        exits = self._exits(self.leaving[mine & self.lost])
        rate = self._told_rate(len(exits)) if expected is None else self._estimate(judged, expected)
        return Opening(
            key=key,
            section=None if section is None else section + 1,
            entered=self.decided if self.by in TOLD_OF_EXITS else len(own),
            group=Group(exits, rate, expected),
            trend=self._trend(judged),
            unsettled=expected is not None
            and unsettled(self.found.facts, self._mask(judged), self.span),
        )

    def _average(self, section: int | None, own: Places) -> float | None:
        """What the group is held against; None where there is no such thing."""
        if self.by in TOLD_OF_EXITS:
            return None
        if section is not None and self.found.levels[-1].scope == "all":
            return self.pooled
        if section is not None:
            return self.expected[section]
        entered = tallied(self.stays.section[own], len(self.expected))
        known = [0 if e is None else n for n, e in zip(entered, self.expected, strict=True)]
        return like_for_like(known, self.expected)

    def _told_rate(self, exits: int) -> Estimate:
        """For reasons and competitors: their part of all that was decided."""
        share = exits / self.decided if self.decided else None
        return estimate(share, self.decided, float(self.decided))

    def _decided(self) -> int:
        """Opportunities of the cohort that were ordered or given up."""
        stays, last = self.stays, self.found.facts.sections - 1
        ordered = (stays.outcome == Outcome.ADVANCED) & (stays.section == last)
        theirs = one_of(stays.deal, stays.deal[self.leaving].tolist())
        return int((theirs & ((stays.outcome == Outcome.LOST) | ordered)).sum())

    def _trend(self, own: Places) -> Trend:
        """The arrivals of the last half of the window against those of the first."""
        start, end = self.span
        middle, mask = (start + min(end, self.found.facts.at)) / 2, self._mask(own)
        halves = [
            leak_rate(self.found.facts, mask, each) for each in ((start, middle), (middle, end))
        ]
        return leaks([Group([], rate=halves[1], earlier=halves[0])])[0].trend

    def _estimate(self, own: Places, parent: float) -> Estimate:
        return leak_rate(self.found.facts, self._mask(own), self.span, parent)

    def _mask(self, own: Places) -> Flags:
        return marked(len(self.stays.deal), own)

    def _rate(self, mask: Flags) -> float | None:
        return leak_rate(self.found.facts, mask, self.span).observed

    def _exits(self, places: Places) -> list[Exit]:
        """One for each of these stays."""
        stays, deals = self.stays.where(places), self.deals
        names = ("exit_kind", "exit_reason", "reporting_value", "exited_at", ACTED, PASSED)
        told = (deals[name][stays.deal].tolist() for name in names)
        each = zip(
            *told,
            stays.section.tolist(),
            [None if isnan(each) else Decimal(repr(each)) for each in stays.value.tolist()],
            stays.days.tolist(),
            strict=True,
        )
        return [
            Exit(
                kind=kind,
                reason=reason,
                value_at_arrival=arrived,
                value_at_exit=worth,
                days=days,
                days_since_act=_silence(exited_at, acted_at),
                ball=None if ball is None else Ball(ball),
                win_rate=self.wins[section],
                value_yield=self.yields[section],
            )
            for kind, reason, worth, exited_at, acted_at, ball, section, arrived, days in each
        ]


def _silence(exited_at: int, acted_at: int) -> float | None:
    """Days from the customer's last act to the exit (in ticks)."""
    if NEVER in (exited_at, acted_at):
        return None
    return max(0.0, exited_at / DAY - acted_at / DAY)


def _kept(one: Passing) -> float | None:
    """r·d of a section; d is 1 as long as few have shown it."""
    rate, found = one.section.value.value, one.section
    kept = found.retention if found.retention_n >= ENOUGH else None
    return None if rate is None else rate * (1.0 if kept is None else kept)


def _whole(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return prod(known) if len(known) == len(shares) else None
