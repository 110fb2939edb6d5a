"""A worker that is stopped keeps its connections, and with them its transactions and its locks."""

import signal
import time

import pytest

from tests.faults.deals_file import as_file, deals, losses
from tests.faults.test_killed import PATIENCE, ROWS
from tests.faults.workshop import LONG, until

pytestmark = [pytest.mark.timeout(1800 if LONG else 600), pytest.mark.long]

# Whoever has its turn with the imports of the workspace, and how.
TURN = (
    "SELECT a.state FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'backcast job %'"
)
LEASE = "UPDATE jobs SET lease_until = now() WHERE state = 'running'"


def frozen(workshop, worker, wanted):
    """Stop it while it has its turn, and its session is as `wanted` for good."""

    def caught():
        worker.send_signal(signal.SIGSTOP)
        # What the server was told before is still done.
        if until(lambda: workshop.ask(TURN) != "active", 2) and workshop.ask(TURN) == wanted:
            return True
        worker.send_signal(signal.SIGCONT)
        time.sleep(0.05)
        return False

    return until(caught, PATIENCE)


def test_a_frozen_worker_is_followed_by_another_and_says_nothing_when_it_wakes_up(workshop):
    rows = deals(ROWS)
    id = workshop.start(as_file(rows))
    first = workshop.worker()
    assert until(lambda: workshop.chunks(id) >= 1, PATIENCE)
    assert frozen(workshop, first, "idle in transaction")
    written = workshop.chunks(id)

    workshop.worker()
    if not LONG:  # not the whole time of a lease
        workshop.ask(LEASE)
    assert until(lambda: workshop.chunks(id) > written, PATIENCE)
    first.send_signal(signal.SIGCONT)

    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE)
    assert workshop.ask("SELECT attempts FROM jobs WHERE kind = 'import'") == "2"
    found = losses(workshop, id, rows)
    assert found.none, found
    assert first.poll() is None


def test_what_a_frozen_worker_holds_is_free_after_a_while_though_nobody_follows(workshop):
    id = workshop.start(as_file(deals(ROWS)))
    first = workshop.worker(idle_transaction_seconds=1)
    assert until(lambda: workshop.chunks(id) >= 1, PATIENCE)
    assert frozen(workshop, first, "idle in transaction")

    assert until(lambda: workshop.ask(TURN) == "", 30)
