"""Scores on the wire: how good the chances of single deals were."""

from collections.abc import Sequence

from app.engine.flow.estimates import Status
from app.engine.forecast.scores import Bin, DealScore
from app.schemas.forecast_accuracy import BinOut, DealScoreOut, DealScoresOut
from app.schemas.ratios import chance_out

FEW_ORIGINS = 10  # below, figures are anecdotes


def status_of(origins: int) -> Status:
    """
    >>> status_of(9).value, status_of(10).value
    ('low_sample', 'ok')
    """
    if not origins:
        return Status.INSUFFICIENT
    return Status.LOW_SAMPLE if origins < FEW_ORIGINS else Status.OK


def independent(spans: Sequence[tuple[float, float]]) -> int:
    """How many of these spans of time, the earliest to end first, do not overlap.

    >>> independent([(0, 30), (7, 37), (30, 60)])
    2
    """
    count, free_from = 0, float("-inf")
    for start, end in sorted(spans, key=lambda span: (span[1], span[0])):
        if start >= free_from:
            count, free_from = count + 1, end
    return count


def deal_scores_out(
    horizon_days: int,
    ours: DealScore,
    stage: DealScore,
    external: DealScore | None = None,
    beside_external: DealScore | None = None,
) -> DealScoresOut:
    return DealScoresOut(
        **_score(ours).model_dump(),
        horizon_days=horizon_days,
        stage_percentage=_score(stage),
        external=None if external is None else _score(external),
        beside_external=None if beside_external is None else _score(beside_external),
        calibration=[_bin(each) for each in ours.calibration],
    )


def _score(found: DealScore) -> DealScoreOut:
    return DealScoreOut(
        brier=chance_out(found.brier), log_loss=chance_out(found.log_loss), n=found.n
    )


def _bin(each: Bin) -> BinOut:
    return BinOut(
        low=f"{each.low:.1f}",
        high=f"{each.high:.1f}",
        n=each.n,
        predicted=chance_out(each.stated),
        came_true=chance_out(each.came_true),
    )
