"""What a cell of customer and product shows: the first of its facets that decides.

The facets themselves say more than one symbol can; flags keep what the symbol hides.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

Answer = Literal["yes", "no", "unknown"]
Symbol = Literal["X", "red", "green", "grey", "blank"]

STALE_AFTER = timedelta(days=365)


class Status(StrEnum):
    BUYS = "buys"
    COMPETITOR = "competitor"
    NEED = "need"
    NO_NEED = "no_need"
    UNKNOWN = "unknown"
    NA = "na"


class Flag(StrEnum):
    """Two things that are true of one cell."""

    BUYS_COMPETITOR = "buys_competitor"  # shares its purchases between us and others
    BUYS_NEED = "buys_need"  # buys, and needs more
    COMPETITOR_NEED = "competitor_need"  # buys elsewhere and needs something: open to attack


# No mark belongs where a product cannot be used: a blank would ask a question that is settled.
SYMBOLS: dict[Status, Symbol | None] = {
    Status.BUYS: "X",
    Status.COMPETITOR: "red",
    Status.NEED: "green",
    Status.NO_NEED: "grey",
    Status.UNKNOWN: "blank",
    Status.NA: None,
}
# The facet whose age is the age of the status.
DECIDING = {
    Status.BUYS: "ours",
    Status.COMPETITOR: "competitors",
    Status.NEED: "need",
    Status.NO_NEED: "need",
    Status.UNKNOWN: None,
    Status.NA: "applicable",
}


def status(*, ours: Answer, competitors: int, need: Answer, applicable: bool) -> Status:
    """
    >>> status(ours="yes", competitors=1, need="yes", applicable=True)
    <Status.BUYS: 'buys'>
    >>> status(ours="no", competitors=0, need="unknown", applicable=True)
    <Status.UNKNOWN: 'unknown'>
    """
    if not applicable:
        return Status.NA
    if ours == "yes":
        return Status.BUYS
    if competitors:
        return Status.COMPETITOR
    return {"yes": Status.NEED, "no": Status.NO_NEED, "unknown": Status.UNKNOWN}[need]


def flags(*, ours: Answer, competitors: int, need: Answer, applicable: bool) -> list[Flag]:
    """
    >>> flags(ours="yes", competitors=2, need="no", applicable=True)
    [<Flag.BUYS_COMPETITOR: 'buys_competitor'>]
    """
    true = {
        Flag.BUYS_COMPETITOR: ours == "yes" and competitors > 0,
        Flag.BUYS_NEED: ours == "yes" and need == "yes",
        Flag.COMPETITOR_NEED: competitors > 0 and need == "yes",
    }
    return [flag for flag, holds in true.items() if holds and applicable]


def stale(said_at: datetime | None, now: datetime) -> bool:
    """Whether what was said then has to be asked again."""
    return said_at is not None and now - said_at > STALE_AFTER
