"""Under which segment the sums of the matrix hold the cells of an account.

An account's segment changes, and accounts come and go, in many places. None of them needs to know
of the sums: whoever reads them makes up for accounts that are filed elsewhere, until the next fold
files them anew.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.ledger.posting import matrix

# Accounts whose cells are filed elsewhere than where they belong; `after` is null for those that
# are gone. Bind parameter: workspace.
MISFILED = """
SELECT k.account_id, k.filed AS before,
  CASE WHEN a.deleted_at IS NULL THEN coalesce(a.segment, '') END AS after
FROM cell_counts k
JOIN accounts a ON a.workspace_id = :workspace AND a.id = k.account_id
WHERE k.workspace_id = :workspace AND k.filed IS DISTINCT FROM
  CASE WHEN a.deleted_at IS NULL THEN coalesce(a.segment, '') END"""
_OF_THEM = "k.account_id = ANY(CAST(:accounts AS uuid[]))"
_OUT = f"""
SELECT k.account_id, k.filed AS before, CAST(NULL AS text) AS after
FROM cell_counts k WHERE k.workspace_id = :workspace AND {_OF_THEM}"""
# Who writes cells holds their account, and so waits here, or lets us wait.
_HOLD = """
SELECT id FROM accounts WHERE workspace_id = :workspace AND id = ANY(CAST(:accounts AS uuid[]))
ORDER BY id FOR NO KEY UPDATE"""
_FEW = 1_000


def _moved(accounts: str) -> str:
    rows = """SELECT c.product_id, side.segment, c.status, c.stated_in, c.stated, side.sign
  FROM moved m
  JOIN cells c ON c.workspace_id = :workspace AND c.account_id = m.account_id
  CROSS JOIN LATERAL (VALUES (m.before, -1), (m.after, 1)) AS side(segment, sign)"""
    return f"""
WITH moved AS MATERIALIZED ({accounts}), {matrix(rows)}
UPDATE cell_counts k SET filed = m.after FROM moved m
WHERE k.workspace_id = :workspace AND k.account_id = m.account_id"""


async def take_out(db: AsyncConnection, workspace_id: UUID, accounts: Sequence[UUID]) -> None:
    """Take the cells of these accounts out of the sums, before they become another account's."""
    await _move(db, workspace_id, accounts, _OUT)


async def put_back(db: AsyncConnection, workspace_id: UUID, accounts: Sequence[UUID]) -> None:
    """File the cells of these accounts where they belong."""
    await _move(db, workspace_id, accounts, f"{MISFILED} AND {_OF_THEM}")


async def tidy(db: AsyncConnection, workspace_id: UUID) -> None:
    """File accounts that are filed elsewhere than where they belong, as many as one call may."""
    few = f"SELECT account_id FROM ({MISFILED}) misfiled ORDER BY account_id LIMIT {_FEW}"
    found = (await db.scalars(text(few), {"workspace": workspace_id})).all()
    if found:
        await put_back(db, workspace_id, found)


async def _move(
    db: AsyncConnection, workspace_id: UUID, accounts: Sequence[UUID], which: str
) -> None:
    values = {"workspace": workspace_id, "accounts": list(accounts)}
    for statement in (_HOLD, _moved(which)):
        await db.execute(text(statement), values)
