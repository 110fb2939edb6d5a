"""What sends webhooks in tests: to this machine, when the test says so."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.outbound import Outbound
from app.domain.courier import Courier
from tests.aims import ask
from tests.deals import post

SECONDS = 30.0  # for those who answer
BRIEF = 1.0  # for those who do not


@dataclass(slots=True)
class Post:
    """A courier of one workspace's events."""

    courier: Courier
    workspace_id: UUID
    client: Any

    async def round(self) -> None:
        """One round of this workspace, and what it began."""
        await self.begin()
        await self.courier.sent()

    async def begin(self) -> None:
        await ask(self.client, "/v1/events", after="now")
        await self.courier.serve(self.workspace_id)

    def hurry(self, seconds: float = BRIEF) -> None:
        """Whoever has not answered by then has not answered."""
        self.courier.outbound = Outbound(seconds=seconds, loopback=True)

    async def deliveries(self, **asked):
        found = (await ask(self.client, "/v1/webhook_deliveries", **asked))["data"]
        return [await ask(self.client, f"/v1/webhook_deliveries/{each['id']}") for each in found]

    async def delivery(self):
        [one] = await self.deliveries()
        return one


def courier(engine, clock, **more) -> Courier:
    return Courier(engine, Outbound(seconds=SECONDS, loopback=True, **more), clock)


async def endpoint(client, url, **more):
    return await post(client, "/v1/webhook_endpoints", url=url, **more)


async def poke(client, made):
    answer = await client.post(f"/v1/webhook_endpoints/{made['id']}/test")
    assert answer.status_code == 202, answer.text
