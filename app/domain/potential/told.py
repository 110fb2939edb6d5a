"""What is said of a single cell: its value and where that comes from, and why it deserves work."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.white_spots import Reason, Speaker, contract, percent
from app.core.work import Work
from app.domain.potential.grounds import Matrix, usual
from app.domain.potential.groups import money_of
from app.engine.matrix.status import Status
from app.engine.matrix.worth import Chances, ValueSource, Worth
from app.schemas.white_spots import SpotReasonOut


def speaker(work: Work) -> Speaker:
    return Speaker(work.language, work.home.currency)


def worth_of(work: Work, whole: Matrix, row: Row[Any]) -> Worth:
    """The value of a cell, as it was ranked by."""
    if row.stated is not None:
        return Worth(Fraction(row.stated), ValueSource.STATED, 1)
    found = whole.ground.usual(row.segment, row.id)
    return Worth(usual(work, whole.ground, row.segment, row.id), found.source, found.n)


def cell_of(work: Work, whole: Matrix, row: Row[Any], worth: Worth) -> dict[str, Any]:
    """What every list says of a cell."""
    return {
        "account_id": row.account_id,
        "account": row.account,
        "owner_id": row.owner_id,
        "segment": row.segment or None,
        "product_id": row.id,
        "product": whole.products[row.id],
        "status": row.status,
        "value": money_of(work, worth.value),
        "value_source": worth.source,
    }


def out(reasons: Iterator[Reason]) -> list[SpotReasonOut]:
    return [SpotReasonOut(code=one.code, text=one.text) for one in reasons]


def why(work: Work, row: Row[Any]) -> Reason:
    """What the status of a cell says."""
    tell = speaker(work).reason
    if row.status == Status.UNKNOWN:
        return tell("never_asked", account=row.account)
    if row.status == Status.NEED:
        if row.due_on is None:
            return tell("needed", account=row.account)
        return tell("needed_by", account=row.account, day=row.due_on)
    code, day = contract([_end(one) for one in row.competitors], work.today)
    return tell(code, account=row.account, rivals=rivals(row), day=day)


def likely(work: Work, status: Status, chances: Chances) -> Reason:
    """Where the chance comes from."""
    tell = speaker(work).reason
    rates = {Status.NEED: chances.win, Status.COMPETITOR: chances.displacement}
    if status not in rates:
        return _demanded(work, chances)
    rate = rates[status]
    if rate is None:
        return tell("chance_unknown")
    code = "win_rate" if status is Status.NEED else "displacement_rate"
    return tell(code, share=percent(rate))


def valued(work: Work, worth: Worth) -> Reason:
    """Where the value comes from."""
    say = speaker(work)
    if worth.value is None:
        return say.reason("value_unknown")
    code = "value_stated" if worth.source is ValueSource.STATED else "value_usual"
    return say.reason(code, amount=say.amount(worth.value), n=worth.n)


def rivals(row: Row[Any]) -> list[str]:
    return [str(one["name"]) for one in row.competitors]


def told_on(work: Work, row: Row[Any]) -> date | None:
    """The day, where the workspace is, from which the status is known."""
    return None if row.said_at is None else row.said_at.astimezone(work.home.zone).date()


def _demanded(work: Work, chances: Chances) -> Reason:
    tell = speaker(work).reason
    if chances.demand is None or chances.adoption is None:
        return tell("chance_unknown")
    return tell("demand", demand=percent(chances.demand), adoption=percent(chances.adoption))


def _end(competitor: dict[str, Any]) -> date | None:
    day = competitor.get("contract_end")
    return None if day is None else date.fromisoformat(day)
