"""What the world asks and sees of the lights to come."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Instant, MoneyOut, Out
from app.schemas.scopes import EVERYBODY, Business, ScopeIn

MOST_PERIODS = 6


class LightsOutlookQuery(In):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Annotated[
        Business | None,
        Field(description="Default: all if there is such a target, else new, else existing."),
    ] = None
    periods: Annotated[
        int, Field(ge=1, le=MOST_PERIODS, description="Months, the current one first.")
    ] = 3
    as_of: Instant | None = None


class ComingOut(Out):
    """One milestone in one month: what is required, what is there, and what may be expected.

    Expected is what the rates alone say. The forecast also corrects them by what came of the past
    and blends them with the run-rate, so that its sums for the order differ from these.
    """

    position: int
    key: str
    required_value: MoneyOut | None
    arrived_value: MoneyOut | None
    from_open_value: Annotated[
        MoneyOut | None,
        Field(description="Implied already by open opportunities, but for dead ones and on hold."),
    ]
    from_future_arrivals_value: Annotated[
        MoneyOut | None, Field(description="From opportunities that are not there yet.")
    ]
    expected_value: Annotated[MoneyOut | None, Field(description="All three together.")]
    required_count: int | None
    arrived_count: int
    from_open_count: str
    from_future_arrivals_count: str
    expected_count: str
    light: Annotated[str, Field(description="If it comes as expected: green, amber, red or grey.")]
    value_light: str
    count_light: str
    attainment: Annotated[str | None, Field(description="What is expected, per requirement.")]
    from_open_attainment: Annotated[
        str | None, Field(description="What is there or implied by what is there, per requirement.")
    ]


class ComingPeriodOut(Out):
    period: str
    target_id: UUID | None
    milestones: list[ComingOut]


class LightsOutlookOut(Out):
    periods: list[ComingPeriodOut]
    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    currency: str
    as_of: datetime
    source: str
    formula: str
