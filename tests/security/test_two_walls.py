"""Nobody sees or touches what another workspace has, with either of the two walls alone.

Somebody walks through every operation. Then a neighbour does, and tries before each step whatever
the other one named there, in every place where something can be named: address, parameters, body,
cursor, with the same idempotency keys. All of that is done again where the other one never was,
with ids that nobody has: every answer must be the same, to the byte.

`BACKCAST_LONG=1` asks once more with both walls standing.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest

from tests.conftest import CLOCK, DOCUMENT, client_with
from tests.contract.records import ID
from tests.contract.walk import Walk, through
from tests.faults.figures import note
from tests.imports.support import finished
from tests.security.barriers import without_filter, without_security
from tests.security.grounds import Grounds, holdings, one_of_each, settle
from tests.security.trespass import Caller, Owner, Secrets, Trespasser, Tried, text_of

FILTER, SECURITY, BOTH = "filter", "security", "filter and security"
STANDING = [FILTER, SECURITY] + [BOTH] * bool(os.environ.get("BACKCAST_LONG"))
pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

# What names nothing of a workspace's: numbers in, numbers out, or the workspace itself.
NAMELESS = {
    "change_workspace",
    "compute_cascade",
    "create_currency_rate",
    "create_process",
    "create_product",
    "create_stream_token",
    "create_webhook_endpoint",
    "infer_process",
    "list_events",  # by a cursor: tests/events/test_outbox.py brings that of a neighbour
    "list_import_presets",
    "list_process_templates",
    "put_product",
    "read_calendar",
    "read_livez",
    "read_me",
    "read_problem",
    "read_readyz",
    "read_workspace",
    "simulate_cascade",
}


@dataclass
class Scene:
    grounds: Grounds
    owner: UUID
    neighbour: tuple[UUID, str]
    secrets: Secrets
    alone: list[Tried]


@pytest.fixture(scope="module")
async def scene(settings, anyio_backend, worker_id) -> AsyncIterator[Scene]:
    grounds = Grounds(f"backcast_walls_{os.getpid()}_{worker_id}", settings)
    try:
        yield await _set(grounds)
    finally:
        await grounds.clear()


async def _set(grounds: Grounds) -> Scene:
    alone = await grounds.new("alone")
    async with grounds.open(alone) as app:
        neighbour = await settle(app.state.engine)
    shared = await grounds.copy("shared", of="alone")
    async with grounds.open(shared) as app:
        id, key = await settle(app.state.engine)
        owner = await walked(Owner(app, key), app, key)
    held = await holdings(shared, id)
    secrets = Secrets(owner.steps, owner.cursors, await one_of_each(shared, id), ids_of(held))
    async with grounds.open(alone) as app:
        told = await trespassed(app, neighbour[1], secrets, aliases={})
    return Scene(grounds, id, neighbour, secrets, told)


async def walked(caller: Caller, app, key: str):
    async with client_with(app, key) as waiting:
        walk = Walk(caller, DOCUMENT, lambda: CLOCK.forward(minutes=1), app.state.streams)
        await through(walk, partial(finished, waiting))
    return caller


async def trespassed(app, key: str, secrets: Secrets, aliases=None) -> list[Tried]:
    return (await walked(Trespasser(app, key, secrets, aliases), app, key)).tried


def ids_of(held: dict[str, list[str]]) -> set[str]:
    return {id for rows in held.values() for row in rows for id in ID.findall(row)}


@pytest.mark.parametrize("standing", STANDING)
async def test_a_neighbour_learns_nothing_and_changes_nothing(scene, standing):
    database = await scene.grounds.copy(standing.replace(" ", "_"), of="shared")
    if standing == FILTER:
        await without_security(database)
    before = await holdings(database, scene.owner)
    async with scene.grounds.open(database) as app:
        with without_filter(app) if standing == SECURITY else nullcontext():
            tried = await trespassed(app, scene.neighbour[1], scene.secrets)
    found = list(faults(tried, scene.alone))
    operations = len({each.operation for each in tried})
    note(standing=standing, operations=operations, tried=len(tried), faults=len(found))
    assert not found, "\n\n".join(found)
    assert await holdings(database, scene.owner) == before
    assert ids_of(await holdings(database, scene.neighbour[0])) & scene.secrets.ids == set()


def faults(tried: list[Tried], alone: list[Tried]) -> Iterator[str]:
    for one, other in zip(tried, alone, strict=True):
        where = f"{one.operation} ({one.way})"
        assert (one.operation, one.way) == (other.operation, other.way)
        if one.leaked:
            yield f"{where} shows {one.leaked} of somebody else: {one.told[:300]}"
        elif one.status >= 500:
            yield f"{where} breaks: {one.told[:300]}"
        elif one.told != other.told:
            yield f"{where} says {one.told[:300]}, and to an id that nobody has {other.told[:300]}"
        elif one.way.startswith("path") and one.status != 404:
            yield f"{where} is {one.status}, not 404"


def test_every_operation_was_tried(scene):
    """A new operation is, as soon as it is on the walk; one that names nothing says so."""
    every = {node["operationId"] for path in DOCUMENT["paths"].values() for node in path.values()}
    walked = {each.operation for each in scene.alone}
    tried = {each.operation for each in scene.alone if each.way != "its own"}
    every -= {"open_stream"}  # see `trespass.STREAM`
    assert every - walked == set(), "take it along in tests/contract/walk*.py"
    assert every - tried == NAMELESS & every, (
        "say in tests/security/places.py what it names, or here in NAMELESS that it names nothing"
    )
    assert len(scene.alone) - len(walked) > 350


async def test_without_any_wall_it_would_have_been_seen(scene):
    """The proof can fail: the same questions show the owner's to the neighbour."""
    database = await scene.grounds.copy("open", of="shared")
    await without_security(database)
    reads = {step.name: step for step in scene.secrets.steps if step.method == "GET"}
    async with scene.grounds.open(database) as app:
        with without_filter(app):
            caller = Caller(app, scene.neighbour[1])
            told = {name: text_of(await caller.send_step(step)) for name, step in reads.items()}
    seen = {name for name, text in told.items() if scene.secrets.leaked(text, "")}
    assert {"read_opportunity", "list_opportunities", "read_account", "export_matrix_csv"} <= seen
    assert len(seen) > len(reads) / 2
