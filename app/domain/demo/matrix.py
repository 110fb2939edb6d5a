"""What the people of the demo know of their customers, product by product."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

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
# What the deals have said of it already; see `app.domain.loop`.
_BOUGHT = (
    "SELECT account_id, product_id FROM cells WHERE workspace_id = :workspace AND ours = 'yes'"
)


async def assess(work: Work, stage: Stage) -> None:
    """Orders say what is bought; of some other cells people know more, of most nobody does."""
    here = {"workspace": work.workspace_id}
    await work.db.execute(text(_OWNERS), here)
    bought = (await work.db.execute(text(_BOUGHT), here)).all()
    known = {(row.account_id, row.product_id) for row in bought}
    random = Random(stage.seed)  # noqa: S311 - a story, not a secret
    asked = [change for change in _asked(work, stage, random) if change.key not in known]
    await _say(work, asked, Voice("manual", confirmed=True))
    for number, (kind, days) in enumerate(DUE.items()):
        customer, seller = stage.cast.customers[number], stage.cast.sellers[number]
        due = work.today + timedelta(days=days)
        wanted = MarkIn(account_id=customer.id, kind=kind, due_on=due, owner_id=seller.id)
        await marks.create(work, wanted)


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
