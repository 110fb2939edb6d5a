import pytest

from tests.deals import make_person
from tests.events.fixtures import loopback, patient, post_office
from tests.security.issuer import Issuer, new_keys

__all__ = ["loopback", "patient", "post_office"]


@pytest.fixture(scope="session")
def keys():
    """Made once: RSA keys take their time."""
    return new_keys()


@pytest.fixture
def issuer(clock, keys):
    return Issuer(clock, keys)


@pytest.fixture
async def trust(app, issuer):
    """Let the service take the tokens of the issuer."""
    made = []

    def begin(**settings):
        made.append(issuer.trusted(**settings))
        app.state.tokens = made[-1]

    yield begin
    app.state.tokens = None
    for tokens in made:
        await tokens.close()


@pytest.fixture
def trusted(trust, issuer):
    trust()
    return issuer


@pytest.fixture
async def ada(client):
    return await make_person(client, "Ada", email="Ada@example.com")
