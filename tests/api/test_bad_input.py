"""What nobody should send, at every door: a problem each time, and never a fault of ours."""

import asyncio
import json
import re
from time import process_time

import pytest

from tests.conftest import DOCUMENT

ID = "00000000-0000-0000-0000-000000000007"
KIND = {"Content-Type": "application/json"}
OPERATIONS = [
    (method, re.sub(r"\{\w+\}", ID, path), node)
    for path, methods in DOCUMENT["paths"].items()
    for method, node in methods.items()
    if node["security"]
]
READERS = [
    (m, path) for m, path, node in OPERATIONS if "application/json" in str(node.get("requestBody"))
]
# Body, and what is said to it: refused as JSON (400), or as a value of whatever was asked (422).
UNREADABLE = {
    "nothing": b"{",
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"name": "x"}'.encode("utf-16-le"),
    "UTF-32": '{"name": "x"}'.encode("utf-32"),
    "Latin-1": '{"name": "ß"}'.encode("latin-1"),
    "half a character": b'{"name": "\xe2\x82"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "bytes behind it": b'{"name": "x"} {"name": "y"}',
    "NUL behind it": b'{"name": "x"}\x00',
    "a bare NUL": b'{"name": "a\x00b"}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "5,000 digits": b'{"name": ' + b"9" * 5000 + b"}",
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "the same name twice": b'{"name": "x", "name": "y"}',
    "the same name twice, inside": b'{"name": "x", "attributes": {"a": 1, "a": 2}}',
    "the same name twice, escaped": b'{"name": "x", "n\\u0061me": "y"}',
    "single quotes": b"{'name': 'x'}",
    "a comment": b'{"name": "x" /* y */}',
}
ODD = {
    "a lone surrogate": b'{"name": "\\ud800"}',
    "two in the wrong order": b'{"name": "\\udc00\\ud800"}',
    "NUL": b'{"name": "a\\u0000b"}',
    "too large a float": b'{"name": 1e400}',
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "a text": b'"x"',
    "a truth": b"true",
    "many names": json.dumps({f"f{n}": n for n in range(10_000)}).encode(),
    "a long name": json.dumps({"n" * 100_000: 1}).encode(),
}


async def problem(answer):
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.content) < 1_000_000
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_is_no_json_is_malformed(client, body):
    answer = await client.post("/v1/accounts", content=body, headers=KIND)
    assert await problem(answer) == (400, "malformed-body")


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
async def test_json_of_something_else_is_invalid(client, body):
    answer = await client.post("/v1/accounts", content=body, headers=KIND)
    assert await problem(answer) == (422, "validation-failed")


@pytest.mark.parametrize(("method", "path"), READERS)
async def test_no_operation_breaks_on_any_of_it(client, method, path):
    bodies = [*UNREADABLE.values(), *ODD.values()]
    headers = KIND | {"If-Match": '"1"'}
    for body in bodies:
        await problem(await client.request(method, path, content=body, headers=headers))


async def test_a_byte_order_mark_is_passed_over(client):
    body = b'\xef\xbb\xbf{"name": "Alder"}'
    answer = await client.post("/v1/accounts", content=body, headers=KIND)
    assert (answer.status_code, answer.json()["name"]) == (201, "Alder")


@pytest.mark.parametrize(
    "name", ["🎩 Hüte", "שלום", "e\u0301", "é", "ẞ ß", "\u202eevil", "x" * 200]
)
async def test_text_is_kept_as_it_was_written(client, name):
    made = await client.post("/v1/accounts", json={"name": name})
    assert made.status_code == 201
    assert (await client.get(made.headers["Location"])).json()["name"] == name


