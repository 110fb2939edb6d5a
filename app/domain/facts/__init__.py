"""The story of a process: what its deals did, as it was known at a moment."""

from app.domain.facts.columns import Moments, People
from app.domain.facts.deals import ACTED, PASSED, DealRow, Deals
from app.domain.facts.stories import (
    Story,
    deals_of,
    orders_of,
    people_of,
    share_in,
    stays_of,
    story,
    teams_on,
)

__all__ = [
    "ACTED",
    "PASSED",
    "DealRow",
    "Deals",
    "Moments",
    "People",
    "Story",
    "deals_of",
    "orders_of",
    "people_of",
    "share_in",
    "stays_of",
    "story",
    "teams_on",
]
