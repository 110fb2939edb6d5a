"""The forecast of a whole process at one moment, before anybody asks for a part of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story
from app.domain.horses import dead_among, prior_of, resets
from app.domain.policies import asked_at, policy_at
from app.engine.flow.facts import Numbers, day
from app.engine.flow.gathering import NEVER
from app.engine.flow.packed import chosen, day_of
from app.engine.flow.shares import Shares, flags_of
from app.engine.forecast import (
    Chance,
    Forecast,
    Lesson,
    Past,
    chances,
    chances_now,
    expect,
    learn,
    scale_of,
    with_rates_held,
)
from app.engine.forecast.returning import with_returning
from app.engine.money import exponent
from app.schemas.scopes import Moment
from app.tables import ForecastPoint, ForecastSnapshot

METHOD = "pipeline_velocity"
FORMULA = "pipeline_velocity.1"
# Of many stored forecasts the latest dozen of each length teach the blend.
_REMEMBERED = timedelta(days=400)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """`whole` holds every open deal and those that return from hold. `by_age` is per section the
    chance of an order at all by age in steps. `dead` are deals (indices into the facts) that
    promise nothing any more."""

    told: Story
    whole: Forecast
    by_age: Sequence[Numbers]
    dead: frozenset[int]

    @property
    def ever(self) -> list[Chance]:
        """Of each of the forecast's deals."""
        return chances(self.whole.rates, self.by_age, self.whole.section, self.whole.age)

    @property
    def ever_now(self) -> Numbers:
        """Of it only how it stands."""
        rows = self.whole.rows
        return chances_now(self.whole.rates, self.by_age, rows.section, rows.age)

    def counted(self, shares: Sequence[Fraction | int]) -> Shares:
        """A scope's shares in the deals, without those in dead horses."""
        return Shares.of(shares).only(~flags_of(len(shares), self.dead))


@dataclass(frozen=True, slots=True)
class View:
    """How a process wants to be looked at: whether dead horses are left out, and what moves a
    deal beside milestones."""

    exponent: int
    buries: bool
    resets: Mapping[UUID, datetime]


async def view(
    work: Work,
    process: Row[Any],
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
) -> View:
    policy = await policy_at(work, process, asked_at(as_of, effective_at))
    return View(
        exponent(work.home.currency),
        policy.stale_policy != "off",
        await resets(work, process, as_of=as_of, effective_at=effective_at),
    )


async def outlook(
    told: Story,
    ends: Sequence[datetime],
    how: View,
    past: Sequence[Past] = (),
    dead: frozenset[int] | None = None,
) -> Outlook:
    """The forecast of a story for consecutive periods that end at `ends`; the server goes on
    answering meanwhile. Who is `dead` is found out, unless it is known."""
    return await asyncio.to_thread(look_ahead, told, [day(end) for end in ends], how, past, dead)


async def dead_of(work: Work, process: Row[Any], told: Story, asked: Moment) -> frozenset[int]:
    """The deals (indices into the story) that nothing is expected of; none under policy `off`."""
    how = await view(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    return await asyncio.to_thread(_dead, told, how)


def look_ahead(
    told: Story,
    ends: Sequence[float],
    how: View,
    past: Sequence[Past] = (),
    dead: frozenset[int] | None = None,
) -> Outlook:
    """`ends` are days; who is `dead` is found out, unless it is known from another look."""
    lesson = learn(told.facts, ends, prior_of(told), past, scale_of(how.exponent))
    gone = _dead(told, how) if dead is None else dead
    return outlook_by(lesson, told, ends, how.exponent, gone)


def outlook_by(
    lesson: Lesson, told: Story, ends: Sequence[float], exponent: int, dead: frozenset[int]
) -> Outlook:
    """What a lesson says of the deals standing in a story."""
    standing = expect(lesson, told.facts, ends, exponent)
    whole = with_returning(standing, told.facts, _returns(told))
    return Outlook(told, whole, lesson.ever, dead)


def held_at(earlier: Outlook, later: Outlook) -> Outlook:
    """What the deals of the later story contribute at the rates of the earlier one."""
    told = later.told
    whole = with_returning(with_rates_held(earlier.whole, told.facts), told.facts, _returns(told))
    return Outlook(told, whole, earlier.by_age, later.dead)


async def past_of(work: Work, process_id: UUID, until: datetime) -> list[Past]:
    """What was really said until then and is over, for the blend to learn from."""
    query = (
        work.rows(ForecastPoint)
        .join(
            ForecastSnapshot,
            (ForecastSnapshot.workspace_id == ForecastPoint.workspace_id)
            & (ForecastSnapshot.process_id == ForecastPoint.process_id)
            & (ForecastSnapshot.day == ForecastPoint.day),
        )
        .add_columns(ForecastSnapshot.taken_at)
        .where(
            ForecastPoint.process_id == process_id,
            ForecastPoint.run_rate.is_not(None),
            ForecastPoint.ends_at <= until,
            ForecastSnapshot.taken_at > until - _REMEMBERED,
            ForecastSnapshot.currency == work.home.currency,
        )
    )
    order = (ForecastPoint.day, ForecastPoint.span, ForecastPoint.unit.desc())
    spans = groupby(await work.all(query.order_by(*order)), lambda row: (row.day, row.span))
    pairs = [list(rows) for _, rows in spans]  # of each span the value, if known, and the orders
    return [_past(pair[0], pair[1]) for pair in pairs if len(pair) > 1]


def _returns(told: Story) -> dict[int, float]:
    """By deal on hold the day on which it comes back."""
    deals = told.table.columns
    back = deals["held_until"]
    waiting = chosen((deals["status"] == "open") & (back != NEVER))
    return dict(zip(waiting.tolist(), day_of(back[waiting]).tolist(), strict=True))


def _dead(told: Story, how: View) -> frozenset[int]:
    return dead_among(told, how.resets) if how.buries else frozenset()


def _past(value: Row[Any], orders: Row[Any]) -> Past:
    return Past(
        at=day(value.taken_at),
        start=day(value.starts_at),
        end=day(value.ends_at),
        pipeline=float(value.pipeline),
        run_rate=float(value.run_rate),
        pipeline_count=float(orders.pipeline),
        run_rate_count=float(orders.run_rate),
    )
