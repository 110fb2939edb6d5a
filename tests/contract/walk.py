"""A walk through every operation of the contract, in an order in which each has what it needs.

What is sent and answered here becomes the examples of the document.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

from app.api.streams import Streams
from app.domain.demo import PROCESS
from tests.contract.walk_customers import customers
from tests.contract.walk_events import events
from tests.contract.walk_identity import identity
from tests.contract.walk_jobs import jobs
from tests.contract.walk_matrix import matrix
from tests.contract.walk_orders import orders
from tests.contract.walk_reading import reading
from tests.contract.walk_sources import sources

Answer = dict[str, Any]

DEMO = {"process": PROCESS}
PRICE = {"amount": "25000.00", "currency": "EUR"}
TARGET = {"amount": "100000.00", "currency": "EUR"}
CASCADE = {
    "target": TARGET,
    "rates": ["0.5", "0.5", "0.5", "0.5"],
    "milestones": ["interest", "invited", "need", "concept", "order"],
    "average_order_value": PRICE,
}
STEPS = [
    {"key": "interest", "name": "Interest", "customer_act": "The customer asks for a talk."},
    {"key": "need", "name": "Need", "customer_act": "The customer writes what is needed."},
    {"key": "order", "name": "Order", "customer_act": "The customer orders."},
]
HISTORY = {
    "rows": [
        {
            "deal": deal,
            "stage": "Demo",
            "entered_at": f"2026-0{month}-12T09:00:00Z",
            "left_at": f"2026-0{month + 1}-03T15:00:00Z",
            "outcome": outcome,
        }
        for deal, month, outcome in (("4711", 1, "won"), ("4712", 3, "lost"))
    ]
}
SEARCH = {
    "filter": {
        "status": {"eq": "open"},
        "value": {"gte": "10000.00"},
        "or": [{"milestone": {"in": ["need", "concept"]}}, {"ball": {"eq": "customer"}}],
        "not": {"attributes": {"region": {"eq": "north"}}},
    },
    "sort": ["-value", "name"],
    "include": ["account"],
    "limit": 20,
}
FILE = b"Name,Town\nCastor Works,Bremen\nPinta Bakeries,Ulm\n,Kiel\n"
MAPPING = {"columns": {"Name": "name", "Town": "attributes.town"}}
CRM = {"source": "crm", "external_id": "4711"}


@dataclass
class Walk:
    """What was seen on the way, by operation: the body that was sent, the answers by status."""

    client: httpx.AsyncClient
    contract: Answer
    later: Callable[[], object]
    streams: Streams
    sent: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    async def go(self, name: str, send: Any = None, ask: Any = None, **to: Any) -> Any:
        """Call the operation; `to` fills its path, and its ETag is matched where that is asked."""
        method, path, node = self._found(name)
        address = path.format(**to)
        headers = {}
        if {"$ref": "#/components/parameters/IfMatch"} in node.get("parameters", ()):
            headers["If-Match"] = self.tags[address]
        body = {"json": send} if not isinstance(send, bytes) else {"content": send}
        if isinstance(send, bytes):
            headers["Content-Type"] = "text/csv"
        answer = await self.client.request(
            method, address, params=ask, headers=headers, **(body if send is not None else {})
        )
        assert answer.is_success, (name, address, answer.text)
        return self._noted(name, send, answer, answer.headers.get("Location", address))

    def _found(self, name: str) -> tuple[str, str, Answer]:
        return next(
            (method, path, node)
            for path, methods in self.contract["paths"].items()
            for method, node in methods.items()
            if node["operationId"] == name
        )

    def _noted(self, name: str, send: Any, answer: httpx.Response, place: str) -> Any:
        if "ETag" in answer.headers:
            self.tags[place] = answer.headers["ETag"]
        if send is not None:
            self.sent.setdefault(name, send.decode() if isinstance(send, bytes) else send)
        if not answer.content:
            return None
        kind = answer.headers["content-type"]
        if not kind.startswith("text/") and "json" not in kind:
            return None  # a file that is nothing to read
        told = answer.json() if "json" in kind else answer.text
        self.seen.setdefault(name, {}).setdefault(str(answer.status_code), told)
        return told


async def through(walk: Walk, settled: Any) -> None:
    """The whole way; `settled` waits until an import has come to its end."""
    await _resources(walk)
    await _processes(walk)
    await _opportunities(walk)
    await _targets(walk)
    await _questions(walk)
    await _imports(walk, settled)
    await _house(walk)
    await sources(walk)
    await reading(walk)
    await orders(walk)
    await customers(walk)
    await matrix(walk)
    await identity(walk)
    await events(walk)
    await jobs(walk, settled)
    await _farewell(walk)


async def _life(walk: Walk, noun: str, plural: str, made: Answer, change: Answer) -> None:
    id = made["id"]
    await walk.go(f"read_{noun}", id=id)
    await walk.go(f"change_{noun}", change, id=id)
    await walk.go(f"list_{plural}", ask={"limit": 2})


async def _resources(walk: Walk) -> None:
    region = await walk.go("create_team", {"name": "Region South"})
    team = await walk.go("create_team", {"name": "South", "parent_id": region["id"]})
    await _life(walk, "team", "teams", team, {"name": "South of the river"})
    person = {"name": "Ada Winter", "email": "ada@example.com", "team_id": team["id"]}
    made = await walk.go("create_person", person)
    await _life(walk, "person", "people", made, {"name": "Ada Winter-Berg"})
    member = {"team_id": region["id"], "since": "2026-07-01"}
    await walk.go("create_membership", member, id=made["id"])
    await walk.go("list_memberships", id=made["id"])
    account = {"name": "Alder & Sons", "segment": "machines", "country": "DE"}
    await _life(
        walk, "account", "accounts", await walk.go("create_account", account), {"country": "AT"}
    )
    product = {"key": "press-200", "name": "Press 200", "list_price": PRICE}
    made = await walk.go("create_product", product)
    await _life(walk, "product", "products", made, {"name": "Press 200 S"})
    for _ in ("made", "changed"):
        await walk.go("put_account", {"name": "Castor Works", "segment": "machines"}, **CRM)
        await walk.go("put_person", {"name": "Ben Frost", "email": "ben@example.com"}, **CRM)
        await walk.go("put_product", {"name": "Press 300", "list_price": PRICE}, key="press-300")


async def _processes(walk: Walk) -> None:
    await walk.go("list_process_templates", ask={"language": "en"})
    wanted = {"key": "new-business", "name": "New business", "template": "milestone-selling-5"}
    made = await walk.go("create_process", wanted)
    await _life(walk, "process", "processes", made, {"stale_policy": "propose", "grace_days": 14})
    await walk.go("list_process_versions", id="new-business")
    await walk.go("infer_process", HISTORY)
    await walk.go("list_milestones", ask={"process": "new-business"})
    await walk.go("read_milestone", id=made["milestones"][0]["id"])


async def _opportunities(walk: Walk) -> None:
    owner = (await walk.go("list_people", ask={"q": "Ada"}))["data"][0]["id"]
    wanted = {
        "name": "Second press",
        "process_id": "new-business",
        "account": {"name": "Alder & Sons"},
        "owner_id": owner,
        "value": PRICE,
        "source": "fair-2026",
    }
    made = await walk.go("create_opportunity", wanted)
    await _life(walk, "opportunity", "opportunities", made, {"value": TARGET})
    await _movement(walk, made["id"])
    item = {"name": "Spare parts", "process_id": "new-business", "source": "crm"}
    items = [item | {"external_id": "4712", "value": PRICE}, item | {"external_id": "4713"}]
    batch = {"mode": "per_item", "upsert": True, "items": items}
    await walk.go("write_opportunities", batch)
    put = {"name": "Second press", "process_id": "new-business", "value": PRICE}
    for _ in ("made", "changed"):
        await walk.go("put_opportunity", put, **CRM)
    await walk.go("search_opportunities", SEARCH)
    version = {"milestones": STEPS}
    await walk.go("publish_process_version", version, id="new-business")
    move = {"dry_run": True, "milestones": {"concept": "need", "invited": "interest"}}
    await walk.go("migrate_opportunities", move, id="new-business", number=2)


async def _movement(walk: Walk, id: str) -> None:
    reach = {
        "milestone": "need",
        "act": "wrote",
        "what": "asked for a proposal",
        "occurred_at": "2026-07-20T09:30:00Z",
        "evidence": [{"type": "mail", "note": "mail of 20 July"}],
    }
    met = {"criterion": "budget_confirmed", "act": "said", "what": "the budget is approved"}
    for name, send in (
        ("reach_milestone", reach),
        ("meet_criterion", met),
        ("pass_ball", {"ball": "customer", "note": "sends the drawings"}),
        ("verify_milestone", {"milestone": "need", "note": "read the mail"}),
        ("hold_opportunity", {"until": "2026-09-01T08:00:00Z", "reason": "summer break"}),
        ("resume_opportunity", {"note": "back earlier than said"}),
        ("reach_milestone", {"milestone": "concept", "act": "said", "what": "wants it"}),
        ("regress_opportunity", {"milestone": "need", "reason": "the plan changed"}),
        ("void_milestone", {"milestone": "need", "reason": "it was another company"}),
        ("exit_opportunity", {"kind": "no_response", "reason": "silent"}),
        ("revive_opportunity", {"act": "wrote", "what": "is interested again"}),
        ("exit_opportunity", {"kind": "no_decision", "reason": "postponed"}),
        ("reopen_opportunity", {"reason": "closed by mistake"}),
        ("move_opportunity", {"process_id": PROCESS, "milestone": "interest"}),
    ):
        await walk.go(name, send, id=id)
        walk.later()
    events = await walk.go("list_opportunity_events", id=id)
    await walk.go("read_effect", ask={"event": events["data"][0]["id"]})


async def _targets(walk: Walk) -> None:
    wanted = {
        "process_id": "new-business",
        "scope": "all",
        "amount": TARGET,
        "average_order_value": PRICE,
        "recurrence": "month",
        "from": "2026-01",
        "to": "2026-12",
    }
    made = await walk.go("create_target", wanted)
    id = made["id"]
    await _life(walk, "target", "targets", made, {"amount": TARGET | {"amount": "120000.00"}})
    people = (await walk.go("list_people", ask={"active": True}))["data"][:2]
    parts = [{"scope": f"owner:{each['id']}"} for each in people]
    await walk.go("allocate_target", {"by": "equal", "to": parts}, id=id)
    august = {"amount": TARGET | {"amount": "60000.00"}}
    await walk.go("set_target_period", august, id=id, period="2026-08")
    await walk.go("list_target_periods", ask={"from": "2026-07", "to": "2026-09"}, id=id)
    aims = (await walk.go("list_targets", ask={"process": PROCESS, "scope": "all"}))["data"]
    await walk.go("read_target_cascade", id=aims[0]["id"], ask={"period": "2026-07"})
    await walk.go("read_gap_plan", id=aims[0]["id"], ask={"period": "2026-07", "candidates": 2})


async def _questions(walk: Walk) -> None:
    await walk.go("compute_cascade", CASCADE)
    await walk.go("simulate_cascade", CASCADE | {"changes": [{"section": 3, "rate": "0.60"}]})
    for name in (
        "read_lights",
        "read_people_lights",
        "read_lights_outlook",
        "read_rates",
        "read_drift",
        "read_leaks",
        "read_pipeline",
        "read_forecast_accuracy",
        "preview_stale_policy",
    ):
        await walk.go(name, ask=DEMO)
    await walk.go("compare_rates", ask=DEMO | {"by": "team"})
    await walk.go("read_forecast", ask=DEMO | {"periods": 3, "explain": True})
    replay = {"process_id": PROCESS, "horizon_days": 30, "step_days": 30}
    await walk.go("replay_forecasts", replay)
    for name in ("list_attention", "list_focus", "list_stale_opportunities"):
        found = await walk.go(name, ask=DEMO | {"limit": 2})
    await walk.go("read_process_adherence", id=PROCESS)
    await walk.go("read_next_step", id=found["data"][0]["opportunity_id"])
    milestones = (await walk.client.get("/v1/milestones", params=DEMO)).json()["data"]
    await walk.go("list_arrivals", id=milestones[0]["id"], ask={"limit": 2})


async def _imports(walk: Walk, settled: Any) -> None:
    wanted = {"object": "accounts", "source": "crm-export", "mapping": MAPPING}
    id = (await walk.go("create_import", wanted))["id"]
    await walk.go("put_import_content", FILE, id=id)
    await walk.go("start_import", id=id)
    await settled(id)
    await walk.go("read_import", id=id)
    await walk.go("list_import_problems", id=id)
    await walk.go("read_import_results", id=id, file="failed.csv")
    other = (await walk.client.post("/v1/imports", json=wanted)).json()["id"]
    await walk.go("cancel_import", id=other)
    await walk.go("list_imports", ask={"limit": 2})


async def _house(walk: Walk) -> None:
    await walk.go("read_livez")
    await walk.go("read_readyz")
    await walk.go("read_problem", code="precondition-failed")
    await walk.go("read_me")
    await walk.go("read_workspace")
    await walk.go("change_workspace", {"holiday_country": "DE", "holiday_region": "HB"})
    await walk.go("read_calendar", ask={"from": "2026-10-01", "to": "2026-10-10"})
    rate = {"currency": "USD", "day": "2026-07-17", "rate": "0.8575", "source": "central bank"}
    made = await walk.go("create_currency_rate", rate)
    await walk.go("read_currency_rate", id=made["id"])
    await walk.go("list_currency_rates", ask={"limit": 2})
    key = await walk.go("create_api_key", {"name": "Dashboard", "scopes": ["forecast:read"]})
    await walk.go("read_api_key", id=key["id"])
    await walk.go("list_api_keys", ask={"limit": 2})
    await walk.go("revoke_api_key", id=key["id"])


async def _farewell(walk: Walk) -> None:
    """Delete one of each, and take it back."""
    for noun, plural in (
        ("account", "accounts"),
        ("opportunity", "opportunities"),
        ("person", "people"),
        ("process", "processes"),
        ("product", "products"),
        ("target", "targets"),
        ("team", "teams"),
    ):
        answer = await walk.client.post(f"/v1/{plural}", json=_spare(noun))
        id = answer.json()["id"]
        await walk.go(f"read_{noun}", id=id)
        await walk.go(f"delete_{noun}", id=id)
        await walk.go(f"restore_{noun}", id=id)


def _spare(noun: str) -> Answer:
    spare: Answer = {"name": f"Spare {noun}"}
    if noun == "process":
        spare |= {"key": "spare", "template": "funnel-5"}
    if noun == "opportunity":
        spare |= {"process_id": "new-business"}
    if noun == "target":
        spare = {"process_id": "new-business", "recurrence": "once", "count": 3, "from": "2026"}
    return spare
