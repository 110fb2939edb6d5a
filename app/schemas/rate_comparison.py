"""What the world sees of people and teams compared: differences, and whether they mean anything."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Out
from app.schemas.metrics import MetricOut
from app.schemas.observed_rates import AskedOut, CohortQuery, RateOut, WindowOut


class By(StrEnum):
    OWNER = "owner"
    TEAM = "team"


class ComparisonQuery(CohortQuery):
    by: Annotated[By, Field(description="Compare people, or teams with the teams below them.")]


class DifferenceOut(Out):
    """What was observed here less what was observed in the whole."""

    value: Annotated[str | None, Field(examples=["-0.0410"])]
    ci: Annotated[list[str] | None, Field(description="95 % interval.", min_length=2, max_length=2)]
    distinguishable: Annotated[
        bool, Field(description="false: the interval includes no difference at all.")
    ]


class ComparedRateOut(Out):
    section: int
    milestone: str
    next_milestone: str
    count: RateOut
    difference: DifferenceOut
    rank: Annotated[
        int | None, Field(description="1 is the highest; null below `minimum_n` decided.")
    ]


class ComparedWinRateOut(Out):
    """From the first milestone to the order."""

    win_rate: MetricOut
    difference: DifferenceOut
    rank: int | None


class GroupOut(Out):
    id: Annotated[
        UUID | None, Field(description="Of the person or team; null: what belonged to nobody.")
    ]
    team_id: Annotated[
        UUID | None, Field(description="The team the person is in, or the team above the team.")
    ]
    entered: Annotated[int, Field(description="Arrivals at the first milestone.")]
    sections: list[ComparedRateOut]
    overall: ComparedWinRateOut


class WholeRateOut(Out):
    section: int
    milestone: str
    next_milestone: str
    count: RateOut


class WholeOut(Out):
    """The scope asked about, to which everyone is compared."""

    sections: list[WholeRateOut]
    win_rate: MetricOut


class ComparisonOut(AskedOut):
    by: By
    window: WindowOut
    minimum_n: Annotated[int, Field(description="Decided opportunities below which none ranks.")]
    whole: WholeOut
    groups: list[GroupOut]
