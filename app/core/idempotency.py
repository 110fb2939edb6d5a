"""One effect for one key: a request that is sent again gets the answer of the first time."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from app.core.errors import (
    IdempotencyInFlight,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    LockTimeout,
    SecretNotKept,
)
from app.core.refusals import problem_of
from app.core.work import Work
from app.tables import KeptAnswer

KEPT_FOR = timedelta(days=30)
LONGEST = 255
# With each new answer so many old ones go: more than come, so there is never a heap of them.
SWEPT = 10
SUCCESSES = range(200, 300)

# A string of structured fields (RFC 9651) stands in quotes; most clients send the bare key.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-~][ -~]*")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to be the one request that has an effect, held until the transaction ends."""

    key: str
    route: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; `body` is None where it held a secret."""

    status: int
    headers: dict[str, str]
    body: bytes | None


def key_of(values: Sequence[str]) -> str:
    """The key that the values of the header Idempotency-Key say, with or without quotes.

    >>> key_of(['"8e03978e"']), key_of(["8e03978e"])
    ('8e03978e', '8e03978e')
    """
    said = values[0].strip()
    quoted = _QUOTED.fullmatch(said)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else said
    plain = quoted is not None or _BARE.fullmatch(said) is not None
    if len(values) > 1 or not plain or not 1 <= len(key) <= LONGEST:
        raise IdempotencyKeyInvalid(
            f"An idempotency key is one text of 1 to {LONGEST} printable ASCII characters."
        )
    return key


def fingerprint(method: str, target: str, body: bytes) -> bytes:
    """What makes two requests the same: method, address with its question, and what the body says.

    Spaces and the order of fields say nothing.
    """
    try:
        said = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        said = body
    return sha256(b"\n".join((method.encode(), target.encode(), said))).digest()


async def claim(work: Work, claimed: Claim, mark: bytes) -> Answer | None:
    """None to whoever comes first; the kept answer to everybody who comes later.

    Twins wait for the first until its transaction has ended: `IdempotencyInFlight` if that lasts
    longer than a lock may. `IdempotencyKeyReused` when the first one asked for something else.
    """
    own = {"workspace_id": work.workspace_id, "key": claimed.key, "route": claimed.route}
    entry = insert(KeptAnswer).values(**own, fingerprint=mark, created_at=work.now)
    try:
        first = await work.db.scalar(entry.on_conflict_do_nothing().returning(KeptAnswer.key))
    except DBAPIError as error:
        if isinstance(problem_of(error), LockTimeout):
            raise IdempotencyInFlight(
                "The first request with this key has not ended yet; ask again in a moment."
            ) from error
        raise
    if first is not None:
        return None
    kept = await work.one(select(KeptAnswer).where(*_own(work, claimed)))
    return _told(kept, mark) if kept is not None else await claim(work, claimed, mark)


async def keep(work: Work, claimed: Claim, answer: Answer) -> None:
    """Store the answer beside its effect, and let a few of those go that are past their time.

    What is no success is not stored: the key is free again.
    """
    if answer.status not in SUCCESSES:
        await work.db.execute(delete(KeptAnswer).where(*_own(work, claimed)))
        return
    stored = update(KeptAnswer).where(*_own(work, claimed))
    stored = stored.values(status=answer.status, headers=answer.headers, body=answer.body)
    await work.db.execute(stored.add_cte(_sweep(work)))


def _own(work: Work, claimed: Claim) -> tuple[Any, ...]:
    here = KeptAnswer.workspace_id == work.workspace_id
    return here, KeptAnswer.key == claimed.key, KeptAnswer.route == claimed.route


def _told(kept: Row[Any], mark: bytes) -> Answer:
    if kept.fingerprint != mark:
        raise IdempotencyKeyReused("This key came with another request before; take a new one.")
    if kept.body is None:
        place = kept.headers.get("location", "")
        raise SecretNotKept(f"This was done before, and its secret was shown then: {place}.")
    return Answer(kept.status, kept.headers, kept.body)


def _sweep(work: Work) -> Any:
    """SKIP LOCKED: two requests that sweep at once must not wait for each other."""
    here, place = KeptAnswer.workspace_id == work.workspace_id, (KeptAnswer.key, KeptAnswer.route)
    old = select(*place).where(here, KeptAnswer.created_at < work.now - KEPT_FOR)
    few = old.order_by(KeptAnswer.created_at).limit(SWEPT).with_for_update(skip_locked=True)
    # A CTE, so that it is read once: a subquery might be asked again, and lock others.
    chosen = few.cte("chosen")
    swept = delete(KeptAnswer).where(here, tuple_(*place).in_(select(chosen.c.key, chosen.c.route)))
    return swept.cte("swept")
