"""Dead horses of very many deals are told of those that stand, by what the past had taught."""

import pytest

from tests.aims import ask
from tests.deals import tell
from tests.lessons.support import PROCESS, lessons

STALE = "/v1/stale"


async def stale(client, **asked):
    return await ask(client, STALE, process=PROCESS, **asked)


@pytest.mark.parametrize(
    "asked",
    [{}, {"state": "fresh"}, {"sort": "-age_days", "business_type": "new"}, {"state": "dead"}],
)
async def test_a_lesson_says_what_the_question_would(client, large, people, clock, asked):
    scopes = ["all", f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}"]
    first = await stale(client, **asked)
    assert first["learnt"] == {
        "source": "question",
        "as_of": first["as_of"],
        "deals": len(large),
    }
    for scope in scopes:
        then = await stale(client, scope=scope, **asked)
        now = await stale(client, scope=scope, effective_at=clock.now.isoformat(), **asked)
        assert (then["learnt"]["source"], now["learnt"]["source"]) == ("lesson", "question")
        told = {one["opportunity_id"]: one for one in then["data"]}
        for one in now["data"]:
            # What is said of the past leaves names out.
            assert one == told.pop(one["opportunity_id"]) | {"name": None}
        assert not told
        for name in ("summary", "sections", "revival_win_rate"):
            assert then[name] == now[name]


async def test_who_is_revived_and_leaves_counts_from_the_next_lesson_on(
    client, engine, workspace, large, clock
):
    before = await stale(client)
    id = before["data"][0]["opportunity_id"]
    await tell(client, {"id": id}, "exit", kind="lost")
    await tell(client, {"id": id}, "revive", act="wrote", what="is interested again")
    clock.forward(minutes=1)
    await tell(client, {"id": id}, "exit", kind="lost")
    after = await stale(client)
    assert id not in {one["opportunity_id"] for one in after["data"]}
    assert after["revival_win_rate"] == before["revival_win_rate"]
    clock.forward(hours=49)
    again = await stale(client)
    assert again["learnt"]["source"] == "question"
    assert again["revival_win_rate"]["n"] == 1
    kept = [row for row in await lessons(engine, workspace) if row.shape == "revivals"]
    assert [row.payload for row in kept] == [[[0, 0, 0], [0, 0, 0]], [[1, 0, 1], [0, 0, 0]]]


@pytest.mark.parametrize("sort", ["-carried_value", "-value", "-carried_over_periods", "-age_days"])
async def test_pages_follow_each_other_in_every_order(client, deals, sort):
    whole = await stale(client, sort=sort, limit="200")
    found, cursor = [], {}
    while True:
        page = await stale(client, sort=sort, limit="7", **cursor)
        found += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole["data"]
    assert len(found) > 7
