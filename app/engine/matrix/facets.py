"""What is said of a cell: its facets, and what becomes of one when something new is said.

Facets are objects as JSON has them (amounts and days are texts), so that they are kept in the
history as they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any

Value = Mapping[str, Any]

# Every facet as long as nobody spoke of it.
BLANKS: dict[str, Value] = {
    "ours": {"value": "unknown", "since": None, "quantity": None, "annual_value": None},
    "competitors": {"value": []},
    "need": {
        "value": "unknown",
        "est_value": None,
        "by_when": None,
        "reason": None,
        "recheck_on": None,
        "evidence": None,
    },
    "aware": {"value": "unknown", "since": None},
    "applicable": {"value": True},
}
# A competitor nobody knows the name of: gone as soon as one is named.
UNNAMED = "?"
COMPETITOR: Value = {"name": None, "annual_value": None, "contract_end": None, "since": None}
# A member of a facet, and the answers of the facet that it can go with.
BELONGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ours", "since"): ("yes",),
    ("ours", "quantity"): ("yes",),
    ("ours", "annual_value"): ("yes",),
    ("need", "est_value"): ("yes",),
    ("need", "by_when"): ("yes",),
    ("need", "reason"): ("yes", "no"),
    ("need", "recheck_on"): ("no",),
    ("need", "evidence"): ("yes", "no"),
    ("aware", "since"): ("yes",),
}


@dataclass(frozen=True, slots=True)
class Said:
    """Who said it, when, and from what: a person confirms, a deal or a file only lets conclude."""

    source: str
    confirmed: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facet:
    value: Value
    said: Said | None = None


class Verdict(Enum):
    """What becomes of a facet when somebody, or something, speaks of it."""

    CHANGED = auto()
    KEPT = auto()
    CONFLICT = auto()


def overlaid(name: str, value: Value, members: Value) -> Value:
    """The facet with what was sent; what was known belongs to its answer and goes with it.

    >>> overlaid("aware", {"value": "yes", "since": "2026-01-01"}, {"value": "no"})
    {'value': 'no', 'since': None}
    """
    if name == "competitors":
        return {"value": beside((), members["value"])}
    other = "value" in members and members["value"] != value["value"]
    return {**(BLANKS[name] if other else value), **members}


def beside(competitors: Sequence[Value], seen: Sequence[Value]) -> list[Value]:
    """The competitors known, and behind them those seen besides; names are one in either case.

    >>> found = beside([{"name": "Rival"}], [{"name": "RIVAL"}, {"name": "Other"}])
    >>> [each["name"] for each in found]
    ['Rival', 'Other']
    """
    known: dict[str, Value] = {}
    for each in (*competitors, *seen):
        known.setdefault(each["name"].casefold(), {**COMPETITOR, **each})
    named = [each for name, each in known.items() if name != UNNAMED]
    return named or [*known.values()]


def stated(decides: str | None, values: Mapping[str, Value]) -> Value | None:
    """What somebody stated the deciding facet to be worth a year; what several competitors get adds
    up where all of it is stated in one currency.

    >>> worth = {"amount": "10.50", "currency": "EUR"}
    >>> rivals = {"value": [{"annual_value": worth}, {"annual_value": worth}]}
    >>> stated("competitors", {"competitors": rivals})
    {'amount': '21.00', 'currency': 'EUR'}
    """
    if decides in ("ours", "need"):
        found: Value | None = values[decides]["annual_value" if decides == "ours" else "est_value"]
        return found
    worths = [each["annual_value"] for each in values["competitors"]["value"]]
    currencies = {worth and worth["currency"] for worth in worths}
    if decides != "competitors" or None in currencies or len(currencies) != 1:
        return None
    total = sum(Decimal(worth["amount"]) for worth in worths)
    return {"amount": f"{total:f}", "currency": currencies.pop()}


def objection(name: str, value: Value) -> str | None:
    """The first member that does not go with the answer of its facet."""
    for (facet, member), answers in BELONGS.items():
        if facet == name and value[member] is not None and value["value"] not in answers:
            return member
    return None


def judge(now: Facet, value: Value, said: Said, *, dated: bool, retold: bool = False) -> Verdict:
    """Whether what is said becomes the facet.

    What a person confirmed stands until a person says otherwise. What was concluded gives way to
    what is newer. The same said again is news if it is now confirmed, on another day, or (`dated`)
    known to be true at a later one. `retold`: it follows anew from what it followed from before,
    and may be true since an earlier moment than was said then.
    """
    same, before = value == now.value, now.said
    if before is None:
        return Verdict.CHANGED
    if said.confirmed:
        again = same and before.confirmed and before.at.date() == said.at.date()
        return Verdict.KEPT if again else Verdict.CHANGED
    if before.confirmed:
        return Verdict.KEPT if same else Verdict.CONFLICT
    if dated and said.at < before.at and not retold:
        return Verdict.KEPT
    moved = dated and said.at != before.at
    return Verdict.CHANGED if moved or not same else Verdict.KEPT
