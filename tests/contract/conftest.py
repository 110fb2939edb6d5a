"""The contract as the code has it; none of this needs a database."""

import pytest

from tests.conftest import DOCUMENT


@pytest.fixture(scope="session")
def contract():
    return DOCUMENT


@pytest.fixture(scope="session")
def operations(contract):
    """(method, path, operation) of everything there is."""
    return [
        (method, path, operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
    ]
