"""kill -9 in the middle of undoing an import: nothing of it is done, until all of it is."""

import random
import time
from uuid import UUID

import pytest

from app.domain.imports import reverting
from tests.faults.deals_file import as_file, deals
from tests.faults.workshop import LONG, until

SEEDS, ROWS = (10, 20_000) if LONG else (2, 1_500)
PATIENCE = 900 if LONG else 120
STANDING = "SELECT count(*) FROM opportunities WHERE deleted_at IS NULL"
STATE = "SELECT revert ->> 'state' FROM imports"
TAKEN = "SELECT state = 'running' FROM jobs WHERE kind = 'import_revert'"

pytestmark = [pytest.mark.timeout(3600 if LONG else 600), pytest.mark.long]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_worker_that_dies_while_it_undoes_leaves_everything_to_the_next(workshop, seed):
    chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
    id = workshop.start(as_file(deals(ROWS)))
    worker = workshop.worker()
    assert until(lambda: workshop.state(id) == "completed_with_errors", PATIENCE)
    brought = workshop.ask(STANDING)
    assert int(brought) > 0
    workshop.inside(lambda _, work: reverting.ask(work, UUID(id), dry_run=False))
    for _ in range(2):
        assert until(lambda: workshop.ask(TAKEN) == "t" or over(workshop), PATIENCE)
        time.sleep(chance.random() / 3)
        workshop.kill(worker)
        assert workshop.ask(STANDING) == ("0" if over(workshop) else brought)
        worker = workshop.worker()
    assert until(lambda: over(workshop), PATIENCE)
    assert workshop.ask(STANDING) == "0"
    assert workshop.ask("SELECT revert -> 'removed' ->> 'opportunities' FROM imports") == brought
    assert workshop.ask("SELECT DISTINCT version FROM opportunities") == "2"
    assert list(workshop.differences()) == []


def over(workshop) -> bool:
    return workshop.ask(STATE) == "completed"
