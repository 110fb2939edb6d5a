import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import driven


async def spoil(address):
    """One sum more than there should be, written by hand past the house."""
    engine = create_async_engine(driven(address))
    async with engine.begin() as db:
        await db.execute(
            text(
                "INSERT INTO stock_cells (workspace_id, process_id, milestone_id, id, currency, n,"
                " known, value, folded)"
                " SELECT id, id, id, id, 'EUR', 3, 2, 70, true FROM workspaces"
            )
        )
    await engine.dispose()


def test_a_ledger_in_order_differs_nowhere(installation, backcast):
    backcast("workspace", "create", "Home")
    code, out, err = backcast("ledger", "verify")
    assert (code, out, err) == (0, "", "Every sum is what was counted.")


def test_a_sum_that_differs_is_told_and_can_be_written_anew(installation, backcast):
    id = backcast("workspace", "create", "Home")[1]
    asyncio.run(spoil(installation))
    code, out, err = backcast("ledger", "verify", "--workspace", "Home")
    assert code == 1
    assert out == (
        f"Home: stock_cells process_id={id} milestone_id={id} currency=EUR:"
        " holds n=3 known=2 value=70, should hold n=0 known=0 value=0"
    )
    assert "1 differ" in err
    assert backcast("ledger", "rebuild") == (0, "", "Workspaces written anew: 1.")
    assert backcast("ledger", "verify")[0] == 0


def test_a_workspace_that_is_not_there_is_said(installation, backcast):
    backcast("workspace", "create", "Home")
    assert "no workspace 'East'" in backcast("ledger", "verify", "--workspace", "East")[2]
