"""kill -9 in the middle of an import: nothing is lost, nothing is there twice.

BACKCAST_LONG=1 takes twenty seeds, a hundred thousand rows, and the whole time of a lease.
"""

import random
import signal
import time

import pytest

from app.schemas.imports import ResultFile
from tests.faults.workshop import LONG, until

SEEDS, ROWS = (20, 100_000) if LONG else (2, 2_000)
PATIENCE = 600 if LONG else 90

pytestmark = pytest.mark.timeout(3600 if LONG else 240)


def deals(many: int) -> list[str]:
    """Every ninth row cannot be read, every eleventh comes twice."""
    rows = []
    for i in range(many):
        value = "much" if i % 9 == 8 else f"{i}.25"
        rows.append(f"D{i - i % 11 % 10},A{i % 50},P{i % 7},{value},2025-01-{1 + i % 28:02},open")
    return rows


def as_file(rows: list[str]) -> bytes:
    header = "external_id,account,owner,value,created_at,status\n"
    return (header + "".join(f"{row}\n" for row in rows)).encode()


def whole(workshop, id: str, rows: list[str]) -> None:
    """Every row stands in one file, every deal is there once, and the ledger adds up."""
    good, bad, rest = (workshop.lines(id, file) for file in ResultFile)
    assert rest == []
    assert sorted([*good, *(row.rsplit(",", 2)[0] for row in bad)]) == sorted(rows)
    ids = {row.split(",")[0] for row in good}
    stored = workshop.ask("SELECT external_id FROM opportunities").splitlines()
    assert sorted(stored) == sorted(ids)
    assert len(good) == len(ids)
    counts = "SELECT counts ->> 'created' FROM imports"
    assert int(workshop.ask(counts)) == len(ids)
    assert list(workshop.differences()) == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_server_dies_in_the_middle_of_an_import_and_it_goes_on_by_itself(workshop, seed):
    chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
    rows = deals(ROWS)
    id = workshop.start(as_file(rows))
    workshop.worker()
    for _ in range(2):
        after = workshop.chunks(id) + chance.randint(1, 3)
        assert until(
            lambda n=after: workshop.chunks(id) >= n or workshop.state(id) != "running", PATIENCE
        )
        time.sleep(chance.random() / 5)
        workshop.crash()
    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE), workshop.state(
        id
    )
    whole(workshop, id, rows)


def test_a_worker_that_is_killed_is_followed_by_another(workshop):
    rows = deals(ROWS)
    id = workshop.start(as_file(rows))
    first = workshop.worker()
    assert until(lambda: workshop.chunks(id) >= 1, PATIENCE)
    first.send_signal(signal.SIGSTOP)  # it holds its lease while the other one comes up
    other = workshop.worker()
    first.kill()
    first.wait()
    begun = time.monotonic()
    if not LONG:  # not the whole time of a lease
        workshop.ask("UPDATE jobs SET lease_until = now() WHERE state = 'running'")
    assert until(lambda: workshop.ask("SELECT attempts FROM jobs") == "2", PATIENCE)
    assert not LONG or time.monotonic() - begun <= 35
    assert other.poll() is None
    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE)
    whole(workshop, id, rows)
