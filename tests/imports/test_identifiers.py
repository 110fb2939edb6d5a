"""Ids of other systems: kept as they came, told apart character by character."""

from unicodedata import normalize

import pytest

from tests.deals import make_process
from tests.imports.support import bring, counts, problems

IDS = (
    normalize("NFC", "é-1"),
    normalize("NFD", "é-1"),
    "ß",
    "ẞ",
    "SS",
    "a",
    "A",
    "4711",
    "04711",
    "👩‍👩‍👧",
    "👩👩👧",
    "שלום",
    "\u202eabc",
    "\U0001f600" * 200,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
async def test_ids_that_differ_in_anything_are_different_and_come_back_as_they_were(
    client, encoding
):
    process = await make_process(client)
    rows = "".join(f'"{id}",2026-01-05\n' for id in IDS)
    file = f"external_id,created_at\n{rows}".encode(encoding)
    job = await bring(client, "opportunities", file, process_id=process["id"])
    assert counts(job) == {"read": len(IDS), "created": len(IDS)}, await problems(client, job)
    found = (await client.get("/v1/opportunities", params={"limit": 100})).json()["data"]
    assert {row["external_id"] for row in found} == set(IDS)
    for id in IDS:
        query = {"source": "crm", "external_id": id}
        [one] = (await client.get("/v1/opportunities", params=query)).json()["data"]
        assert one["external_id"] == id
    again = await bring(client, "opportunities", file, process_id=process["id"])
    assert counts(again) == {"read": len(IDS), "unchanged": len(IDS)}


async def test_length_is_counted_in_characters_not_in_bytes(client):
    process = await make_process(client)
    file = f"external_id\n{'ü' * 200}\n{'ü' * 201}\n"
    job = await bring(client, "opportunities", file, process_id=process["id"])
    assert counts(job) == {"read": 2, "created": 1, "rejected": 1}
    assert [each[:3] for each in await problems(client, job)] == [(3, "external_id", "too_long")]
