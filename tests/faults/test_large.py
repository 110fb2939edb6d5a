"""A very large import takes no more memory than a small one. Only with BACKCAST_LONG=1.

BACKCAST_ROWS takes another number of rows than a million.
"""

import os
import time
from pathlib import Path

import pytest

from tests.faults.deals_file import as_file, deals
from tests.faults.figures import note
from tests.faults.workshop import LONG

ROWS = int(os.environ.get("BACKCAST_ROWS", "1000000"))
# A worker that has loaded all it needs has about 130 MiB; what it reads ahead comes on top.
MOST_MIB = 300
PATIENCE = 3600

pytestmark = [
    pytest.mark.skipif(not LONG, reason="BACKCAST_LONG=1 imports a million rows"),
    pytest.mark.timeout(2 * PATIENCE),
]


def tree(pid: int) -> list[int]:
    """A process and all that came of it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in tree(int(child)))]


def resident(pid: int) -> float:
    """MiB in memory now; nought of one that is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
    except OSError:
        return 0.0


def test_an_import_of_a_million_rows_keeps_to_its_memory(workshop):
    id = workshop.start(as_file(deals(ROWS)))
    worker = workshop.worker()
    began, most, processes = time.monotonic(), 0.0, 0
    while workshop.state(id) in ("queued", "running"):
        assert time.monotonic() < began + PATIENCE
        alive = tree(worker.pid)
        most = max(most, sum(resident(pid) for pid in alive))
        processes = max(processes, len(alive))
        time.sleep(0.5)
    note(
        rows=ROWS,
        deals=int(workshop.ask("SELECT count(*) FROM opportunities")),
        most_mib=round(most),
        processes=processes,
        seconds=round(time.monotonic() - began),
    )
    assert workshop.state(id) == "completed_with_errors"
    assert most < MOST_MIB
