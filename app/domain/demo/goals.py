"""The targets of the demo: what people sold lately, asked for again, of some a bit more."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from app.core.work import Work
from app.domain import targets
from app.domain.demo.story import Stage
from app.schemas.scopes import EVERYBODY, Business, Subject, Whose
from app.schemas.targets import TargetIn

# Of what they sold in a month on average, by turns.
STRETCH = (Decimal("0.85"), Decimal("1.05"), Decimal("1.3"), Decimal("0.95"))
MORE = Decimal("1.05")
LEAST, STEP = Decimal(5_000), Decimal(500)
LOOK_BACK = 12  # months

_SOLD = """
SELECT o.business_type, p.owner_id, sum(p.reporting_value) / :months AS monthly
FROM passages p
JOIN opportunities o ON o.workspace_id = p.workspace_id AND o.id = p.opportunity_id
JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
WHERE p.workspace_id = :workspace AND p.arrived_at >= :since
GROUP BY o.business_type, p.owner_id
"""


async def set_goals(work: Work, stage: Stage, months: Sequence[date]) -> None:
    """Monthly targets: new business for everybody, every team and every person, existing for all.

    What teams ask for is what their people ask for and a little more; so is what all ask for.
    """
    sold = await _sold(work, months)
    past = replace(work, now=_beginning(months[0]))
    asked: dict[str, Decimal] = dict.fromkeys(stage.cast.teams, Decimal(0))
    for number, seller in enumerate(stage.cast.sellers):
        amount = _rounded(sold["new", seller.id] * STRETCH[number % len(STRETCH)])
        asked[seller.team] += amount
        await _ask(past, stage, Subject(Whose.OWNER, seller.id), amount, seller.since)
    whole = sum(asked.values(), Decimal(0))
    for name, id in stage.cast.teams.items():
        amount = _rounded((asked[name] or whole) * MORE)
        await _ask(past, stage, Subject(Whose.TEAM, id), amount, months[0])
    await _ask(past, stage, EVERYBODY, _rounded(whole * MORE), months[0])
    regular = sum((value for (kind, _), value in sold.items() if kind == "existing"), Decimal(0))
    await _ask(past, stage, EVERYBODY, _rounded(regular), months[0], Business.EXISTING)


async def _sold(work: Work, months: Sequence[date]) -> dict[tuple[str, UUID], Decimal]:
    """Order value per month by type of business and owner, over the last year."""
    year = months[-LOOK_BACK:]
    values = {
        "workspace": work.workspace_id,
        "since": _beginning(year[0]),
        "months": Decimal((work.today - year[0]).days) / 30,
    }
    found: dict[tuple[str, UUID], Decimal] = defaultdict(Decimal)
    for row in await work.db.execute(text(_SOLD), values):
        found[row.business_type, row.owner_id] += row.monthly or 0
    return found


async def _ask(
    work: Work,
    stage: Stage,
    subject: Subject,
    amount: Decimal,
    since: date,
    business: Business = Business.NEW,
) -> None:
    wanted = {
        "process_id": str(stage.process_id),
        "scope": subject,
        "business_type": business,
        "amount": {"amount": f"{amount:f}", "currency": work.home.currency},
        "from": f"{since:%Y-%m}",
    }
    await targets.create(work, TargetIn.model_validate(wanted))


def _rounded(amount: Decimal) -> Decimal:
    return max(LEAST, round(amount / STEP) * STEP)


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
