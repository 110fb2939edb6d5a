"""A lesson of business that there was none of says that there is no record of it."""

from tests.aims import ask
from tests.lessons.support import PROCESS


async def test_no_record_begins_at_the_moment_when_that_was_learnt(client, large, clock):
    asked = {"process": PROCESS, "business_type": "existing"}
    first = await ask(client, "/v1/forecast", **asked)
    clock.forward(hours=1)
    found = await ask(client, "/v1/forecast", **asked)
    assert (first["learnt"]["source"], found["learnt"]["source"]) == ("question", "lesson")
    assert first["record_since"] is found["record_since"] is None
    seen = [await ask(client, "/v1/forecast", process=PROCESS) for _ in range(2)]
    assert seen[0]["record_since"] == seen[1]["record_since"] is not None