async def test_length_is_counted_in_characters(client):
    assert (await client.post("/v1/accounts", json={"name": "🎩" * 200})).status_code == 201
    answer = await client.post("/v1/accounts", json={"name": "🎩" * 201})
    assert answer.json()["errors"][0]["code"] == "too_long"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "identity"}, 201),
        ({"Content-Type": 'APPLICATION/JSON; charset="UTF-8"'}, 201),
    ],
)
async def test_a_body_says_that_it_is_json(client, headers, status):
    answer = await client.post("/v1/accounts", content=b'{"name": "x"}', headers=headers)
    assert answer.status_code == status


async def test_a_body_without_a_length_ends_at_the_limit(client):
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 1_000_000_000:
            sent += 65_536
            yield b" " * 65_536

    answer = await client.post("/v1/accounts", content=endless(), headers=KIND)
    assert await problem(answer) == (413, "body-too-large")


@pytest.mark.parametrize("size", [2**20, 2**20 + 1])
async def test_the_limit_of_a_body_is_exact(client, size):
    body = b'{"name": "x"' + b" " * (size - 13) + b"}"
    answer = await client.post("/v1/accounts", content=body, headers=KIND)
    assert answer.status_code == (201 if size == 2**20 else 413)


@pytest.mark.parametrize("length", ["1" * 400, "-1", "1.5", "٣"])
async def test_a_length_that_is_none_does_not_open_the_gate(client, length):
    headers = KIND | {"Content-Length": length.encode()}
    answer = await client.post("/v1/accounts", content=b" " * (2**20 + 1), headers=headers)
    assert await problem(answer) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("limit=5&limit=6", "limit"),
        ("cursor=&limit=5&cursor=", "cursor"),
        ("limit=1e9", "limit"),
        ("limit=0x10", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=%2010", "limit"),
        ("limit=+10", "limit"),
        ("limit=", "limit"),
        ("Limit=5", "Limit"),
        ("limit[]=5", "limit[]"),
        ("%00=1", "\x00"),
        ("cursor=%00", "cursor"),
        ("cursor=%ff%fe", "cursor"),
        (f"cursor={'A' * 60_000}", "cursor"),
        ("updated_since=%00", "updated_since"),
    ],
)
async def test_a_parameter_that_is_none_is_named(client, question, name):
    answer = await client.get(f"/v1/opportunities?{question}")
    assert (await problem(answer))[0] == 422
    assert answer.json()["errors"][0]["parameter"] == name


async def test_a_page_larger_than_there_are_is_the_largest(client):
    for limit in ("201", "1000000000", "9" * 400):
        assert (await client.get("/v1/accounts", params={"limit": limit})).status_code == 200


async def test_lists_of_names_may_come_in_parts(client):
    answer = await client.get("/v1/accounts?fields=id&fields=name")
    assert answer.status_code == 200


async def test_thousands_of_parameters_are_answered_soon(client):
    began = process_time()
    answer = await client.get("/v1/accounts?" + "&".join(f"p{n}=1" for n in range(8_000)))
    assert (await problem(answer))[0] == 422
    assert len(answer.json()["errors"]) == 100
    assert "(and 7999 more)" in answer.json()["detail"]
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/forecast", {"process": ID, "periods": "1000000"}),
        ("/v1/lights", {"process": ID, "period": "999999-01"}),
        ("/v1/rates", {"process": ID, "window": "1000000m"}),
        ("/v1/workspace/calendar", {"from": "1900-01-01", "to": "2199-12-31"}),
    ],
)
async def test_a_question_about_a_million_periods_is_refused(client, path, asked):
    assert (await problem(await client.get(path, params=asked)))[0] in (404, 422)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/cascade", {"target": {"amount": "1e999", "currency": "EUR"}, "rates": ["0.5"]}),
        ("/v1/cascade", {"target": {"count": 10**30}, "rates": ["0.5"]}),
        ("/v1/cascade", {"target": {"count": 4}, "rates": ["0.5"] * 100_000}),
        ("/v1/cascade", {"target": {"count": 4}, "rates": ["1e-999"]}),
        ("/v1/cascade", {"target": {"count": 4}, "rates": [{"num": 1, "den": 0}]}),
        ("/v1/forecast/backtest", {"process_id": ID, "horizon_days": 10**6, "step_days": 1}),
        ("/v1/processes", {"key": "x", "name": "x", "milestones": [{}] * 10_000}),
        ("/v1/opportunities/search", {"where": {"and": [{"name": {"eq": "x"}}] * 100_000}}),
        ("/v1/opportunities/search", {"where": {"name": {"in": ["x"] * 100_000}}}),
    ],
)
async def test_numbers_and_lists_beyond_reason_are_refused_soon(client, path, told):
    began = process_time()
    status, _ = await problem(await client.post(path, json=told))
    assert status in (413, 422)
    assert process_time() - began < 5


