"""A scope's open deals, sorted by how they stand: alive, dead or on hold."""

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story, deals_of
from app.domain.horses import Judgement, Norms, judged, resets
from app.domain.policies import asked_at, policy_at
from app.engine.decay import State
from app.engine.flow.facts import Places
from app.engine.flow.gathering import NEVER
from app.engine.flow.packed import chosen, together, whole
from app.engine.flow.shares import Shares
from app.engine.money import exponent
from app.schemas.processes import StalePolicy
from app.schemas.scopes import Business, Moment, Subject


@dataclass(frozen=True, slots=True, eq=False)
class Heap:
    """Deals by their index in the story, and in which section (from 0) each stands."""

    deal: Places
    section: Places

    def __len__(self) -> int:
        return len(self.deal)

    def __add__(self, other: "Heap") -> "Heap":
        return Heap(together([self.deal, other.deal]), together([self.section, other.section]))

    def at(self, section: int) -> "Heap":
        here = self.section == section
        return Heap(self.deal[here], self.section[here])


@dataclass(frozen=True, slots=True, eq=False)
class Heaps:
    """The open deals of a scope; `shares` are its parts in them, per deal of the story."""

    told: Story
    judgement: Judgement
    shares: Shares
    alive: Heap
    dead: Heap
    held: Heap

    def worth(self, work: Work, heap: Heap) -> tuple[Fraction | None, int]:
        """What the scope's parts are worth, as far as it is known, and of how many it is not."""
        return self.told.table.total(self.shares, heap.deal, exponent(work.home.currency))

    def by_section(self, work: Work, heap: Heap) -> list[Fraction | None]:
        sections = range(self.told.facts.sections)
        return [self.worth(work, heap.at(section))[0] for section in sections]


async def heaps(
    work: Work,
    process: Row[Any],
    told: Story,
    whose: tuple[Subject, Business],
    asked: Moment,
    *,
    norms: Norms | None = None,
    buries: bool | None = None,
) -> Heaps:
    """Judged by the norms of the story, or those learnt before. `buries`: whether dead ones are
    taken out; None as the process wants it."""
    past: Any = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    judgement = await asyncio.to_thread(judged, told, await resets(work, process, **past), norms)
    if buries is None:
        policy = await policy_at(work, process, asked_at(**past))
        buries = policy.stale_policy != StalePolicy.OFF
    shares = await deals_of(work, told, *whose)
    herd = judgement.horses.herd
    mine = shares.some[herd.deal]
    dead = herd.are(State.DEAD) if buries else ~mine & mine
    alive, buried = mine & ~dead, mine & dead
    return Heaps(
        told=told,
        judgement=judgement,
        shares=shares,
        alive=Heap(herd.deal[alive], herd.section[alive]),
        dead=Heap(herd.deal[buried], herd.section[buried]),
        held=_held(told, shares),
    )


def _held(told: Story, shares: Shares) -> Heap:
    deals = told.table.columns
    held = chosen(shares.some & (deals["status"] == "open") & (deals["held_since"] != NEVER))
    return Heap(held, whole(deals["position"][held]) - 1)
