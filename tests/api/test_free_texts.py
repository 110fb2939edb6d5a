"""What callers say in words of their own comes back as it was, also when it is empty.

Every answer a test gets is held against the contract, so these need to do no more than ask.
"""

import pytest

from tests.deals import make_deal, make_process, post, tell


@pytest.mark.parametrize("words", ["", "Too expensive, they said"])
async def test_a_reason_is_any_text(client, words):
    await make_process(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest", act="said", what=words)
    seen = await tell(client, deal, "exit", kind="lost", reason=words, note=words)
    events = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert (seen["exit_reason"] or "") == words
    assert [event["note"] for event in events if event["kind"] == "exited"] == [words]


async def test_a_leak_is_grouped_by_words_of_any_form(client):
    await make_process(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest", act="said")
    await tell(client, deal, "exit", kind="lost", reason="too expensive")
    answer = await client.get("/v1/leaks", params={"process": "new-business", "by": "reason"})
    assert [group["key"] for group in answer.json()["groups"]] == ["too expensive"]


async def test_an_account_may_leave_its_words_empty(client):
    account = await post(client, "/v1/accounts", name="Acme", segment="", domain="")
    assert (account["segment"], account["domain"]) == ("", "")
