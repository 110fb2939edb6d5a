"""What the world sees of how well forecasts came true."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, MoneyOut, Out
from app.schemas.scopes import Business, Moment

MOST_ORIGINS = 60
Figure = Annotated[str | None, Field(examples=["0.1500"])]


class AccuracyQuery(Moment):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]


class BacktestIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    horizon_days: Annotated[int, Field(ge=1, le=366, strict=True)] = 91
    step_days: Annotated[
        int, Field(ge=1, le=366, strict=True, description="From one origin to the next.")
    ] = 30
    business_type: Business = Business.ALL


class ScoreOut(Out):
    """How far a method was off: WAPE = Σ|forecast - actual| / Σ actual, bias = Σ(f - a) / Σ a.

    Null where nothing came, or the method had nothing to say; `n` origins at which it had.
    """

    wape: Figure
    bias: Annotated[str | None, Field(examples=["-0.0210"])]
    n: int


class _ScoredOut(Out):
    """`baselines`: `pipeline` (ours before the blend), `run_rate`, `last_period`, `last_year` (the
    same time then), `stage_percentage` and `win_rate` (flat ones), `external` (imported
    probabilities in the period of their imported dates)."""

    status: Annotated[
        str, Field(description="`ok`, `low_sample` below 10 origins, `insufficient` without any.")
    ]
    n: Annotated[
        int, Field(description="Origins: forecasts whose time is over, and what came is known.")
    ]
    missing_value_count: Annotated[
        int,
        Field(description="Orders of unknown value in their times: in no sum; once per origin."),
    ]
    independent: Annotated[int, Field(description="Of these, such as do not overlap.")]
    wape: Figure
    bias: Figure
    coverage: Annotated[
        Figure, Field(description="Share of actuals between p10 and p90; 0.8 is right.")
    ]
    baselines: dict[str, ScoreOut]


class SpanScoreOut(_ScoredOut):
    """One length of forecast: `30d`, `91d`, or a month, `month+0` (the rest of the current one) to
    `month+5`; by value or by orders."""

    span: str
    unit: str


class BinOut(Out):
    """Deals that were given a chance from `low` up to `high`, and how many of them ordered."""

    low: str
    high: str
    n: int
    predicted: Figure
    came_true: Figure


class DealScoreOut(Out):
    """How good the chances of single deals were; both measures: lower is better."""

    brier: Figure
    log_loss: Figure
    n: Annotated[int, Field(description="Deals, once at each origin.")]


class DealScoresOut(DealScoreOut):
    """Ours, beside flat stage percentages and, where they were imported, typed probabilities;
    `beside_external` is ours for just the deals that have one."""

    horizon_days: int
    stage_percentage: DealScoreOut
    external: DealScoreOut | None
    beside_external: DealScoreOut | None
    calibration: list[BinOut]


class WayOutOut(Out):
    code: str
    text: str
    method: str
    path: str


class AccuracyOut(_ScoredOut):
    """Of the value in the next 30 days; the other lengths, and orders, are in `spans`."""

    process_id: UUID
    as_of: datetime
    currency: str
    method: str
    formula: str
    basis: Annotated[str, Field(description="`stored`: forecasts as they were said.")]
    brier: Figure
    snapshots: Annotated[int, Field(description="Days on which a forecast was stored.")]
    spans: list[SpanScoreOut]
    deals: DealScoresOut
    way_out: WayOutOut | None


class OriginOut(Out):
    """One forecast of the past, by value, beside what came."""

    at: datetime
    expected: MoneyOut | None
    p10: MoneyOut | None
    p90: MoneyOut | None
    pipeline: MoneyOut
    run_rate: MoneyOut
    actual: Annotated[
        MoneyOut | None, Field(description="Null where orders came, none of them of known value.")
    ]
    missing_value_count: int


class BacktestOut(_ScoredOut):
    """History replayed: at each origin only what had happened by then was used."""

    process_id: UUID
    as_of: datetime
    currency: str
    method: str
    formula: str
    basis: str
    known_by: Annotated[str, Field(description="`occurred_at`: what had happened counts as known.")]
    events: int
    recorded_late: Annotated[
        int, Field(description="Events that were recorded over a day after they happened.")
    ]
    horizon_days: int
    step_days: int
    brier: Figure
    orders_wape: Figure
    deals: DealScoresOut
    origins: list[OriginOut]
