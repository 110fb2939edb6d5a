"""Callers that write down what they ask, and one that tries at each step what is not theirs."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx2 as httpx

from app.core.ids import uuid7
from tests.conftest import DOCUMENT
from tests.contract.conformance import operation
from tests.contract.records import HINT, ID, OF_THE_MACHINE, SECRET, TOKEN, WEBHOOK_SECRET
from tests.security.places import Place, leaves, named, put

# Stands behind every word that the owner of the secrets writes; nobody else writes it.
MARK = " Zwölfbein"
WORDS = ("name", "note", "what", "text", "evidence")
ONCE = "Idempotency-Key"
CURSOR_SAID = re.compile(r'"next_cursor":\s*"([^"]+)"')


@dataclass(frozen=True)
class Step:
    """One request as the walk made it."""

    method: str
    path: str
    asked: dict[str, Any] | None
    body: Any
    headers: dict[str, str]

    @property
    def name(self) -> str:
        return str(self.node["operationId"])

    @property
    def node(self) -> dict[str, Any]:
        found = operation(DOCUMENT, self.method, self.path)
        assert found is not None, (self.method, self.path)
        return found[1]

    @property
    def template(self) -> str:
        found = operation(DOCUMENT, self.method, self.path)
        assert found is not None
        return found[0]

    def said(self) -> dict[Place, Any]:
        return leaves(self.path, self.asked, self.body)

    def with_(self, others: dict[Place, Any]) -> "Step":
        parts, asked, body = self.path.split("/"), dict(self.asked or {}), deepcopy(self.body)
        for (kind, *keys), value in others.items():
            if kind == "path":
                parts[keys[0]] = value
            elif kind == "query":
                asked[keys[0]] = value
            else:
                body = put(body, keys, value)
        return replace(self, path="/".join(parts), asked=asked or None, body=body)


# A stream ends when its key goes, and so is no step: who hears what is asked in tests/events.
STREAM = "/v1/stream"


class Caller(httpx.AsyncClient):
    """Keeps every step it makes."""

    def __init__(self, app: Any, secret: str) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {secret}"}
        super().__init__(transport=transport, base_url="http://test", headers=headers)
        self.steps: list[Step] = []

    async def request(self, method: str, url: Any, **more: Any) -> httpx.Response:
        if str(url) == STREAM:
            return await super().request(method, url, **more)
        body = more.get("content") if more.get("json") is None else more["json"]
        headers = dict(more.get("headers") or {})
        if method.upper() == "POST" and len(self.steps) % 2:
            headers[ONCE] = f"step-{len(self.steps)}"  # everybody says the same keys
        step = Step(method.upper(), str(url), more.get("params"), body, headers)
        await self.before(step)
        self.steps.append(step)
        return await self.send_step(replace(step, body=self.worded(body)))

    async def before(self, step: Step) -> None:
        """What is tried before a step is made."""

    def worded(self, body: Any) -> Any:
        return body

    async def send_step(self, step: Step) -> httpx.Response:
        sent = {"content" if isinstance(step.body, bytes) else "json": step.body}
        return await super().request(
            step.method,
            step.path,
            params=step.asked,
            headers=step.headers,
            **(sent if step.body is not None else {}),
        )


class Owner(Caller):
    """Marks every word, and keeps the cursors it is given."""

    def __init__(self, app: Any, secret: str) -> None:
        super().__init__(app, secret)
        self.cursors: dict[str, str] = {}

    async def send_step(self, step: Step) -> httpx.Response:
        answer = await super().send_step(step)
        if found := CURSOR_SAID.search(answer.text):
            self.cursors[step.name] = found[1]
        return answer

    def worded(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self.worded(each) for each in body]
        if not isinstance(body, dict):
            return body
        return {
            key: f"{value}{MARK}" if key in WORDS and isinstance(value, str) else self.worded(value)
            for key, value in body.items()
        }


@dataclass
class Secrets:
    """What the owner did and has: steps, cursors, one id of everything, every id there is."""

    steps: list[Step]
    cursors: dict[str, str]
    things: dict[str, str]
    ids: set[str]

    def leaked(self, told: str, sent: str) -> set[str]:
        """What an answer shows of the owner's that was not in the question."""
        seen = set(ID.findall(told)) & self.ids - set(ID.findall(sent))
        return seen | ({MARK} if MARK in told else set())


