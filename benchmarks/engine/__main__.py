"""CPU of the engine alone: a cascade of ten sections, and the sums of a forecast.

uv run python -m benchmarks.engine

The cascade is exact in fractions; it is timed as it is used, with its checks and everything it
says of each level, and as bare fractions from level to level. A forecast is what 300 and 3,000 open
deals promise: mean and variance of orders and of value, once the table of rates is there.
"""

import argparse
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

import numpy as np

from app.engine.cascade import Section, cascade
from benchmarks.bench import Spread, record, table

SECTIONS = [Section(rate, rate) for rate in (Fraction(n, 20) for n in range(8, 18))]
TARGET = Fraction(100_000)
ROUNDS = 9


def bare() -> object:
    """The same requirements without anything said about them."""
    rates = [section.value_rate for section in reversed(SECTIONS)]
    return list(accumulate(rates, lambda needed, rate: needed / (rate or 1), initial=TARGET))


def in_integers() -> object:
    """Exact as well: numerator and denominator side by side, reduced when they are read."""
    above, below, found = TARGET.numerator, TARGET.denominator, []
    for section in reversed(SECTIONS):
        rate = section.value_rate
        assert rate is not None
        above, below = above * rate.denominator, below * rate.numerator
        found.append((above, below))
    return found


def whole() -> object:
    return cascade(TARGET, None, SECTIONS)


def moments(deals: int) -> Callable[[], object]:
    """Mean and variance of the orders and of the value of so many deals, from their chances."""
    random = np.random.default_rng(7)
    chance, worth = random.uniform(0.02, 0.9, deals), random.lognormal(9.2, 0.8, deals)

    def work() -> object:
        doubt = chance * (1 - chance)
        return chance.sum(), doubt.sum(), chance @ worth, doubt @ (worth * worth)

    return work


def seconds(work: Callable[[], object], times: int) -> Spread:
    """Of one call."""

    def once() -> float:
        begin = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - begin) / times

    once()
    return Spread.of(once() for _ in range(ROUNDS))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.parse_args()
    cases = (
        ("cascade of 10 sections, exact, integers", "≤ 7 µs", in_integers, 5_000),
        ("the same in fractions", "≤ 7 µs", bare, 3_000),
        ("the same with all that is said of a level", "-", whole, 500),
        ("mean and variance of 300 open deals", "≤ 100 µs", moments(300), 3_000),
        ("of 3,000 open deals", "≤ 100 µs", moments(3_000), 1_000),
    )
    rows = [
        (name, goal, f"{seconds(work, times).text('.1f', 1e6)} µs")
        for name, goal, work, times in cases
    ]
    record("engine", table(("case", "goal", "CPU"), rows))


if __name__ == "__main__":
    main()