@pytest.mark.parametrize("depth", [40, 5_000])
async def test_conditions_within_conditions_end_somewhere(client, depth):
    tree = '{"not": ' * depth + '{"name": {"eq": "x"}}' + "}" * depth
    answer = await client.post(
        "/v1/opportunities/search", content=f'{{"where": {tree}}}', headers=KIND
    )
    assert (await problem(answer))[0] in (400, 422)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"])
async def test_another_method_is_told_the_right_ones(client, method):
    answer = await client.request(method, "/v1/me")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/accounts/",
        "/v1//accounts",
        "//v1/accounts",
        "/v1/accounts/%2e%2e/me",
        f"/v1/accounts/{ID}%2F",
        "/V1/accounts",
        "/v1/accounts%00",
        "/v1/accounts;a=b",
        "/v1/" + "a" * 60_000,
        "/docs/..%2f..%2fmain.py",
        "/problems/..%2f..%2f",
    ],
)
async def test_an_address_is_one_as_it_stands_or_none(client, path):
    answer = await client.get(path)
    assert await problem(answer) == (404, "not-found")


@pytest.mark.parametrize(
    "id", ["7", "%00", "null", "x" * 10_000, "🎩", f"{ID}'--", "{" + ID + "x}"]
)
async def test_an_id_that_is_none_is_invalid(client, id):
    answer = await client.get(f"/v1/accounts/{id}")
    assert (await problem(answer))[0] == 422
    assert answer.json()["errors"][0]["parameter"] == "id"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "a" * 60_000},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer bc_%00"},
    ],
)
async def test_a_key_that_is_none_is_turned_away(stranger, headers):
    answer = await stranger.get("/v1/me", headers=headers)
    assert await problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "x" * 60_000},
        {"Accept-Language": ";q=;,,de;q=x"},
        {"Accept-Language": b"\xff"},
        {"Accept": "image/png"},
        {"X-Request-Id": "'; DROP"},
        {"Range": "bytes=0-1"},
        {"Expect": "200-nothing"},
        {"If-None-Match": '"' * 60_000},
        {"X-Forwarded-For": "1" * 60_000},
        {"Accept-Encoding": "br;q=2, gzip;q=x, *"},
    ],
)
async def test_headers_that_mean_nothing_change_nothing(client, headers):
    assert (await client.get("/v1/me", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "tag", ["", "7", '"x"', 'W/"1"', '"1", "2"', "*", '"' + "9" * 500 + '"', b"\xff"]
)
async def test_an_if_match_that_is_no_tag_matches_nothing(client, tag):
    answer = await client.patch("/v1/workspace", json={"name": "B"}, headers={"If-Match": tag})
    assert (await problem(answer))[0] in (412, 422, 428)


async def test_an_encoded_slash_is_a_slash(client):
    assert (await client.get("/v1%2Faccounts")).status_code == 200


async def test_many_bad_requests_at_once_leave_the_service_well(client):
    body = b"[" * 100_000
    sent = [client.post("/v1/accounts", content=body, headers=KIND) for _ in range(20)]
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {400}
    assert (await client.get("/v1/me")).status_code == 200
