"""A workspace whose deals are many, as far as lessons know."""

import pytest

from app.core.settings import Settings
from app.domain.lessons import keeping
from tests.aims import make_team
from tests.deals import make_person, make_process
from tests.lessons.support import STATED
from tests.seasons import season


@pytest.fixture
async def people(client):
    team = await make_team(client)
    return [await make_person(client, name=name, team_id=team["id"]) for name in ("Ann", "Bo")]


@pytest.fixture
async def deals(client, engine, workspace, people):
    await make_process(client, milestones=STATED)
    owners = (*(one["id"] for one in people), None)
    return await season(engine, workspace, owners, business_type="new")


@pytest.fixture
def many(monkeypatch, deals):
    """As if there were enough of these deals for forecasts to be learnt."""
    monkeypatch.setattr(keeping, "LARGE", 100)
    return deals


@pytest.fixture
def large(monkeypatch, many):
    """As if these deals were very many."""
    monkeypatch.setattr(keeping, "VERY_LARGE", 100)
    return many


@pytest.fixture
async def patient(database, app):
    engine = database.patient_engine(Settings(_env_file=None))
    yield engine
    await engine.dispose()
