"""What the people of the demo know of their customers, product by product."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import text

from app.core.errors import Problem
from app.core.work import Work
from app.domain import cells, marks
from app.domain.cells import Change, Voice
from app.domain.demo.story import Stage
from app.engine.matrix.facets import Value
from app.schemas.marks import MarkIn

RIVALS = ("Sensoria", "Messwerk", "Plant IQ")
REASONS = ("has one that lasts", "no such line", "decided for the whole group")
ASKED = 0.45  # of the cells nobody ordered in
LONG_AGO, LATELY = 600, 10  # days since the customer was asked
DUE = {"visit": 9, "contract_end": 30, "price_talk": 3}

# Who sold last to whom looks after them from then on.
_OWNERS = """
UPDATE accounts a SET owner_id = o.owner_id FROM (
  SELECT DISTINCT ON (account_id) account_id, owner_id FROM opportunities
  WHERE workspace_id = :workspace AND owner_id IS NOT NULL AND account_id IS NOT NULL
  ORDER BY account_id, created_at DESC, id) o
WHERE a.workspace_id = :workspace AND a.id = o.account_id"""
_ORDERED = """
SELECT o.account_id, x.product_id, max(o.won_at) AS at
FROM opportunities o
JOIN opportunity_products x ON x.workspace_id = o.workspace_id AND x.opportunity_id = o.id
WHERE o.workspace_id = :workspace AND o.won_at IS NOT NULL AND o.account_id IS NOT NULL
GROUP BY o.account_id, x.product_id ORDER BY o.account_id, x.product_id"""


async def assess(work: Work, stage: Stage) -> None:
    """Orders say what is bought; of some other cells people know more, of most nobody does."""
    here = {"workspace": work.workspace_id}
    await work.db.execute(text(_OWNERS), here)
    bought = (await work.db.execute(text(_ORDERED), here)).all()
    ordered = [_bought(row) for row in bought]
    await _say(work, ordered, Voice("order", confirmed=False))
    random = Random(stage.seed)  # noqa: S311 - a story, not a secret
    known = {change.key for change in ordered}
    asked = [change for change in _asked(work, stage, random) if change.key not in known]
    await _say(work, asked, Voice("manual", confirmed=True))
    for number, (kind, days) in enumerate(DUE.items()):
        customer, seller = stage.cast.customers[number], stage.cast.sellers[number]
        due = work.today + timedelta(days=days)
        wanted = MarkIn(account_id=customer.id, kind=kind, due_on=due, owner_id=seller.id)
        await marks.create(work, wanted)


def _bought(row: Any) -> Change:
    said = {"ours": {"value": "yes", "since": row.at.date().isoformat()}}
    return Change(row.account_id, row.product_id, said, at=row.at)


def _asked(work: Work, stage: Stage, random: Random) -> Iterator[Change]:
    for customer in stage.cast.customers:
        for ware in stage.cast.wares:
            if random.random() < ASKED:
                at = work.now - timedelta(days=random.randint(LATELY, LONG_AGO))
                said = _said(random, customer.currency)
                yield Change(customer.id, ware.id, said, at=at)


def _said(random: Random, currency: str) -> dict[str, Value]:
    worth = {"amount": f"{random.randint(20, 300) * 100}.00", "currency": currency}
    kind = random.choices(("competitor", "need", "no_need", "na"), (4, 3, 3, 1))[0]
    if kind == "competitor":
        rival = {"name": random.choice(RIVALS), "annual_value": worth}
        return {"competitors": {"value": [rival]}}
    if kind == "need":
        return {"need": {"value": "yes", "est_value": worth}, "aware": {"value": "yes"}}
    if kind == "no_need":
        return {"need": {"value": "no", "reason": random.choice(REASONS)}}
    return {"applicable": {"value": False}}


async def _say(work: Work, changes: list[Change], voice: Voice) -> None:
    for start in range(0, len(changes), cells.MOST):
        done = await cells.write(work, changes[start : start + cells.MOST], voice)
        assert not any(isinstance(each, Problem) for each in done)
