"""Smaller answers for those who take them, and the same in them."""

import pytest

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
async def many(client):
    for number in range(12):
        await client.post("/v1/accounts", json={"name": f"Alder {number}"})
    return client


async def test_a_long_answer_is_smaller_and_says_the_same(many):
    plain, small = [await many.get("/v1/accounts", headers=way) for way in (PLAIN, GZIP)]
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.num_bytes_downloaded < plain.num_bytes_downloaded / 3
    assert small.json() == plain.json()
    for answer in (plain, small):
        assert "Accept-Encoding" in answer.headers["Vary"]


async def test_the_tag_is_the_same_with_and_without(many):
    plain, small = [await many.get("/v1/accounts", headers=way) for way in (PLAIN, GZIP)]
    assert plain.headers["ETag"] == small.headers["ETag"]
    known = GZIP | {"If-None-Match": small.headers["ETag"]}
    assert (await many.get("/v1/accounts", headers=known)).status_code == 304


async def test_short_answers_and_keys_are_sent_as_they_are(many):
    for number in range(12):
        key = {"name": f"key {number}", "scopes": ["forecast:read"]}
        assert (await many.post("/v1/api_keys", json=key)).status_code == 201
    for path in ("/v1/workspace", "/v1/api_keys"):
        assert "Content-Encoding" not in (await many.get(path, headers=GZIP)).headers
