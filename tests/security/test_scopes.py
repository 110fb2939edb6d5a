"""Every operation with the scope it names alone: that opens it.

That all others together do not is asked in `tests/contract/test_doors.py`.
"""

from uuid import UUID

from app.domain.access import Scope
from tests.security.people import every_operation

# What every key may ask: who it is, and how its workspace counts.
FOR_EVERY_KEY = {"read_me", "read_workspace"}
WITHOUT_A_KEY = {"read_livez", "read_readyz", "read_problem"}


def test_every_operation_says_which_scope_it_needs():
    without = {
        operation["operationId"]
        for _, _, operation in every_operation()
        if "x-required-scope" not in operation
    }
    assert without <= FOR_EVERY_KEY | WITHOUT_A_KEY
    for _, _, operation in every_operation():
        if scope := operation.get("x-required-scope"):
            assert operation["security"] == [{"api_key": [scope]}]
            assert scope in set(Scope)


async def test_the_scope_that_is_needed_is_enough(limited):
    callers = {scope.value: await limited(scope) for scope in Scope}
    for method, path, operation in every_operation():
        if needed := operation.get("x-required-scope"):
            address = "/".join(str(UUID(int=7)) if "{" in p else p for p in path.split("/"))
            # A stream that begins nowhere is refused; any other would never end.
            asked = {"after": "nowhere"} if _is_a_stream(operation) else {}
            answer = await callers[needed].request(method, address, params=asked)
            assert answer.status_code not in (401, 403, 405, 500), (method, path, answer.text)


def _is_a_stream(operation) -> bool:
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
