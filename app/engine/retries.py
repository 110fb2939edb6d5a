"""When a delivery that failed is tried again."""

from datetime import timedelta

# Before each attempt, from the first on: ten of them in a little more than three days.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
# Receivers that failed together are not all tried again together.
SPREAD = 10
PARTS = 1_000


def wait(step: int, luck: int) -> timedelta | None:
    """How long after attempt `step` (counted from 1) the next one comes; None: there is none.

    `luck`, from 0 to 999, lengthens it by up to a tenth.

    >>> wait(1, 0), wait(2, 500), wait(10, 0)
    (datetime.timedelta(seconds=5), datetime.timedelta(seconds=315), None)
    """
    if step >= len(WAITS):
        return None
    return WAITS[step] + WAITS[step] * luck / (SPREAD * PARTS)
