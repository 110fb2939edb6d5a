"""What the world sees of drift: whether a section is lately not what it was."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.schemas.base import Out
from app.schemas.observed_rates import AskedOut


class SpanOut(Out):
    """A section within a span of time, as if all had met what those present met then."""

    n: Annotated[int, Field(description="Opportunities that stood there within it.")]
    advanced: int
    exited: int
    rate: str | None
    median_days: Annotated[str | None, Field(description="Of those that went on.")]


class ChangeOut(Out):
    """How often something happens to opportunities of the same age, recently per before."""

    ratio: str | None
    p: Annotated[
        str | None,
        Field(description="The chance of such a difference if nothing changed; null: too few."),
    ]


class SectionDriftOut(Out):
    section: int
    milestone: str
    next_milestone: str
    before: SpanOut
    recent: SpanOut
    advancing: ChangeOut
    leaving: ChangeOut
    status: str
    drifted: bool
    flags: Annotated[
        list[str],
        Field(
            description="What has drifted: `advances_less`, `advances_more` (deals of the same "
            "age go on less or more often: the way is longer or shorter), `leaves_more`, "
            "`leaves_less`."
        ),
    ]


class SpanDatesOut(Out):
    """From `from` on and before `to`."""

    from_: Annotated[date, Field(serialization_alias="from")]
    to: date


class DriftOut(AskedOut):
    before: SpanDatesOut
    recent: SpanDatesOut
    drifted: Annotated[bool, Field(description="Whether any section has.")]
    sections: list[SectionDriftOut]
