"""The way of an import through the door, in one call."""

import asyncio
import time

import httpx2 as httpx

FINAL = ("completed", "completed_with_errors", "failed", "cancelled")


async def make(client: httpx.AsyncClient, object: str, mapping: dict | None = None, **more: object):
    body = {"object": object, "source": "crm", "mapping": mapping or {}, **more}
    answer = await client.post("/v1/imports", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def send(client: httpx.AsyncClient, id: str, file: str | bytes):
    content = file.encode() if isinstance(file, str) else file
    headers = {"Content-Type": "text/csv"}
    answer = await client.put(f"/v1/imports/{id}/content", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def finished(client: httpx.AsyncClient, id: str, seconds: float = 200):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = (await client.get(f"/v1/imports/{id}")).json()
        if found["state"] in FINAL:
            return found
        await a_job_has_ended()
    raise AssertionError(found)


async def a_job_has_ended() -> None:
    """Of those a service of this process is at, or a moment has passed: to ask again and again how
    far they are would take as much time as they do."""
    jobs = [one for one in asyncio.all_tasks() if one.get_coro().__qualname__ == "Worker._drain"]
    if jobs:
        await asyncio.wait(jobs, timeout=1, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(0.02)


async def until(ready, seconds: float = 60) -> None:
    """Wait for a condition, which is asked by awaiting `ready()`."""
    deadline = time.monotonic() + seconds
    while not await ready():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def bring(
    client: httpx.AsyncClient,
    object: str,
    file: str | bytes,
    mapping: dict | None = None,
    **more: object,
):
    """Make, send, start, wait: the finished import."""
    made = await make(client, object, mapping, **more)
    await send(client, made["id"], file)
    started = await client.post(f"/v1/imports/{made['id']}/start")
    assert started.status_code == 202, started.text
    return await finished(client, made["id"])


async def problems(client: httpx.AsyncClient, job: dict):
    """(line, column, code, value) of every problem."""
    answer = await client.get(f"/v1/imports/{job['id']}/problems", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    return [(p["line"], p["column"], p["code"], p["value"]) for p in answer.json()["data"]]


async def result(client: httpx.AsyncClient, job: dict, file: str) -> str:
    answer = await client.get(f"/v1/imports/{job['id']}/results/{file}.csv")
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def counts(job: dict) -> dict:
    """The counts that are not nought."""
    return {name: count for name, count in job["counts"].items() if count}
