"""What the world sees of a light: requirement, arrivals, and why it shows what it shows."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.engine.lights import Basis, Mode
from app.schemas.base import MoneyOut, Out
from app.schemas.scopes import EVERYBODY, Business, Moment, PeriodKey, ScopeIn


class PeopleLightsQuery(Moment):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    period: Annotated[PeriodKey | None, Field(description="Default: the current month.")] = None
    business_type: Annotated[
        Business | None,
        Field(description="Default: all if there is such a target, else new, else existing."),
    ] = None
    mode: Mode = Mode.PACE
    light_basis: Basis = Basis.BOTH


class LightsQuery(PeopleLightsQuery):
    scope: ScopeIn = EVERYBODY


class ReasonOut(Out):
    code: str
    text: str


class LightOut(Out):
    """One milestone: what was required, what arrived, and the light of it.

    `attainment` and `pace` are those of the side that decided the light; ratios are cut off after
    four decimals.
    """

    position: int
    milestone_id: UUID
    key: str
    name: str
    required_value: MoneyOut | None
    actual_value: MoneyOut | None
    required_count: int | None
    actual_count: int
    expected_value: Annotated[MoneyOut | None, Field(description="Due by now.")]
    expected_count: Annotated[str | None, Field(description="Due by now.")]
    unverified_value: Annotated[
        MoneyOut | None,
        Field(description="Arrived without evidence; counted unless evidence is required."),
    ]
    unverified_count: int
    missing_value_count: Annotated[int, Field(description="Counted, but of unknown value.")]
    unconverted_count: Annotated[
        int, Field(description="Counted, but of a currency without a rate.")
    ]
    average_value: Annotated[MoneyOut | None, Field(description="Of what arrived.")]
    attainment: str | None
    pace: str | None
    light: str
    value_light: str
    count_light: str
    reached: bool
    concentration: Annotated[
        str | None, Field(description="The largest deal's share, where it hides a lack of deals.")
    ]
    rate_source: str | None
    reason: ReasonOut


class TeamLightOut(LightOut):
    """A team's light is that of its sums; how many of its people show which one stands beside."""

    people_green: int
    people_amber: int
    people_red: int
    people_grey: int


class FocusOut(Out):
    """Where to act first: section 0 is the feed of the first milestone."""

    section: int
    milestone: str
    shortfall_value: MoneyOut | None
    shortfall_count: str | None
    order_worth_value: MoneyOut | None
    order_worth_count: str | None
    text: str


class UnassignedOut(Out):
    """What arrived without an owner: in no person's light and in no team's."""

    position: int
    key: str
    value: MoneyOut | None
    count: int


class _AnswerOut(Out):
    period: str
    elapsed: Annotated[str, Field(description="The share of the period's days that is over.")]
    closed: bool
    process_id: UUID
    process_version: int
    business_type: Annotated[str, Field(description="Which business was counted.")]
    mode: str
    light_basis: str
    currency: str
    unassigned: list[UnassignedOut] | None
    as_of: datetime
    effective_at: datetime | None
    source: str
    formula: str


class LightsOut(_AnswerOut):
    scope: str
    target_id: UUID | None
    prorated: Annotated[
        str | None, Field(description="The part of the target of somebody who joined within it.")
    ]
    milestones: list[LightOut]
    focus: FocusOut | None


class ScopeLightsOut(Out):
    target_id: UUID | None
    milestones: list[LightOut]
    focus: FocusOut | None


class TeamLightsOut(Out):
    team_id: UUID
    name: str
    parent_id: UUID | None
    target_id: UUID | None
    milestones: list[TeamLightOut]
    focus: FocusOut | None
    people_green: Annotated[int, Field(description="People by their worst light.")]
    people_amber: int
    people_red: int
    people_grey: int


class PersonLightsOut(Out):
    person_id: UUID
    name: str
    team_id: UUID | None
    target_id: UUID | None
    prorated: str | None
    milestones: list[LightOut]
    focus: FocusOut | None


class PeopleLightsOut(_AnswerOut):
    all: ScopeLightsOut
    teams: list[TeamLightsOut]
    people: list[PersonLightsOut]
