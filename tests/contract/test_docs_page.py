"""The documentation works in a room without windows: no other host, no inline script."""

import re

from app.api.docs import assets


async def test_the_page_asks_no_other_host(stranger):
    page = await stranger.get("/docs")
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(asked) >= 4
    assert [address for address in asked if re.match(r"\w+:(?!,)|//", address)] == []
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"unsafe|\*|https?:", policy)


async def test_the_page_has_no_inline_script_or_style(stranger):
    page = (await stranger.get("/docs")).text
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page) == []
    assert "<style" not in page
    assert not re.search(r"\son\w+=", page)


async def test_the_parts_of_the_page_are_there_and_may_be_kept_forever(stranger):
    page = (await stranger.get("/docs")).text
    parts = re.findall(r'"(docs/[^"]+)"', page)
    assert len(parts) == len(assets()) == 3
    for part in parts:
        answer = await stranger.get(f"/{part}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith(("text/javascript", "text/css"))


async def test_the_start_of_the_page_asks_no_validator(stranger):
    script = (await stranger.get("/docs/start.js")).text
    assert "validatorUrl: null" in script
    assert not re.search(r"https?:", script)


async def test_nothing_else_lies_beside_the_page(stranger):
    for name in ("README.md", "swagger-ui.LICENSE", "..%2Fdocs.py", "%2e%2e"):
        answer = await stranger.get(f"/docs/{name}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"


async def test_the_document_is_served_as_it_is_committed(stranger, contract):
    answer = await stranger.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == contract


async def test_a_document_already_known_is_not_sent_again(stranger):
    tag = (await stranger.get("/openapi.json")).headers["ETag"]
    for known in (tag, f'"other", W/{tag}'):
        answer = await stranger.get("/openapi.json", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == tag
    answer = await stranger.get("/openapi.json", headers={"If-None-Match": '"other"'})
    assert answer.status_code == 200
