"""What tests of webhooks need, in this folder and in others."""

import pytest

from app.core.settings import Settings
from tests.events.post import Post, courier


@pytest.fixture
async def patient(database, app):
    """The engine of the worker."""
    engine = database.patient_engine(Settings(_env_file=None))
    yield engine
    await engine.dispose()


@pytest.fixture
def loopback(app):
    """The app as for development: webhooks may go to this machine."""
    before = app.state.settings
    app.state.settings = before.model_copy(update={"webhooks_to_loopback": True})
    yield
    app.state.settings = before


@pytest.fixture
async def post_office(patient, clock, workspace, client, loopback):
    """What sends the webhooks of the test's workspace."""
    made = Post(courier(patient, clock), workspace[0], client)
    yield made
    for task in made.courier.under_way:
        task.cancel()
    await made.courier.sent()
