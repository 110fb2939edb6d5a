"""One opportunity against a dict that was told the same: random stories, well told and badly."""

import os
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deals import make_deal, make_process

MANY = 300 if os.environ.get("BACKCAST_LONG") else 12
KEYS = ("interest", "invited", "need", "concept", "order")
ORDER = len(KEYS)
PLACES = st.integers(1, ORDER - 1)
ACTS = st.one_of(
    st.tuples(st.sampled_from(("rename", "delete")), st.booleans()),
    st.tuples(st.sampled_from(("reach", "regress")), PLACES),
    st.tuples(st.sampled_from(("win", "void", "exit", "reopen", "revive", "restore")), st.none()),
)


@dataclass
class Model:
    """What the opportunity must be, by the rules in words."""

    name: str = "Press"
    status: str = "open"
    at: int = 0
    before: int = 0  # the order
    there: bool = True
    version: int = 1
    told: int = field(default=0, compare=False)

    def takes(self, act, how):
        """The status of the answer; what is taken is done."""
        if act == "restore":
            self.there = True
            return 200
        if not self.there:
            return 404
        if act in ("rename", "delete"):
            if not how:
                return 412
            self.name = f"N{self.told}" if act == "rename" else self.name
            self.there = act != "delete"
            return 200 if act == "rename" else 204
        return getattr(self, f"_{act}")(how)

    def _reach(self, place):
        if self.status != "open":
            return 409 if self.status == "exited" else 200
        self.at = max(self.at, place)
        return 200

    def _regress(self, place):
        if self.status != "open" or place >= self.at:
            return 409
        self.at = place
        return 200

    def _win(self, _):
        if self.status == "exited":
            return 409
        if self.status == "open":
            self.before, self.at, self.status = self.at, ORDER, "won"
        return 200

    def _void(self, _):
        if self.status != "won":
            return 409
        self.at, self.status = self.before, "open"
        return 200

    def _exit(self, _):
        good, self.status = (
            self.status == "open",
            "exited" if self.status == "open" else self.status,
        )
        return 200 if good else 409

    def _reopen(self, _):
        good, self.status = (
            self.status == "exited",
            "open" if self.status == "exited" else self.status,
        )
        return 200 if good else 409

    _revive = _reopen


BODIES = {
    "reach": lambda place: {"milestone": KEYS[place - 1]},
    "regress": lambda place: {"milestone": KEYS[place - 1], "reason": "budget"},
    "win": lambda _: {"milestone": "order", "amount": {"amount": "9.00", "currency": "EUR"}},
    "void": lambda _: {"milestone": "order", "reason": "it was an offer"},
    "exit": lambda _: {"kind": "lost"},
    "reopen": lambda _: {"reason": "by mistake"},
    "revive": lambda _: {"act": "wrote", "what": "is interested again"},
}


async def done(client, path, model, act, how):
    tag = {"If-Match": f'"{model.version if how else model.version + 7}"'}
    if act == "rename":
        return await client.patch(path, json={"name": f"N{model.told}"}, headers=tag)
    if act == "delete":
        return await client.delete(path, headers=tag)
    if act == "restore":
        return await client.post(f"{path}/restore")
    way = {"win": "reach"}.get(act, act)
    return await client.post(f"{path}/{way}", json=BODIES[act](how))


@pytest.fixture
async def process(client):
    return await make_process(client)


@settings(
    max_examples=MANY,
    deadline=None,
    derandomize=not os.environ.get("BACKCAST_LONG"),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.lists(ACTS, min_size=4, max_size=12))
async def test_an_opportunity_is_what_it_was_told(client, process, clock, story):
    deal, model = await make_deal(client, "Press"), Model()
    path = f"/v1/opportunities/{deal['id']}"
    for act, how in story:
        clock.forward(minutes=1)
        model.told += 1
        answer = await done(client, path, model, act, how)
        wanted = model.takes(act, how)
        assert answer.status_code == wanted, (act, how, model, answer.text)
        seen = await client.get(path)
        assert seen.status_code == (200 if model.there else 404)
        if not model.there:
            continue
        now = seen.json()
        assert (now["name"], now["status"]) == (model.name, model.status), (act, how)
        assert now["milestone_position"] == model.at, (act, how, model)
        assert now["version"] >= model.version
        assert answer.is_success or now["version"] == model.version
        assert seen.headers["etag"]
        model.version = now["version"]
