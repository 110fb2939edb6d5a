"""How to get a customer forward: the next milestone, what is left to do for it, and how likely."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.decay_reasons import decay_text
from app.core.work import Work
from app.domain.cohorts import cohort
from app.domain.facts import DealRow, Story, story
from app.domain.horse_order import carried_over
from app.domain.horses import Horse, judged, resets
from app.domain.milestones import milestones_of
from app.domain.notices import UNMARKED, marks
from app.domain.observed_rates import passings
from app.domain.processes import resolve
from app.domain.prospects import Prospect, prospects, unmet
from app.domain.questions import seen_at
from app.engine.flow.lead_times import lead_time
from app.engine.flow.packed import real
from app.schemas.metrics import LeadTimeOut, lead_time_out, tenths_out
from app.schemas.milestones import PlaybookOut
from app.schemas.next_steps import DecayOut, NextMilestoneOut, NextOut, NextQuery
from app.schemas.ratios import chance_out
from app.schemas.scopes import Business
from app.schemas.stale import HorseReasonOut, HorseState
from app.tables import Milestone, Opportunity, ProcessVersion

FORMULA = "next_steps.1: P(next milestone | section, age) from exits per day at that age"
DAYS = 30


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the deal stands: in its own version of the process, and in the story (None: it had
    not arrived anywhere by then)."""

    version: Row[Any]
    milestones: Sequence[Row[Any]]
    number: int | None
    deal: DealRow | None

    @property
    def position(self) -> int:
        return 0 if self.deal is None else self.deal.position

    @property
    def status(self) -> str:
        if self.deal is None:
            return "open"
        held = self.deal.status == "open" and self.deal.held_until is not None
        return "on_hold" if held else self.deal.status

    @property
    def here(self) -> Row[Any] | None:
        return self.milestones[self.position - 1] if self.position else None

    @property
    def next(self) -> Row[Any] | None:
        waits = self.status in ("open", "on_hold") and self.position < len(self.milestones)
        return self.milestones[self.position] if waits else None


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What the deals of the process say about this one; None where it does not stand open."""

    prospect: Prospect | None
    horse: Horse | None
    days: LeadTimeOut | None


async def read(work: Work, id: UUID, asked: NextQuery) -> NextOut:
    """The next step of an opportunity, in a fixed number of statements."""
    seen_at(work, asked)
    row = await work.get(Opportunity, id)
    told = await story(work, row.process_id, as_of=asked.as_of, effective_at=asked.effective_at)
    place = await _place(work, row, told)
    seen = await _outlook(work, told, place, asked)
    left = await unmet(work, [place.deal], asked) if place.deal and place.next else {}
    here, deal = place.here, place.deal
    return NextOut(
        opportunity_id=id,
        process_id=row.process_id,
        process_version=place.version.number,
        status=place.status,
        milestone=None if here is None else here.key,
        milestone_position=place.position,
        next_milestone=None if place.next is None else NextMilestoneOut.model_validate(place.next),
        unmet_criteria=left.get(id, []),
        **_chances(seen.prospect),
        lead_time_days=seen.days,
        days=DAYS,
        median_days=None if seen.days is None else seen.days.p50,
        playbook=_playbook(here) if place.next is not None else None,
        ball=None if deal is None else deal.ball,
        waiting_since=None if deal is None else deal.waiting_since,
        decay=None if seen.horse is None else _decay(work, seen.horse),
        **await _told_of(work, told, id, seen.horse, asked),
        as_of=asked.as_of or work.now,
        effective_at=asked.effective_at,
        formula=FORMULA,
    )


async def _place(work: Work, row: Row[Any], told: Story) -> _Place:
    numbers = {deal.opportunity_id: number for number, deal in enumerate(told.deals)}
    number = numbers.get(row.id)
    deal = None if number is None else told.deals[number]
    version_id = row.version_id
    if deal is not None and deal.milestone_id is not None:
        version_id = (await work.get(Milestone, deal.milestone_id)).version_id
    version = await work.get(ProcessVersion, version_id)
    return _Place(version, await milestones_of(work, version_id), number, deal)


async def _outlook(work: Work, told: Story, place: _Place, asked: NextQuery) -> _Outlook:
    """Judged among all deals of the process: a single one says nothing about itself."""
    if place.number is None or place.next is None:
        return _Outlook(None, None, None)
    process = await resolve(work, told.process_id)
    known = await resets(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    only = [int(number == place.number) for number in range(len(told.deals))]
    asking = asyncio.to_thread(prospects, told, only, DAYS, Business.ALL, ())
    found = next(iter(await asking), None)
    if found is None:
        return _Outlook(None, None, None)
    horses = (await asyncio.to_thread(judged, told, known)).horses
    horse = next((one for one in horses if one.deal == place.number), None)
    passed = passings(await cohort(work, told))
    return _Outlook(found, horse, lead_time_out(lead_time(passed[found.section].lag)))


async def _told_of(
    work: Work, told: Story, id: UUID, horse: Horse | None, asked: NextQuery
) -> dict[str, Any]:
    """How often it was talked about, carried over, and brought back."""
    process = await resolve(work, told.process_id)
    known = await marks(work, process, as_of=asked.as_of, effective_at=asked.effective_at, only=id)
    mark = known.get(id, UNMARKED)
    return {
        "review_count": mark.reviewed,
        "carried_over_periods": None
        if horse is None
        else int(carried_over(work, told, real([horse.verdict.dwell_days]))[0]),
        "revived_count": mark.revived,
    }


def _chances(found: Prospect | None) -> dict[str, Any]:
    reach = None if found is None else found.reach
    return {
        "chance_next": chance_out(None if reach is None else reach.ever),
        "chance_within": chance_out(None if reach is None else reach.within),
        "age_days": tenths_out(None if found is None else found.age),
    }


def _playbook(here: Row[Any] | None) -> PlaybookOut | None:
    """How to get from here to the next milestone is said where the section begins."""
    if here is None or here.playbook is None:
        return None
    return PlaybookOut.model_validate(here.playbook)


def _decay(work: Work, horse: Horse) -> DecayOut:
    verdict = horse.verdict
    text = decay_text(verdict, work.language)
    because = HorseReasonOut(code=verdict.because, text=text)
    return DecayOut(state=HorseState(verdict.state), because=because)
