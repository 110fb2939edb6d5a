"""What the world sees of how well forecasts came true."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Out
from app.schemas.scopes import Business, Moment

MOST_ORIGINS = 60


class AccuracyQuery(Moment):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]


class BacktestIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    horizon_days: Annotated[int, Field(ge=1, le=366)] = 91
    step_days: Annotated[int, Field(ge=1, le=366, description="From one origin to the next.")] = 30
    business_type: Business = Business.ALL


class ScoreOut(Out):
    """How far a method was off: WAPE = Σ|forecast - actual| / Σ actual, bias = Σ(f - a) / Σ a.

    Null where nothing came, or the method had nothing to say.
    """

    wape: Annotated[str | None, Field(examples=["0.1500"])]
    bias: Annotated[str | None, Field(examples=["-0.0210"])]
    n: Annotated[int, Field(description="Origins this method had something to say at.")]


class SpanScoreOut(Out):
    """One length of forecast: `30d`, `91d`, or a month as seen `month+0` … `month+5` ahead."""

    span: str
    unit: str
    status: Annotated[str, Field(description="Fewer than 10 origins are anecdotes.")]
    n: Annotated[int, Field(description="Origins: forecasts whose time is over.")]
    independent: Annotated[int, Field(description="Of these, such as do not overlap.")]
    wape: str | None
    bias: str | None
    coverage: Annotated[
        str | None, Field(description="Share of actuals between p10 and p90; 0.8 is right.")
    ]
    pipeline: Annotated[ScoreOut, Field(description="Our forecast before the blend.")]
    baselines: Annotated[
        dict[str, ScoreOut],
        Field(
            description="`run_rate`, `last_period`, `last_year` (same time), `stage_percentage`"
            " (flat stage percentages), `win_rate` (one for all), `external` (imported"
            " probabilities and dates)."
        ),
    ]


class BinOut(Out):
    """Deals that were given a chance from `low` up to `high`, and how many of them ordered."""

    low: str
    high: str
    n: int
    predicted: str | None
    came_true: str | None


class DealScoreOut(Out):
    """How good the chances of single deals were; both measures: lower is better."""

    brier: str | None
    log_loss: str | None
    n: Annotated[int, Field(description="Deals, once at each origin.")]


class DealScoresOut(Out):
    horizon_days: int
    status: str
    origins: int
    ours: DealScoreOut
    stage_percentage: DealScoreOut
    external: DealScoreOut
    external_rivals: Annotated[
        DealScoreOut, Field(description="Ours for just the deals with an imported probability.")
    ]
    calibration: list[BinOut]


class WayOutOut(Out):
    code: str
    text: str
    method: str
    path: str


class AccuracyOut(Out):
    process_id: UUID
    as_of: datetime
    currency: str
    method: str
    formula: str
    basis: Annotated[str, Field(description="`stored`: forecasts as they were said.")]
    status: str
    n: Annotated[int, Field(description="Days on which a forecast was stored.")]
    spans: list[SpanScoreOut]
    deals: DealScoresOut
    way_out: WayOutOut | None


class OriginOut(Out):
    """One forecast of the past, beside what came."""

    at: datetime
    expected: str
    p10: str
    p90: str
    pipeline: str
    run_rate: str | None
    actual: str


class BacktestOut(Out):
    """History replayed: at each origin only what had happened by then was used."""

    process_id: UUID
    as_of: datetime
    currency: str
    method: str
    formula: str
    known_by: str
    recorded_late: Annotated[
        int, Field(description="Events that came to be known over a day after they happened.")
    ]
    events: int
    horizon_days: int
    step_days: int
    status: str
    n: int
    value: SpanScoreOut
    orders: SpanScoreOut
    deals: DealScoresOut
    origins: list[OriginOut]
