"""What the world sees of a cascade: a target and rates in, requirements out."""

from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.engine.cascade import Cascade, Level, Lever, Net, Simulation
from app.engine.money import round_to_minor
from app.schemas.base import Amount, Currency, In, Key, MoneyIn, MoneyOut, Out, money_out
from app.schemas.rates import RateIn, RetentionIn, rate_out

FORMULA = "domain: V_k = T / Π(r_j·d_j), C_k = C / Πr_j, rounded once, upwards"
LEVERS = "domain: T·Δ/r_k at an unchanged feed; V_1·(1 - r_k/(r_k+Δ)) at an unchanged order"
SECTIONS = 11

Rates = Annotated[list[RateIn], Field(min_length=1, max_length=SECTIONS)]


class GoalIn(In):
    """An amount, a number of orders, or both."""

    amount: Annotated[Amount | None, Field(ge=0, examples=["100000.00"])] = None
    currency: Annotated[Currency | None, Field(examples=["EUR"])] = None
    count: Annotated[int | None, Field(ge=0, le=10**12, strict=True, examples=[4])] = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.amount is None and self.count is None:
            raise PydanticCustomError("target_missing", "a target is an amount, a count or both")
        if (self.amount is None) != (self.currency is None):
            raise PydanticCustomError(
                "currency_missing", "an amount and a currency belong together"
            )
        if self.amount is not None and self.currency is not None:
            MoneyIn.model_validate({"amount": f"{self.amount:f}", "currency": self.currency})
        return self


class PlanIn(In):
    """A target, and what share of each milestone reaches the next one."""

    target: GoalIn
    rates: Annotated[Rates, Field(examples=[["0.5", "0.5", "0.5", "0.5"]])]
    count_rates: Annotated[
        Rates | None, Field(description="Where numbers convert otherwise than values.")
    ] = None
    retention: Annotated[list[RetentionIn] | None, Field(min_length=1, max_length=SECTIONS)] = None
    milestones: Annotated[list[Key] | None, Field(min_length=2, max_length=SECTIONS + 1)] = None
    average_order_value: MoneyIn | None = None


class CascadeIn(PlanIn):
    won: Annotated[MoneyIn | None, Field(description="What has been ordered already.")] = None
    open_credit: Annotated[
        MoneyIn | None, Field(description="What open opportunities are expected to bring in time.")
    ] = None


class ChangeIn(In):
    section: Annotated[int, Field(ge=1, le=SECTIONS, strict=True)]
    rate: RateIn


class SimulationIn(PlanIn):
    changes: Annotated[list[ChangeIn], Field(min_length=1, max_length=SECTIONS)]


class LevelOut(Out):
    """What one milestone must receive. `rate`, `count_rate` and the planned exit belong to the
    section that begins here; the order has none."""

    position: int
    key: str
    required_value: MoneyOut | None
    required_count: int | None
    exact_value: str | None
    rate: str | None
    count_rate: str | None
    planned_exit_value: MoneyOut | None
    status: str
    value_status: Annotated[str, Field(description="ok, unknown, unreachable or not_asked")]
    count_status: Annotated[str, Field(description="ok, unknown, unreachable or not_asked")]
    because: str | None


class NetLevelOut(Out):
    position: int
    key: str
    required_value: MoneyOut | None


class NetOut(Out):
    """What must still arrive: gap = target - won, less what is open."""

    gap: MoneyOut
    needed: MoneyOut
    target_met: bool
    milestones: list[NetLevelOut]


class CascadeOut(Out):
    milestones: list[LevelOut]
    coverage: str | None
    warnings: list[str]
    net: NetOut | None
    source: str
    formula: str


class LeverOut(Out):
    """What one more percentage point in a section is worth."""

    section: int
    order_value_per_point: MoneyOut | None
    first_milestone_saved_per_point: MoneyOut | None


class SimulationOut(Out):
    before: CascadeOut
    after: CascadeOut
    levers: list[LeverOut]
    formula: str


def cascade_out(
    found: Cascade, currency: str | None, *, net: Net | None = None, source: str = "request"
) -> CascadeOut:
    return CascadeOut(
        milestones=[level_out(level, found, currency) for level in found.levels],
        coverage=None if found.coverage is None else decimal_out(found.coverage),
        warnings=list(found.warnings),
        net=None if net is None or currency is None else net_out(net, currency),
        source=source,
        formula=FORMULA,
    )


def simulation_out(found: Simulation, currency: str | None) -> SimulationOut:
    return SimulationOut(
        before=cascade_out(found.before, currency),
        after=cascade_out(found.after, currency),
        levers=[_lever_out(lever, currency) for lever in found.levers],
        formula=LEVERS,
    )


def level_out(level: Level, found: Cascade, currency: str | None) -> LevelOut:
    value, count = found.goal.completed()
    rate, count_rate = level.rate, level.count_rate
    return LevelOut(
        position=level.position,
        key=level.key,
        required_value=None
        if currency is None
        else money_out(level.required_value(currency), currency),
        required_count=level.required_count,
        exact_value=level.exact_value,
        rate=None if rate is None else decimal_out(rate),
        count_rate=None if count_rate is None else decimal_out(count_rate),
        planned_exit_value=None
        if currency is None
        else money_out(level.planned_exit_value(currency), currency),
        status=level.status,
        value_status=_status(level, asked=value, answered=level.value),
        count_status=_status(level, asked=count, answered=level.count),
        because=level.because,
    )


def net_out(found: Net, currency: str) -> NetOut:
    left = found.remaining
    return NetOut(
        gap=_nearest(left.gap, currency),
        needed=_nearest(left.needed, currency),
        target_met=left.target_met,
        milestones=[
            NetLevelOut(
                position=level.position,
                key=level.key,
                required_value=money_out(level.required_value(currency), currency),
            )
            for level in found.cascade.levels
        ],
    )


def decimal_out(exact: Fraction) -> str:
    """All digits where there is an end to them, else 20.

    >>> decimal_out(Fraction(16)), decimal_out(Fraction(7, 20)), decimal_out(Fraction(2, 3))
    ('16', '0.35', '0.66666666666666666667')
    """
    context = Context(prec=_MOST_DIGITS, traps=[Inexact])
    try:
        return f"{context.divide(Decimal(exact.numerator), Decimal(exact.denominator)):f}"
    except Inexact:
        return rate_out(exact)


_MOST_DIGITS = 400


def _status(level: Level, *, asked: Fraction | None, answered: Fraction | None) -> str:
    if answered is not None:
        return "ok"
    return "not_asked" if asked is None else str(level.status)


def _lever_out(lever: Lever, currency: str | None) -> LeverOut:
    per_point, saved = lever.order_value_per_point, lever.first_milestone_saved_per_point
    return LeverOut(
        section=lever.section,
        order_value_per_point=None
        if not currency or per_point is None
        else _nearest(per_point, currency),
        first_milestone_saved_per_point=None
        if not currency or saved is None
        else _nearest(saved, currency),
    )


def _nearest(exact: Fraction, currency: str) -> MoneyOut:
    found = money_out(round_to_minor(exact, currency), currency)
    assert found is not None
    return found
