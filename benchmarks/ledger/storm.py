"""Many callers change deals in every way at once, while the ledger is folded and counted again.

uv run python -m benchmarks.ledger.storm [--writes 30_000] [--callers 4]

Every change goes through the door. Some are refused after they were written, so that they are taken
back. Whoever counts the ledger again beside them must find no cell that differs, at any moment.
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2 as httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.ledger import folding, recounting
from app.domain.ledger.kinds import KINDS
from app.main import create_app
from benchmarks.bench import record, table
from benchmarks.house import House, house, workspace

Said = tuple[str, str, dict[str, Any]]
SEED = 11
FOREIGN = ("USD", "GBP", "JPY", "CHF")
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Auckland", "UTC")
DAYS = 120
# Deals of a batch and of an import.
BATCHED, IMPORTED = 25, 250
FOLD_SECONDS, LOOK_SECONDS = 0.2, 1.0
MILESTONES = [
    {"key": f"m{number}", "name": f"M{number}", "customer_act": "does something"}
    for number in range(1, 5)
]
UNFINISHED = ("queued", "running")
CALL_AGAIN = (409, 412, 503)


@dataclass(slots=True)
class Storm:
    """A workspace, and what its callers know of it: deals, people, accounts, teams."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    workspace_id: UUID
    chance: random.Random
    batched: int
    imported: int
    deals: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    looks: int = 0
    folded: int = 0
    running: bool = True

    async def begin(self) -> None:
        """Two processes, some people and accounts, and the first deals."""
        for key in ("north", "south"):
            body = {"key": key, "name": key, "milestones": MILESTONES}
            await self._made("/v1/processes", body)
        self.people = [
            await self._made("/v1/people", {"name": f"P{number}"}) for number in range(4)
        ]
        self.accounts = [
            await self._made("/v1/accounts", {"name": f"A{number}"}) for number in range(5)
        ]
        self.deals = [await self._made("/v1/opportunities", self._deal()) for _ in range(12)]

    async def blow(self, writes: int, callers: int) -> None:
        """So many deals written, by so many callers; folding and counting go on beside them."""
        beside = [asyncio.create_task(task()) for task in (self._fold, self._look)]
        try:
            await asyncio.gather(*(self._call(writes) for _ in range(callers)))
        finally:
            self.running = False
            await asyncio.gather(*beside)

    async def differing(self) -> list[str]:
        """The cells that do not hold what they should, each told in a line."""
        async with workspace_transaction(self.engine, self.workspace_id) as db:
            own = await home(db, self.workspace_id)
            work = Work(db, self.workspace_id, own, datetime.now(UTC), "storm")
            found = [one for name in KINDS for one in await recounting.differences(work, name)]
            lost = await recounting.misfits(work)
        return [*map(str, found), *(f"{lost} arrivals are in a cell" for _ in range(bool(lost)))]

    async def _call(self, writes: int) -> None:
        while self.done.total() < writes:
            name = self.chance.choices(list(_WAYS), [weight for weight, _ in _WAYS.values()])[0]
            if name == "import":
                await self._import()
                self.done[name] += self.imported
                continue
            method, path, body = _WAYS[name][1](self)
            answer = await self._send(method, path, body)
            assert answer.status_code < 500 or answer.status_code in CALL_AGAIN, answer.text  # noqa: PLR2004
            self.refused += not answer.is_success
            if answer.is_success:
                self.done[name] += self.batched if name == "batch" else 1
            if name == "create" and answer.is_success:
                self.deals.append(answer.json()["id"])

    async def _import(self) -> None:
        """A few deals of another system; those that came before are changed."""
        body = {"object": "opportunities", "source": "crm", "process_id": "north"}
        id = await self._made("/v1/imports", body | {"mapping": {"stages": _STAGES}})
        lines = ("external_id,value,currency,created_at,stage,business_type", *self._lines())
        path, csv = f"/v1/imports/{id}", {"Content-Type": "text/csv"}
        for answer in (
            await self.client.put(f"{path}/content", content="\n".join(lines), headers=csv),
            await self.client.post(f"{path}/start"),
        ):
            assert answer.is_success, answer.text
        # A caller of the service has nothing but to ask again.
        while (seen := (await self.client.get(path)).json())["state"] in UNFINISHED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert seen["state"].startswith("completed"), seen

    def _lines(self) -> Iterator[str]:
        day = datetime.now(UTC) - timedelta(days=DAYS)
        for number in self.chance.sample(range(4 * self.imported), self.imported):
            money, stage = self.money(), self.chance.choice(list(_STAGES))
            kind = self.chance.choice(("new", "existing", ""))
            said = (number, money["amount"], money["currency"], f"{day:%Y-%m-%d}", stage, kind)
            yield ",".join(map(str, said))

    async def _send(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        if method not in ("PATCH", "DELETE"):
            return await self.client.request(method, path, json=body)
        seen = await self.client.get(path)
        if not seen.is_success:
            return seen
        tag = {"If-Match": seen.headers["etag"]}
        return await self.client.request(method, path, json=body or None, headers=tag)

    async def _fold(self) -> None:
        while self.running:
            async with workspace_transaction(self.engine, self.workspace_id) as db:
                self.folded += await folding.fold(db, self.workspace_id)
            await asyncio.sleep(FOLD_SECONDS)

    async def _look(self) -> None:
        while self.running:
            wrong = await self.differing()
            assert not wrong, wrong
            self.looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def _made(self, path: str, body: dict[str, Any]) -> str:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text  # noqa: PLR2004
        return str(answer.json()["id"])

    def at(self) -> str:
        moment = datetime.now(UTC) - timedelta(days=self.chance.uniform(0, DAYS))
        return moment.isoformat()

    def some(self) -> str:
        """One of the deals, rather a late one; some are told of by many at once."""
        late = self.deals[-20:] if self.chance.random() < 0.7 else self.deals  # noqa: PLR2004
        return self.chance.choice(late)

    def money(self) -> dict[str, str]:
        currency = self.chance.choice(("EUR", "EUR", "EUR", *FOREIGN))
        return {"amount": f"{self.chance.randint(1, 900)}", "currency": currency}

    def milestone(self, last: int = 3) -> str:
        return f"m{self.chance.randint(1, last)}"

    def shares(self) -> dict[str, Any]:
        """One owner, two who share, or nobody."""
        first, second = self.chance.sample(self.people, 2)
        shared = [
            {"person_id": first, "percent": "60"},
            {"person_id": second, "percent": "40"},
        ]
        return self.chance.choice(
            (
                {"owner_id": first, "credits": []},
                {"owner_id": first, "credits": []},
                {"owner_id": None, "credits": []},
                {"owner_id": first, "credits": shared},
            )
        )

    def _deal(self) -> dict[str, Any]:
        chance = self.chance
        return {
            "name": "Deal",
            "process_id": chance.choice(("north", "south")),
            "created_at": (datetime.now(UTC) - timedelta(days=DAYS)).isoformat(),
            "value": chance.choice((None, self.money(), self.money())),
            "account_id": chance.choice((None, *self.accounts)),
            **self.shares(),
        }

    def acts(self, word: str, /, **body: Any) -> Said:
        return "POST", f"/v1/opportunities/{self.some()}/{word}", body

    def changes(self, **body: Any) -> Said:
        return "PATCH", f"/v1/opportunities/{self.some()}", body

    def batch(self) -> Said:
        """Every other one is taken back as a whole, for its last item."""
        items = [self._deal() for _ in range(self.batched)]
        if self.chance.random() < 0.5:  # noqa: PLR2004
            items[-1]["process_id"] = "nowhere"
        return "POST", "/v1/opportunities/batch", {"mode": "all_or_nothing", "items": items}

    def reach(self) -> Said:
        said: dict[str, Any] = {"act": "said", "what": "so", "occurred_at": self.at()}
        if self.chance.random() < 0.3:  # noqa: PLR2004
            said["evidence"] = [{"type": "mail"}]
        return self.acts("reach", milestone=self.milestone(), **said)


_STAGES = {
    "Talking": {"reached": "m1"},
    "Offer": {"reached": "m3"},
    "Won": {"won": True},
    "Lost": {"exit": "lost"},
    "Later": {"hold": True},
}
_ORDER = {"milestone": "m4", "act": "wrote", "what": "an order"}
# What is done, how often in comparison, and how it is said.
_WAYS: Mapping[str, tuple[int, Callable[[Storm], Said]]] = {
    "create": (8, lambda s: ("POST", "/v1/opportunities", s._deal())),  # noqa: SLF001 - its own
    "batch": (4, Storm.batch),
    "reach": (24, Storm.reach),
    "order": (6, lambda s: s.acts("reach", **_ORDER, amount=s.money(), occurred_at=s.at())),
    "verify": (4, lambda s: s.acts("verify", milestone=s.milestone())),
    "exit": (5, lambda s: s.acts("exit", kind="lost")),
    "reopen": (4, lambda s: s.acts("reopen", reason="a mistake")),
    "revive": (4, lambda s: s.acts("revive", act="said", what="again")),
    "regress": (4, lambda s: s.acts("regress", milestone=s.milestone(), reason="no budget")),
    "void": (8, lambda s: s.acts("void", milestone=s.milestone(4), reason="never was")),
    "hold": (3, lambda s: s.acts("hold", until=_later())),
    "resume": (2, lambda s: s.acts("resume")),
    "move": (5, lambda s: s.acts("move", process_id=s.chance.choice(("north", "south")))),
    "owner": (8, lambda s: s.changes(**s.shares())),
    "value": (6, lambda s: s.changes(value=s.money())),
    "correction": (5, lambda s: s.changes(value=s.money(), correction=True)),
    "account": (4, lambda s: s.changes(account_id=s.chance.choice((None, *s.accounts)))),
    "type": (4, lambda s: s.changes(business_type=s.chance.choice(("new", "existing", None)))),
    "delete": (3, lambda s: ("DELETE", f"/v1/opportunities/{s.some()}", {})),
    "restore": (3, lambda s: s.acts("restore")),
    "import": (2, lambda _: ("POST", "/v1/imports", {})),
    "zone": (1, lambda s: ("PATCH", "/v1/workspace", {"time_zone": s.chance.choice(ZONES)})),
    "rate": (1, lambda s: ("POST", "/v1/currency_rates", _rate(s.chance))),
}


def _later() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).isoformat()


