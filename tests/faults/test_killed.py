"""kill -9 in the middle of an import: nothing is lost, nothing is there twice.

BACKCAST_LONG=1 takes twenty seeds, a hundred thousand rows, and the whole time of a lease;
BACKCAST_SEEDS=7 (or 3,5 or 0-19) takes these. BACKCAST_FIGURES names a file to which a line is
added for each seed.
"""

import os
import random
import signal
import time
from dataclasses import asdict

import pytest

from tests.faults.deals_file import as_file, deals, losses
from tests.faults.figures import note
from tests.faults.workshop import CHUNK_ROWS, LONG, until

MANY, ROWS = (20, 100_000) if LONG else (2, 2_000)
IMPORTING = "SELECT attempts FROM jobs WHERE kind = 'import'"
CHUNKS = -(-ROWS // CHUNK_ROWS)
PATIENCE = 900 if LONG else 120
# What is killed: each at least once, in an order and at moments that the seed decides.
VICTIMS = ("database", "worker", "serve")
MORE = 3 if LONG else 1
# About as long as a chunk takes: a kill finds every step of one.
LONGEST_WAIT = 1.5 if LONG else 0.3

pytestmark = [pytest.mark.timeout(3600 if LONG else 600), pytest.mark.long]


def seeds() -> list[int]:
    """Those of this run."""
    chosen: list[int] = []
    for part in os.environ.get("BACKCAST_SEEDS", f"0-{MANY - 1}").split(","):
        first, _, last = part.partition("-")
        chosen += range(int(first), int(last or first) + 1)
    return chosen


@pytest.mark.parametrize("seed", seeds())
def test_an_import_survives_whatever_is_killed_and_goes_on_by_itself(workshop, seed):
    chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
    rows = deals(ROWS)
    victims = [*VICTIMS, *chance.choices(VICTIMS, k=chance.randint(0, MORE))]
    chance.shuffle(victims)
    # Before the first chunk is written, between any two, and before the last.
    moments = sorted(chance.randrange(CHUNKS) for _ in victims)
    began = time.monotonic()
    id = workshop.start(as_file(rows))
    running = {kind: workshop.worker(kind) for kind in ("worker", "serve")}
    met: list[str] = []
    for victim, moment in zip(victims, moments, strict=True):
        assert until(lambda n=moment: _is_past(workshop, id, n), PATIENCE)
        time.sleep(chance.random() * LONGEST_WAIT)
        met.append(_kill(workshop, id, victim, running))
    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE), workshop.state(
        id
    )
    found = losses(workshop, id, rows)
    note(
        seed=seed,
        rows=len(rows),
        deals=int(workshop.ask("SELECT count(*) FROM opportunities")),
        kills=met,
        attempts=int(workshop.ask("SELECT attempts FROM jobs WHERE kind = 'import'")),
        seconds=round(time.monotonic() - began, 1),
        **asdict(found),
    )
    assert found.none, found


def _is_past(workshop, id, chunks):
    state = workshop.state(id)
    return (state == "running" and workshop.chunks(id) >= chunks) or state.startswith("completed")


def _kill(workshop, id, victim, running):
    """Kill it, have another in its place, and say what it was doing."""
    over = workshop.state(id) != "running"
    if victim == "database":
        workshop.crash()
        return victim + (" afterwards" if over else "")
    held = workshop.holder() == running[victim].pid
    workshop.kill(running[victim])
    running[victim] = workshop.worker(victim)
    return victim + (" afterwards" if over else " at work" if held else " idle")


def test_a_worker_that_is_killed_is_followed_by_another(workshop):
    rows = deals(ROWS)
    id = workshop.start(as_file(rows))
    first = workshop.worker()
    assert until(lambda: workshop.chunks(id) >= 1, PATIENCE)
    first.send_signal(signal.SIGSTOP)  # it holds its lease while the other one comes up
    other = workshop.worker()
    begun = time.monotonic()
    workshop.kill(first)
    assert until(lambda: workshop.ask(IMPORTING) == "2", PATIENCE)
    assert not LONG or time.monotonic() - begun <= 35
    assert other.poll() is None
    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE)
    found = losses(workshop, id, rows)
    assert found.none, found
