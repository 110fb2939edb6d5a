"""A small matrix of customers and products, made as the service makes it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.cells import Change, Voice, write
from tests.conftest import CLOCK
from tests.deals import eur, make_person, post

ASKED = Voice("api", confirmed=True)


def buys(value: str | None = None, **more: Any) -> dict[str, Any]:
    return {"ours": {"value": "yes", "annual_value": value and eur(value), **more}}


def rival(
    name: str = "Rival", value: str | None = None, until: str | None = None
) -> dict[str, Any]:
    one = {"name": name, "annual_value": value and eur(value), "contract_end": until}
    return {"competitors": {"value": [{**one, "since": None}]}}


def needs(value: str | None = None, **more: Any) -> dict[str, Any]:
    return {"need": {"value": "yes", "est_value": value and eur(value), **more}}


NO_NEED = {"need": {"value": "no"}}
NOT_APPLICABLE = {"applicable": {"value": False}}


async def know(engine, workspace, *told, voice=ASKED) -> None:
    """Say of cells (account, product) what is known of them."""
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        changes = [
            Change(UUID(account["id"]), UUID(product["id"]), said)
            for account, product, said in told
        ]
        written = await write(work, changes, voice)
        assert all(one.changed for one in written), written


@dataclass(frozen=True)
class Town:
    """Four customers in two segments, two products that are sold and one that is no longer."""

    ada: dict[str, Any]
    ben: dict[str, Any]
    accounts: dict[str, dict[str, Any]]
    press: dict[str, Any]
    oil: dict[str, Any]
    old: dict[str, Any]


async def town(client, engine, workspace) -> Town:
    """
    | account | segment | owner | press             | oil          |
    | ------- | ------- | ----- | ----------------- | ------------ |
    | Alder   | north   | Ada   | buys, 1,000       | needs, 200   |
    | Birch   | north   | Ada   | Rival, 800        | unknown      |
    | Cedar   | south   | Ben   | buys, no value    | no need      |
    | Dogwood | south   | —     | needs, 600        | no use of it |
    """
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    whose = {"Alder": ("north", ada), "Birch": ("north", ada), "Cedar": ("south", ben)}
    accounts = {
        name: await post(client, "/v1/accounts", name=name, segment=segment, owner_id=owner["id"])
        for name, (segment, owner) in whose.items()
    }
    accounts["Dogwood"] = await post(client, "/v1/accounts", name="Dogwood", segment="south")
    press = await post(client, "/v1/products", name="Press")
    oil = await post(client, "/v1/products", name="Oil")
    old = await post(client, "/v1/products", name="Old press", active=False)
    await know(
        engine,
        workspace,
        (accounts["Alder"], press, buys("1000.00")),
        (accounts["Alder"], oil, needs("200.00")),
        (accounts["Birch"], press, rival(value="800.00", until="2026-10-01")),
        (accounts["Cedar"], press, buys()),
        (accounts["Cedar"], oil, NO_NEED),
        (accounts["Dogwood"], press, needs("600.00")),
        (accounts["Dogwood"], oil, NOT_APPLICABLE),
        (accounts["Alder"], old, buys("9999.00")),
    )
    return Town(ada, ben, accounts, press, oil, old)
