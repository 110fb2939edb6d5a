"""Where the funnel leaks, what that costs in orders, and which section to work on first."""

from app.engine.leaks.exits import (
    Ball,
    Exit,
    Finding,
    Group,
    Leak,
    Part,
    Quantiles,
    Trend,
    Way,
    leaks,
    like_for_like,
)
from app.engine.leaks.levers import Lever, first, levers
from app.engine.leaks.waterfall import Course, Drop, Waterfall, waterfall
from app.engine.leaks.wins import BESIDE, Closed, Wins, wins

__all__ = [
    "BESIDE",
    "Ball",
    "Closed",
    "Course",
    "Drop",
    "Exit",
    "Finding",
    "Group",
    "Leak",
    "Lever",
    "Part",
    "Quantiles",
    "Trend",
    "Waterfall",
    "Way",
    "Wins",
    "first",
    "leaks",
    "levers",
    "like_for_like",
    "waterfall",
    "wins",
]
