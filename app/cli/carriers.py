"""The two ways of an import: by the same steps right here, or through a running server."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2 as httpx
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli import rooms
from app.cli.failures import Failure, Misuse
from app.cli.progress import Tell
from app.core.errors import Problem
from app.domain.imports import problems, results
from app.domain.imports.run import import_file
from app.schemas.imports import ImportIn, ProblemQuery, ResultFile

SHOWN = 20  # problems; the others stand in the file of the failed rows
PIECE = 1024 * 1024
PATIENCE = httpx.Timeout(30, write=None)
ASK_EVERY_SECONDS = 0.3
UNDER_WAY = ("open", "queued", "running")

Report = tuple[dict[str, Any], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Errand:
    """`spec` is the body of POST /v1/imports; `failed` the file for rows that were not taken."""

    path: Path
    spec: dict[str, Any]
    failed: Path | None
    progress: Tell


def here(errand: Errand, workspace: str | None) -> Report:
    """(answer of GET /v1/imports/{id}, its first problems), without a server."""
    try:
        spec = ImportIn.model_validate(errand.spec)
    except ValidationError as error:
        faults = (f"{_path(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise Misuse("; ".join(faults)) from error
    return rooms.across(lambda engine: _done_here(engine, errand, spec, workspace))


def there(errand: Errand, url: str, key: str | None) -> Report:
    """The same through the server at `url`."""
    if not key:
        raise Misuse("a server wants a key: --key, or BACKCAST_KEY in the environment")
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE) as client:
            return _done_there(client, errand)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Failure(f"{url} does not answer ({error}); is `backcast serve` running?") from error


async def _done_here(
    engine: AsyncEngine, errand: Errand, spec: ImportIn, workspace: str | None
) -> Report:
    room = await rooms.workspace(engine, workspace)
    try:
        answer = await import_file(
            engine,
            room,
            path=errand.path,
            spec=spec,
            clock=rooms.now,
            progress=errand.progress,
        )
    except Problem as problem:
        raise Misuse(_said(problem.body())) from problem
    async with rooms.visiting(engine, room) as work:
        first = await problems.find(work, answer.id, ProblemQuery(limit=SHOWN))
        result = await results.result(work, answer.id, ResultFile.FAILED) if first.data else None
    if result and errand.failed:
        with errand.failed.open("wb") as file:
            async for piece in results.written(engine, result):
                file.write(piece)
    return answer.model_dump(mode="json"), [each.model_dump(mode="json") for each in first.data]


def _done_there(client: httpx.Client, errand: Errand) -> Report:
    made = _answered(client.post("/v1/imports", json=errand.spec), Misuse)
    place = f"/v1/imports/{made['id']}"
    csv = {"Content-Type": "text/csv"}
    _answered(client.put(f"{place}/content", content=_pieces(errand), headers=csv))
    _answered(client.post(f"{place}/start"))
    answer = _answered(client.get(place))
    while answer["state"] in UNDER_WAY:
        done = answer["progress"]
        errand.progress(done["done"], done["total"], done["phase"] or answer["state"])
        time.sleep(ASK_EVERY_SECONDS)
        answer = _answered(client.get(place))
    first = _answered(client.get(f"{place}/problems", params={"limit": SHOWN}))["data"]
    if first and errand.failed:
        with client.stream("GET", f"{place}/results/failed.csv") as rows:
            errand.failed.write_bytes(rows.read())
    return answer, first


def _pieces(errand: Errand) -> Iterator[bytes]:
    size, sent = errand.path.stat().st_size, 0
    with errand.path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
            sent += len(piece)
            errand.progress(sent, size, "sending")


def _answered(response: httpx.Response, wrong: type[Failure] = Failure) -> Any:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response.json()
    kind = response.headers.get("content-type", "")
    if "json" not in kind:
        raise Failure(f"{response.url} answered {response.status_code}: is that Backcast?")
    own_fault = response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
    raise (wrong if own_fault else Failure)(_said(response.json()))


def _said(problem: dict[str, Any]) -> str:
    """The problem in one line, with every fault of the request."""
    faults = problem.get("errors") or []
    where = (fault.get("pointer") or fault.get("parameter") or "" for fault in faults)
    told = [f"{place}: {fault['detail']}" for place, fault in zip(where, faults, strict=True)]
    return "; ".join(told) or problem["detail"]


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{part}" for part in location)
