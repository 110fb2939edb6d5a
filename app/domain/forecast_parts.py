"""What one scope may expect in each period: parts that add up, in money or in orders."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.domain.inflow import Arrived
from app.domain.outlooks import Outlook
from app.engine.flow.facts import Flags
from app.engine.flow.shares import Shares, sum_of
from app.engine.forecast import Expected, Part
from app.engine.money import Money, split
from app.engine.periods import Period
from app.schemas.base import MoneyOut
from app.schemas.forecast import (
    BlendOut,
    CorrectionOut,
    ForecastPeriodOut,
    Sum,
    UnassignedForecastOut,
    Unit,
)
from app.schemas.ratios import chance_out

_ORDER_PLACES = 4
_BLANK = (
    "expected",
    "expected_exact",
    "p10",
    "p50",
    "p90",
    "from_open",
    "from_open_exact",
    "from_future_arrivals",
    "from_future_arrivals_exact",
    "from_run_rate",
    "contributed_exact",
    "noise_floor",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """How sums are written: money of a currency, or numbers of orders.

    Both are counted in whole smallest units: cents, or ten-thousandths of an order.
    """

    unit: Unit
    currency: str
    places: int

    @classmethod
    def of(cls, unit: Unit, currency: str, exponent: int) -> "Measure":
        return cls(unit, currency, _ORDER_PLACES if unit is Unit.ORDERS else exponent)

    @property
    def counts(self) -> bool:
        return self.unit is Unit.ORDERS

    def whole(self, amount: Fraction | int) -> int:
        """To the nearest smallest unit, halves to the even one."""
        units: int = round(amount * 10**self.places)
        return units

    def written(self, units: int) -> Sum:
        if self.counts:
            return f"{Decimal(units).scaleb(-self.places):f}"
        money = Money.of_minor(units, self.currency)
        return MoneyOut(amount=money.text, currency=self.currency)

    def rounded(self, amount: Fraction | float) -> Sum:
        return self.written(self.whole(Fraction(amount)))

    def of_part(self, part: Part) -> Expected | None:
        return part.count if self.counts else part.value


def exact(amount: Fraction | int) -> str:
    """
    >>> exact(Fraction(5, 2))
    '5/2'
    """
    return f"{amount.numerator}/{amount.denominator}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What an answer is made of: the outlook of all, and what of it is the scope's.

    `shares` are the scope's in each deal, `counted` the same without dead horses; `won` is what it
    has won since the current period began. `living` are the deals that are no dead horses.
    """

    measure: Measure
    seen: Outlook
    shares: Shares
    counted: Shares
    since: datetime
    won: Arrived
    living: Flags

    def measured(self, value: Decimal | None, count: int) -> Fraction:
        return Fraction(count) if self.measure.counts else Fraction(value or 0)


def period_out(scene: Scene, number: int, period: Period, part: Part) -> ForecastPeriodOut:
    """The `number`th period of the scope."""
    measure, whole, found = scene.measure, scene.seen.whole, scene.measure.of_part(part)
    won = Fraction(0) if number else scene.measured(scene.won.value, scene.won.count)
    return ForecastPeriodOut(
        period=period.key,
        expected_margin=None,
        start=period.start,
        end=period.end,
        won=measure.rounded(won),
        won_exact=exact(won),
        **(dict.fromkeys(_BLANK) if found is None else _sums(scene, number, found, won)),
        **_beside(scene, number, known=found is not None),
        blend=blend_out(scene, number),
        correction=CorrectionOut(
            open=f"{whole.correction_open[number]:.4f}",
            new=f"{whole.correction_new[number]:.4f}",
            windows=whole.correction_windows[number],
        ),
    )


def blend_out(scene: Scene, number: int) -> BlendOut:
    """Weights that add up to one in what is written, too."""
    whole = scene.seen.whole
    weights = whole.pipeline_weight_count if scene.measure.counts else whole.pipeline_weight
    pipeline = Decimal(chance_out(weights[number]) or 0)
    return BlendOut(
        pipeline_weight=f"{pipeline:f}",
        run_rate_weight=f"{1 - pipeline:f}",
        basis=whole.blend_basis,
        origins=whole.origins,
    )


def unassigned_out(
    scene: Scene, period: Period, part: Part, won: Fraction | int
) -> UnassignedForecastOut:
    measure, found = scene.measure, scene.measure.of_part(part)
    expected = None if found is None else won + found.expected
    return UnassignedForecastOut(
        period=period.key,
        expected=None if expected is None else measure.rounded(expected),
        expected_exact=None if expected is None else exact(expected),
        won=measure.rounded(won),
    )


def _sums(scene: Scene, number: int, found: Expected, won: Fraction) -> dict[str, Any]:
    """The run-rate does not know which orders are of deals that are there already: what it says is
    divided as the pipeline divides what it says of everybody. Rounded parts add up as well."""
    measure, share = scene.measure, _open_share(scene, number)
    from_open = found.from_open + found.from_run_rate * share
    arriving = found.from_future_arrivals + found.from_run_rate * (1 - share)
    units = measure.whole(found.expected)
    parts = split(units, [from_open, arriving]) if found.expected > 0 else (0, 0)
    p10, p50, p90 = (measure.rounded(won + Fraction(each)) for each in found.near)
    return {
        "expected": measure.written(units + measure.whole(won)),
        "expected_exact": exact(won + found.expected),
        "p10": p10,
        "p50": p50,
        "p90": p90,
        "from_open": measure.written(parts[0]),
        "from_open_exact": exact(from_open),
        "from_future_arrivals": measure.written(parts[1]),
        "from_future_arrivals_exact": exact(arriving),
        "from_run_rate": measure.rounded(found.from_run_rate),
        "contributed_exact": exact(found.from_open),
        "noise_floor": chance_out(found.noise_floor),
    }


def _open_share(scene: Scene, number: int) -> Fraction:
    whole, rows = scene.seen.whole, scene.seen.whole.rows
    contributed, new = (
        (rows.count, whole.new_count) if scene.measure.counts else (rows.value, whole.new_value)
    )
    living = scene.living[rows.deal]
    from_open = sum_of(contributed[living, number])
    both = from_open + new[number]
    return Fraction(from_open, both) if both else Fraction(0)


def _beside(scene: Scene, number: int, *, known: bool) -> dict[str, Any]:
    """Both forecasts before they were blended. All the weight on the pipeline means that the
    record is too short for a run-rate."""
    measure, whole = scene.measure, scene.seen.whole
    said, rated = whole.said[number], whole.pipeline_weight[number] < 1
    pipeline, rate = (
        (said.pipeline_count, said.run_rate_count)
        if measure.counts
        else (said.pipeline, said.run_rate)
    )
    return {
        "pipeline": measure.rounded(pipeline) if known else None,
        "run_rate": measure.rounded(rate) if rated else None,
    }
