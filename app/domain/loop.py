"""The loop between pipeline and matrix: what becomes of deals is told of the cells they are about.

What a deal says is derived: it never overwrites what a person confirmed, and it is taken back when
the deal no longer says it. `replay.derive` calls this for every deal whose events it has followed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row, text

from app.core.work import Work
from app.domain import cell_rows, cells, claims
from app.domain.cells import Change, Voice
from app.engine.matrix.facets import BLANKS, Value, beside
from app.engine.money import Money

ORDER, EXIT = Voice("order", confirmed=False), Voice("exit", confirmed=False)
VOICES = {"ours": ORDER, "competitors": EXIT, "need": EXIT}


@dataclass(frozen=True, slots=True)
class Claim:
    """What deals say of a facet: since when it is known to be true, and when we were told."""

    value: Value
    at: datetime
    told_at: datetime
    opportunity_id: UUID


async def settle(work: Work, chosen: str, values: Mapping[str, Any]) -> None:
    """Bring the cells of some deals, those they are at and those they were at, in line with them.

    `chosen` picks the deals, as a condition on their ids that uses `values`.
    """
    if await work.db.scalar(text(claims.SPOKEN.replace("{chosen}", chosen)), values) is None:
        return
    rows = (await work.db.execute(text(claims.CLAIMS.replace("{chosen}", chosen)), values)).all()
    for statement in (claims.FORGET, claims.KEEP):
        await work.db.execute(text(statement.replace("{chosen}", chosen)), values)
    for facet, voice in VOICES.items():
        found = (_change(work, row, facet) for row in rows)
        changes = [change for change in found if change is not None]
        for first in range(0, len(changes), cells.MOST):
            # What was deleted meanwhile is told nothing.
            await cells.write(work, changes[first : first + cells.MOST], voice)
    await _withdraw(work, rows)


def _change(work: Work, row: Row[Any], facet: str) -> Change | None:
    """What is to be said of a facet of a cell; None where nothing is, or somebody knew it."""
    claim, now = _claim(work, row, facet), _Stored.of(row, facet)
    if claim is None:
        if not now.follows:
            return None
        kept = _kept(row) if facet == "competitors" else BLANKS[facet]
        return Change(row.account_id, row.product_id, {facet: kept})
    if now.confirmed and (claim.told_at < now.at or _agrees(row, facet, claim.value)):
        return None
    value = claim.value
    if facet == "competitors":
        known = _kept(row)["value"] if now.follows else row.competitors or ()
        value = {"value": beside(known, value["value"])}
    elif not now.follows:  # what others know besides stays
        value = {name: member for name, member in value.items() if member is not None}
    return Change(
        row.account_id,
        row.product_id,
        {facet: value},
        opportunity_id=claim.opportunity_id,
        at=claim.at,
        retold=now.follows,
    )


@dataclass(frozen=True, slots=True)
class _Stored:
    """How a facet came to be what it is: `follows` when it follows from deals."""

    follows: bool
    confirmed: bool
    at: datetime

    @classmethod
    def of(cls, row: Row[Any], facet: str) -> Self:
        source, confirmed, at = (
            getattr(row, f"{facet}_{part}") for part in ("source", "confirmed", "at")
        )
        follows = source == VOICES[facet].source and not confirmed
        return cls(follows, bool(confirmed), at)


def _kept(row: Row[Any]) -> Value:
    """The competitors of a cell without those that deals have named."""
    named = row.names or ()
    return {"value": [each for each in row.competitors if each["name"].lower() not in named]}


def _agrees(row: Row[Any], facet: str, said: Value) -> bool:
    """Whether what somebody confirmed is what the deals say."""
    if facet != "competitors":
        return bool(getattr(row, facet) == said["value"])
    known = {each["name"].casefold() for each in row.competitors}
    return known >= {each["name"].casefold() for each in said["value"]}


def _claim(work: Work, row: Row[Any], facet: str) -> Claim | None:
    if facet == "ours" and row.bought_in is not None:
        return Claim(_bought(work, row), row.last_at, row.bought_told_at, row.bought_in)
    if facet == "competitors" and row.rivals is not None:
        named = {"value": row.rivals}
        return Claim(named, row.rivals_at, row.rivals_told_at, row.rivals_in)
    if facet == "need" and row.unneeded_in is not None:
        said = {"value": "no", "reason": row.reason, "recheck_on": row.recheck_on.isoformat()}
        return Claim(said, row.unneeded_at, row.unneeded_told_at, row.unneeded_in)
    return None


def _bought(work: Work, row: Row[Any]) -> Value:
    yearly = row.annual_value
    currency = work.home.currency
    return {
        "value": "yes",
        "since": row.first_at.astimezone(work.home.zone).date().isoformat(),
        "quantity": cell_rows.said_plainly(row.quantity),
        "annual_value": yearly
        if yearly is None
        else {"amount": Money(yearly, currency).text, "currency": currency},
    }


async def _withdraw(work: Work, rows: Sequence[Row[Any]]) -> None:
    """End the conflicts about what deals no longer say."""
    gone = [
        (row.account_id, row.product_id, facet)
        for row in rows
        for facet in row.disputed
        if facet in VOICES and _claim(work, row, facet) is None
    ]
    if gone:
        await cell_rows.settle(work, gone)
