"""Runs the forecast against its goals and prints the table of them.

uv run python -m benchmarks.forecast [--lists FOLDER] [--quick]
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engine.forecast import Prior
from app.engine.forecast.backtest import OURS, PIPELINE, RUN_RATE, Backtest, backtest
from benchmarks.forecast.dead import dead_horses
from benchmarks.forecast.lists import maven
from benchmarks.forecast.simulated import cold_start, shocked, steady
from benchmarks.forecast.speed import speed

LISTS = "BACKCAST_DEAL_LISTS"
FIRST = 61  # days of record before the first replayed moment of a real list
RIGHT = Prior((0.5, 0.55, 0.6, 0.65), (45, 40, 50, 35))
OPTIMISTIC = Prior((0.65, 0.7, 0.75, 0.8), (45, 40, 50, 35))


@dataclass(frozen=True, slots=True)
class Goal:
    """`met` is None where there is no bar."""

    name: str
    bar: str
    prototype: str
    ours: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is run: simulated histories, days between their replayed moments, and so on."""

    seeds: int
    starts: int
    step: float
    list_step: float
    speed_runs: int


FULL, QUICK = Effort(8, 40, 30, 7, 5), Effort(2, 8, 61, 14, 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--lists", default=os.environ.get(LISTS), help=f"default: ${LISTS}")
    parser.add_argument("--quick", action="store_true", help="fewer histories and moments")
    asked = parser.parse_args()
    effort = QUICK if asked.quick else FULL
    lists = Path(asked.lists) if asked.lists else None
    goals: list[Goal] = []
    replays: list[tuple[str, Backtest]] = []
    for found, replayed in _all(lists, effort):
        goals += found
        replays += replayed
    _print(
        ("goal", "bar", "prototype", "ours", "met"),
        [(goal.name, goal.bar, goal.prototype, goal.ours, _word(goal.met)) for goal in goals],
    )
    names = list(replays[0][1].methods)
    _print(
        ("WAPE of", "n", *names),
        [(name, str(each.n), *_side_by_side(each, names)) for name, each in replays],
    )


Results = tuple[list[Goal], list[tuple[str, Backtest]]]


def _all(lists: Path | None, effort: Effort) -> Iterator[Results]:
    """Fast ones last: the first print comes at the end anyway."""
    if lists is not None:
        yield _maven(lists, effort)
    yield _simulated(effort)
    yield _cold(effort), []
    yield _speed(effort), []


def _maven(lists: Path, effort: Effort) -> Results:
    history = maven(lists)
    if history is None:
        return [], []
    prior, first = Prior([None], [None]), history.since + FIRST
    month, quarter = (
        backtest(history, days, effort.list_step, prior, first=first) for days in (30, 91)
    )
    dead = dead_horses(history, effort.list_step)
    loss = month.deals.log_loss or 0.0
    goals = [
        _most("Maven, 30 days, WAPE of value", 0.150, "0.150", _wape(month, OURS)),
        _between("Maven, 30 days, 80 % band", 0.72, 0.92, "81 %", month.coverage80 or 0.0),
        _most("Maven, 91 days, WAPE of value", 0.13, "0.133", _wape(quarter, OURS)),
        _most("Maven, 30 days, log loss per deal", 0.365, "0.362", loss),
        _most("Maven, given up, later won", 0.015, "0 %", dead.later_won),
        _least("Maven, never won, given up", 0.20, "24 %", dead.of_never_won),
    ]
    return goals, [("Maven, 30 days", month), ("Maven, 91 days", quarter)]


def _simulated(effort: Effort) -> Results:
    even = steady(effort.seeds, 2 * effort.step)
    half = shocked("arrival", 0.5, effort.seeds, effort.step)
    double = shocked("arrival", 2.0, effort.seeds, effort.step)
    weaker = shocked("conversion", 0.8, effort.seeds, effort.step)
    busy = max(effort.seeds // 4, 1)
    half_busy = shocked("arrival", 0.5, busy, effort.step, per_month=160)
    weaker_busy = shocked("conversion", 0.8, busy, effort.step, per_month=160)
    goals = [
        _ratio("steady, 40 leads a month, 91 days", 0.85, "0.288 / 0.361", even),
        _ratio("year after leads x0.5", 0.6, "0.216 / 0.507", half),
        _ratio("year after leads x2", 0.6, "0.195 / 0.397", double),
        _ratio("year after conversion x0.8 per section", 0.65, "0.419 / 0.696", weaker),
        _ratio("leads x0.5, 160 leads a month", None, "-", half_busy),
        _ratio("conversion x0.8, 160 leads a month", None, "-", weaker_busy),
        _between("steady, 80 % band", 0.72, 0.95, "87 %", even.coverage80 or 0.0),
        _least("steady, 95 % band", 0.88, "96 %", even.coverage95 or 0.0),
    ]
    return goals, [
        ("steady", even),
        ("leads x0.5", half),
        ("leads x2", double),
        ("conversion x0.8", weaker),
        ("leads x0.5, 160 a month", half_busy),
        ("conversion x0.8, 160 a month", weaker_busy),
    ]


def _cold(effort: Effort) -> list[Goal]:
    def wape(prior: Prior, days: float, per_month: float = 40) -> float:
        return cold_start(prior, effort.starts, days, per_month) or 0.0

    return [
        _most("cold start, right rates stated, day 0, WAPE", 0.6, "0.53", wape(RIGHT, 0)),
        _plain("the same, 8 leads a month", "0.83", wape(RIGHT, 0, 8)),
        _plain("the same, 91 days later", "0.42", wape(RIGHT, 91)),
        _plain("rates 0.15 too high, day 0", "1.43", wape(OPTIMISTIC, 0)),
        _plain("the same, 30 days later", "0.60", wape(OPTIMISTIC, 30)),
        _plain("the same, 91 days later", "0.42", wape(OPTIMISTIC, 91)),
    ]


def _speed(effort: Effort) -> list[Goal]:
    small, large = speed(1, effort.speed_runs), speed(10, effort.speed_runs)
    return [
        _time(f"{small.deals:,} deals x 91 steps", 0.25, "40 ms", small.alone),
        _time("the same with corrections and blend", 0.25, "-", small.whole),
        _time(f"{large.deals:,} deals x 91 steps", 2.0, "0.4 s", large.alone),
        Goal("the same with corrections and blend", "-", "-", f"{large.whole:.2f} s", None),
    ]


def _wape(replayed: Backtest, method: str) -> float:
    return replayed.methods[method].wape or 0.0


def _most(name: str, bar: float, prototype: str, ours: float) -> Goal:
    return Goal(name, f"≤ {bar:.3f}", prototype, f"{ours:.3f}", ours <= bar)


def _least(name: str, bar: float, prototype: str, ours: float) -> Goal:
    return Goal(name, f"≥ {bar:.2f}", prototype, f"{ours:.3f}", ours >= bar)


def _between(name: str, low: float, high: float, prototype: str, ours: float) -> Goal:
    return Goal(name, f"{low:.2f} to {high:.2f}", prototype, f"{ours:.3f}", low <= ours <= high)


def _plain(name: str, prototype: str, ours: float) -> Goal:
    return Goal(name, "-", prototype, f"{ours:.3f}", None)


def _time(name: str, bar: float, prototype: str, ours: float) -> Goal:
    return Goal(name, f"≤ {bar * 1000:,.0f} ms", prototype, f"{ours * 1000:,.0f} ms", ours <= bar)


def _ratio(name: str, bar: float | None, prototype: str, replayed: Backtest) -> Goal:
    """Of our error to the run-rate's, with the pipeline's part alone beside it."""
    ours, other = _wape(replayed, OURS), _wape(replayed, RUN_RATE)
    alone = _wape(replayed, PIPELINE) / other
    text = f"{ours:.3f} / {other:.3f} = {ours / other:.2f} (pipeline alone {alone:.2f})"
    if bar is None:
        return Goal(name, "-", prototype, text, None)
    return Goal(name, f"≤ {bar:.2f} x run-rate", prototype, text, ours / other <= bar)


def _word(met: bool | None) -> str:  # noqa: FBT001 - the one thing it writes
    return "" if met is None else "yes" if met else "NO"


def _side_by_side(replayed: Backtest, names: Sequence[str]) -> list[str]:
    scores = [replayed.methods[name] for name in names]
    return ["-" if score.wape is None else f"{score.wape:.3f}" for score in scores]


def _print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table that can be pasted into the README."""
    write: Callable[[str], None] = print
    write(f"| {' | '.join(head)} |")
    write(f"|{'---|' * len(head)}")
    for row in rows:
        write(f"| {' | '.join(row)} |")
    write("")


if __name__ == "__main__":
    main()
