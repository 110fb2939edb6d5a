"""A season of deals that went every way a deal can go, written in a few statements."""

from decimal import Decimal

from tests.herds import herd

DAYS = 140  # from the beginning of a test's story to its today

# (days after the first milestone, milestone or kind of exit), over and over.
WAYS = (
    ((6, "invited"), (14, "need"), (22, "concept"), (30, "order")),
    ((8, "invited"), (25, "lost")),
    ((12, "lost"),),
    ((5, "invited"), (12, "need"), (26, "concept"), (40, "order")),
    ((7, "invited"), (20, "need"), (34, "no_decision")),
    ((9, "invited"), (19, "need"), (31, "concept"), (48, "lost")),
    ((4, "invited"), (10, "need"), (21, "concept"), (27, "order")),
    (),
)
FORGOTTEN = 7  # the place of those nobody ever closed
VALUES = (8_000, 12_000, 5_000, 30_000, 9_500, 14_250, 21_700)


async def season(engine, workspace, owners=(None,), deals=128, **more):
    """The ids of deals that came in evenly over the season; what had not happened yet, did not."""
    courses = []
    for number in range(deals):
        day = number * DAYS / deals
        way = [step for step in WAYS[number % len(WAYS)] if day + step[0] < DAYS]
        said = {"value": Decimal(VALUES[number % len(VALUES)])}
        said |= {"owner_id": owners[number % len(owners)]}
        courses.append((day, way, said | more))
    return await herd(engine, workspace, *courses)
