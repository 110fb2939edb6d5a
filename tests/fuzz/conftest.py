import pytest

from tests.deals import make_deal, make_process, tell
from tests.seasons import season


@pytest.fixture
async def lived_in(client, engine, workspace, clock):
    """A key of a workspace in which things have happened: questions without data prove little."""
    await make_process(client)
    await season(engine, workspace, deals=16)
    deal = await make_deal(client, "Second press")
    await tell(client, deal, "reach", milestone="need", act="wrote")
    return workspace[1]
