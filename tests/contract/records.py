"""What a walk saw, as it stands in the repository: the same every time, no longer than needed."""

import json
import re
from typing import Any

from tests.contract.walk import Walk

LENGTHS = (12, 5, 3, 2)  # of lists: as much as there is, while the whole stays readable
READABLE = 3000  # letters
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SECRET = re.compile(r"bc_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}")
HINT = re.compile(r"bc_[0-9a-f]{8}…")
CURSOR = re.compile(r'("(?:next_)?cursor": )"[^"]+"')
# Within a text: what a stream says.
HEARD = re.compile(r'(id: |\\"cursor\\":\\")[A-Za-z0-9_-]{27}')
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
TOKEN = re.compile(r"bst_[A-Za-z0-9_-]{96}")
# Which worker does a job, and when: time of the machine, to the part of a second.
OF_THE_MACHINE = re.compile(
    r'("worker": ?")[^"]+"|("(?:next_run_at|started_at)": ?")[^"]+[.][0-9]+Z"'
)
SHOWN = "bc_" + "0" * 32 + "_" + "0" * 64 + "_" + "0" * 8


def written(walk: Walk) -> str:
    """By operation: what was sent, and what was answered by status."""
    names = sorted({*walk.seen, *walk.sent, *_silent(walk)})
    found = {name: _record(walk, name) for name in names}
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return _same_every_time(text)


def _silent(walk: Walk) -> set[str]:
    """Operations that answer without a body."""
    nodes = (node for path in walk.contract["paths"].values() for node in path.values())
    return {node["operationId"] for node in nodes}


def _record(walk: Walk, name: str) -> dict[str, Any]:
    answers = {status: _readable(told) for status, told in walk.seen.get(name, {}).items()}
    sent = {"sent": walk.sent[name]} if name in walk.sent else {}
    return sent | {"answers": answers}


def _readable(told: Any) -> Any:
    tries = [_short(told, many) for many in LENGTHS]
    return next((short for short in tries if len(json.dumps(short)) < READABLE), tries[-1])


def _short(told: Any, many: int) -> Any:
    if isinstance(told, list):
        return [_short(each, many) for each in told[:many]]
    if isinstance(told, dict):
        return {key: _short(value, many) for key, value in told.items()}
    return told


def _same_every_time(text: str) -> str:
    """Ids are numbered as they come; secrets and cursors are shown as what they look like."""
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"019f7ee1-5a00-7000-8000-{len(numbers) + 1:012x}")

    text = ID.sub(numbered, SECRET.sub(SHOWN, text))
    text = HEARD.sub(r"\1eyJhZnRlciI6IDJ9", text)
    text = TOKEN.sub("bst_" + "0" * 96, WEBHOOK_SECRET.sub("whsec_" + "0" * 44, text))
    text = OF_THE_MACHINE.sub(_usual, text)
    return CURSOR.sub(r'\1"eyJhZnRlciI6IDJ9"', HINT.sub("bc_00000000…", text))


def _usual(found: re.Match[str]) -> str:
    worker, moment = found.groups()
    return f'{worker}host-1:4711"' if worker else f'{moment}2026-07-20T09:45:00Z"'
