"""The parts of one order: a person's share of a line, in value and in margin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.engine import money, shares
from app.engine.money import Money
from app.schemas.base import MoneyOut
from app.schemas.order_credits import OrderPartOut

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Credited:
    """An order with its lines, with those who are credited with it, and what the deal is about."""

    order: Row[Any]
    lines: Sequence[Row[Any]]
    credits: Sequence[Row[Any]]
    about: Sequence[UUID]
    currency: str

    @property
    def margin(self) -> MoneyOut | None:
        """What is left of the order; unknown as soon as the cost of one line is."""
        known = [each for each in self._margins() if each is not None]
        complete = self.lines and len(known) == len(self.lines)
        return self._money(sum(known)) if complete else None

    def parts(self) -> Iterator[OrderPartOut]:
        """Line by line, for each person in the order of their ids."""
        table = self._table()
        for place, (line, margin) in enumerate(
            zip(self.lines or (None,), self._margins(), strict=True)
        ):
            margins = self._shared(margin)
            for person, share in enumerate(self.credits or (None,)):
                yield OrderPartOut(
                    person_id=share and share.person_id,
                    percent=share and f"{share.percent.normalize():f}",
                    line_id=line and line.id,
                    product_id=line.product_id if line else self._product(),
                    value=self._money(table[place][person] if table else None),
                    margin=self._money(margins[person] if margins else None),
                )

    def _product(self) -> UUID | None:
        """How an order without lines is divided among several products, nobody knows."""
        return self.about[0] if len(self.about) == 1 else None

    def _table(self) -> shares.Table | None:
        by_line = self._by_line()
        if by_line is None:
            return None
        whole = sum(by_line)
        credited = [self._minor(each.reporting_value) for each in self.credits]
        return shares.table(by_line, credited or [whole])

    def _by_line(self) -> Sequence[int] | None:
        """The reporting value of each line: they add up to the order's."""
        if self.order.reporting_value is None:
            return None
        whole = self._minor(self.order.reporting_value)
        weights = [Fraction(line.amount) for line in self.lines]
        return money.split(whole, weights if any(weights) else [1] * max(1, len(weights)))

    def _margins(self) -> Sequence[int | None]:
        """What is left of each line."""
        values = self._by_line()
        if values is None or not self.lines:
            return [None] * max(1, len(self.lines))
        return [
            None if line.direct_cost is None else value - self._cost(line.direct_cost)
            for line, value in zip(self.lines, values, strict=True)
        ]

    def _cost(self, amount: Decimal) -> int:
        """As the database rounds: halves away from nought."""
        units: int = 10 ** money.exponent(self.currency)
        return floor(Fraction(amount) * Fraction(self.order.fx_rate) * units + HALF)

    def _shared(self, margin: int | None) -> Sequence[int] | None:
        if margin is None:
            return None
        return money.split(margin, [Fraction(each.percent) for each in self.credits] or [1])

    def _minor(self, amount: Decimal) -> int:
        return Money(amount, self.currency).minor

    def _money(self, minor: int | None) -> MoneyOut | None:
        if minor is None:
            return None
        told = Money.of_minor(minor, self.currency)
        return MoneyOut(amount=told.text, currency=told.currency)