@dataclass
class Tried:
    """An attempt and its answer, without what is particular to the two."""

    operation: str
    way: str
    method: str
    status: int
    told: str
    leaked: set[str]


class Trespasser(Caller):
    """Does at every step first what the owner did there, in every place where something is named.

    With `aliases`, every id of the owner is said as one that nobody has.
    """

    def __init__(
        self, app: Any, secret: str, owner: Secrets, aliases: dict[str, str] | None
    ) -> None:
        super().__init__(app, secret)
        self.owner, self.aliases = owner, aliases
        self.tried: list[Tried] = []
        self.done: set[str] = set()

    async def before(self, step: Step) -> None:
        theirs = self.owner.steps[len(self.steps)]
        assert (theirs.method, theirs.name) == (step.method, step.name)
        for way, others in attempts(step, theirs, self.owner):
            if (once := f"{step.name} {others}") in self.done:
                continue
            self.done.add(once)
            said = {place: self.disguised(value) for place, value in others.items()}
            await self._try(way, step.with_(said))

    def disguised(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.disguised(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.disguised(each) for each in value]
        if self.aliases is None or not isinstance(value, str):
            return value
        known = self.aliases
        return ID.sub(lambda found: known.setdefault(found[0], str(uuid7())), value)

    async def request(self, method: str, url: Any, **more: Any) -> httpx.Response:
        answer = await super().request(method, url, **more)
        self._note("its own", self.steps[-1], answer)
        return answer

    async def _try(self, way: str, step: Step) -> None:
        headers = {name: value for name, value in step.headers.items() if name != ONCE}
        step = replace(step, headers=headers)
        self._note(way, step, await self.send_step(step))

    def _note(self, way: str, step: Step, answer: httpx.Response) -> None:
        told = text_of(answer)
        sent = f"{step.path} {step.asked} {step.body}"
        self.tried.append(
            Tried(
                step.name,
                way,
                step.method,
                answer.status_code,
                plain(told),
                self.owner.leaked(told, sent),
            )
        )


def attempts(own: Step, theirs: Step, owner: Secrets) -> Iterator[tuple[str, dict[Place, Any]]]:
    """Every place where something of the owner's can be named: one at a time, and all at once."""
    mine = own.said()
    foreign = {
        place: value
        for place, value in theirs.said().items()
        if place in mine and mine[place] != value
    }
    more = [*named(own.template, own.path, own.node, own.body, owner.things, DOCUMENT)]
    if any(each.get("name") == "cursor" for each in own.node.get("parameters", ())):
        # A list too short for a cursor is given that of another.
        cursor = owner.cursors.get(own.name) or next(iter(owner.cursors.values()))
        more.append((("query", "cursor"), cursor))
    more = [(place, value) for place, value in more if foreign.get(place) != value]
    for place, value in (*foreign.items(), *more):
        yield " ".join(str(part) for part in place), {place: value}
    if len(foreign) > 1:
        yield "all at once", foreign


def text_of(answer: httpx.Response) -> str:
    kind = answer.headers.get("content-type", "")
    head = f"{answer.status_code} {kind} {answer.headers.get('location', '')}"
    if "spreadsheet" not in kind:
        return f"{head}\n{answer.text}"
    with ZipFile(BytesIO(answer.content)) as book:
        parts = [book.read(name).decode() for name in sorted(book.namelist())]
    return "\n".join([head, *parts])


def plain(told: str) -> str:
    """Ids are numbered as they come; cursors, secrets and what is of the machine (which worker
    does a job, and when) shown as what they are."""
    numbers: dict[str, str] = {}
    told = ID.sub(lambda found: numbers.setdefault(found[0], f"id {len(numbers)}"), told)
    told = CURSOR_SAID.sub('"next_cursor": "…"', told)
    for random in (WEBHOOK_SECRET, TOKEN, OF_THE_MACHINE):
        told = random.sub("…", told)
    return HINT.sub("bc_…", SECRET.sub("bc_…", told))
