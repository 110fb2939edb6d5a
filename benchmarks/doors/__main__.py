"""Measures the hot doors beside the floor and beside the usual ways to build them.

uv run python -m benchmarks.doors [--rounds 9] [--calls 200] [--deals 100000]
"""

import argparse
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from statistics import median

from benchmarks.bench import Spread, record, table
from benchmarks.doors import measuring, plans, tenancy
from benchmarks.doors.ground import Ground, ground
from benchmarks.doors.measuring import Server, served

Calls = Callable[[Ground, int], Sequence[bytes]]
FLOOR = "get one, floor"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of call to one server."""

    name: str
    server: str
    calls: Calls
    status: bytes = b"200"


@dataclass(frozen=True, slots=True)
class Goal:
    """A case is to cost at most so many times another one, or so many microseconds."""

    name: str
    case: str
    beside: str | None
    bar: float


_numbers = count(1)
_chosen = random.Random(1)  # noqa: S311 - which deals are asked for, nothing more


def _one(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.read(ground, id) for id in _chosen.choices(ground.deals, k=n)]


def _page(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.listed(ground)] * (n // 2)


def _new(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.created(ground, next(_numbers)) for _ in range(n)]


def _new_plainly(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.created_plainly(ground, next(_numbers)) for _ in range(n)]


def _milestones(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.asked_for(ground, f"/v1/milestones?process={ground.process}")] * (n // 4)


def _lights(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.asked_for(ground, f"/v1/lights?process={ground.process}")] * (n // 4)


def _matrix(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.asked_for(ground, "/v1/matrix")] * (n // 4)


def _cascade(ground: Ground, n: int) -> Sequence[bytes]:
    return [measuring.cascaded(ground)] * (n // 4)


def _reached(ground: Ground, n: int) -> Sequence[bytes]:
    """Every deal once, from where it stands to the milestone before the last."""
    taken = [ground.deals[next(_numbers) % len(ground.deals)] for _ in range(n)]
    return [measuring.reached(ground, id, "concept") for id in taken]


CASES = (
    Case(FLOOR, "floor", _one),
    Case("get one", "ours", _one),
    Case("get one, Core", "core", _one),
    Case("get one, ORM", "orm", _one),
    Case("list 50", "ours", _page),
    Case("list 50, Core", "core", _page),
    Case("list 50, ORM", "orm", _page),
    Case("create one", "ours", _new, b"201"),
    Case("create one, Core (insert alone)", "core", _new_plainly, b"201"),
    Case("create one, ORM (insert alone)", "orm", _new_plainly, b"201"),
    Case("reach a milestone", "ours", _reached),
    Case("milestones", "ours", _milestones),
    Case("lights", "ours", _lights),
    Case("matrix, first page", "ours", _matrix),
    Case("cascade", "ours", _cascade),
)
GOALS = (
    Goal("4 get one: floor / ours ≥ 0.45", "get one", FLOOR, 1 / 0.45),
    Goal("4 hottest: floor / ours ≥ 0.60", "get one", FLOOR, 1 / 0.60),
    Goal("6 list 50 ≤ 1.7 x get one", "list 50", "get one", 1.7),
    Goal("7 create one ≤ 3 x floor", "create one", FLOOR, 3.0),
    Goal("7 reach a milestone ≤ 800 µs", "reach a milestone", None, 800.0),
    Goal("peers: get one ≤ 350 µs", "get one", None, 350.0),
    Goal("peers: list 50 ≤ 600 µs", "list 50", None, 600.0),
    Goal("peers: create one ≤ 600 µs", "create one", None, 600.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=200, help="of each kind in each round")
    parser.add_argument("--deals", type=int, default=100_000)
    asked = parser.parse_args()
    with ground(asked.deals) as found, ExitStack() as stack:
        servers = {
            name: stack.enter_context(served(name, found))
            for name in dict.fromkeys(case.server for case in CASES)
        }
        rounds = [*_rounds(found, servers, asked.rounds, asked.calls)]
        walls = tenancy.measured(found, asked.rounds, asked.calls)
        touched = plans.measured(found)
    whole = median(each["get one"] for each in rounds)
    parts = (_cases(rounds), _goals(rounds), tenancy.told(walls, whole), plans.told(touched))
    record("doors", "\n\n".join(parts))


def _rounds(
    ground: Ground, servers: Mapping[str, Server], rounds: int, calls: int
) -> Iterator[dict[str, float]]:
    """Every case once in each round, so that what disturbs the machine disturbs all alike."""
    for case in CASES:  # connections, prepared statements, caches
        servers[case.server].per_call(case.calls(ground, 60), case.status)
    for _ in range(rounds):
        yield {
            case.name: servers[case.server].per_call(case.calls(ground, calls), case.status)
            for case in CASES
        }


def _cases(rounds: Sequence[Mapping[str, float]]) -> str:
    rows = []
    for case in CASES:
        seen = Spread.of(each[case.name] for each in rounds)
        share = median(each[FLOOR] / each[case.name] for each in rounds)
        rows.append((case.name, seen.text(".0f"), f"{share:.2f}"))
    return table(("case", "µs of CPU", "the floor, of it"), rows)


def _goals(rounds: Sequence[Mapping[str, float]]) -> str:
    rows = []
    for goal in GOALS:
        ours = median(
            each[goal.case] / (each[goal.beside] if goal.beside else 1.0) for each in rounds
        )
        met = "yes" if ours <= goal.bar else "NO"
        rows.append((goal.name, f"{goal.bar:.2f}", f"{ours:.2f}", met))
    return table(("goal", "at most", "ours", "met"), rows)


if __name__ == "__main__":
    main()
