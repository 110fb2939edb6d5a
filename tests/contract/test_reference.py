"""The index of operations is that of the contract, and names each of them once."""

import re

from tests.contract import reference_page


def test_the_page_of_operations_is_what_the_contract_says(contract):
    again = "run `uv run python -m tests.contract.reference_page` and commit docs/reference.md"
    same = reference_page.FILE.read_text() == reference_page.page(contract)
    assert same, again


def test_every_operation_is_on_the_page(operations):
    told = re.findall(r"`([A-Z]+) (\S+)`<br>`(\w+)`", reference_page.FILE.read_text())
    assert sorted(told) == sorted(
        (method.upper(), path, operation["operationId"]) for method, path, operation in operations
    )
