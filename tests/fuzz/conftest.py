import pytest
import schemathesis

from tests.deals import make_deal, make_process, tell
from tests.seasons import season

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@schemathesis.serializer("application/x-ndjson", WORKBOOK)
def as_a_file(_context, value):
    """Files are sent as they are made up: most of them are none, and refused."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
async def lived_in(client, engine, workspace, clock):
    """A key of a workspace in which things have happened: questions without data prove little."""
    await make_process(client)
    await season(engine, workspace, deals=16)
    deal = await make_deal(client, "Second press")
    await tell(client, deal, "reach", milestone="need", act="wrote")
    return workspace[1]