def _rate(chance: random.Random) -> dict[str, str]:
    day = datetime.now(UTC).date() - timedelta(days=chance.randint(0, DAYS))
    return {"currency": chance.choice(FOREIGN), "day": f"{day}", "rate": "0.87", "source": "bank"}


async def raised(
    client: httpx.AsyncClient,
    engine: AsyncEngine,
    workspace_id: UUID,
    *,
    seed: int = SEED,
    bulk: tuple[int, int] = (BATCHED, IMPORTED),
) -> Storm:
    """A storm that is ready to blow."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    storm = Storm(client, engine, workspace_id, chance, *bulk)
    await storm.begin()
    return storm


async def _run(place: House, writes: int, callers: int) -> Storm:
    settings = place.settings.model_copy(update={"pool_size": callers + 2})
    app = create_app(settings, place.database, clock=lambda: datetime.now(UTC))
    async with app.router.lifespan_context(app):
        id, key = await workspace(app.state.engine, "Storm")
        reached = {
            "transport": httpx.ASGITransport(app),
            "base_url": "http://storm",
            "headers": {"Authorization": f"Bearer {key}"},
        }
        async with httpx.AsyncClient(**reached) as client:
            storm = await raised(client, app.state.engine, id)
            await storm.blow(writes, callers)
            wrong = await storm.differing()
            assert not wrong, wrong
            return storm


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger.storm", description=__doc__)
    parser.add_argument("--writes", type=int, default=30_000)
    parser.add_argument("--callers", type=int, default=4)
    asked = parser.parse_args()
    with house(options={"synchronous_commit": "off"}) as place:
        storm = asyncio.run(_run(place, asked.writes, asked.callers))
    counted = (
        ("deals written", storm.done.total()),
        ("requests refused, many after they had written", storm.refused),
        ("deals in the end", len(storm.deals)),
        ("rows folded beside them", storm.folded),
        ("times counted again beside them", storm.looks),
        ("cells that differed, at any time", 0),
    )
    ways = [(name, f"{storm.done[name]:,}") for name in _WAYS]
    body = table(("storm", ""), [(name, f"{number:,}") for name, number in counted])
    record("ledger storm", f"{body}\n\n{table(('done', 'times'), ways)}")


if __name__ == "__main__":
    main()
