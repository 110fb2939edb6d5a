"""Documents as something to run: their commands in order, and what is shown of each answer.

The word behind a fence's language says how an answer is compared; readers do not see it:
`exact` value by value, `problem` the same for a request that fails, `today` by type with null
allowed where a number is not known on some days, none by type. `…` stands for anything.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"\bcurl |\bbackcast (cascade|import) ")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|…')
ANYTHING = "…"
EXACT = ("exact", "problem")


@dataclass(frozen=True, slots=True)
class Step:
    """Commands, and what the document shows of the answer: None, if nothing."""

    place: str
    script: str
    language: str | None
    mark: str | None
    shown: str | None

    @property
    def fails(self) -> bool:
        return self.mark == "problem"


def documents() -> list[Path]:
    written = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in written if list(steps(path))]


def steps(document: Path) -> Iterator[Step]:
    """The blocks that are run, with the answers that follow them."""
    text = document.read_text()
    for fence, following in pairwise([*FENCE.finditer(text), None]):
        language, _, script = fence.groups()
        if language == "sh" and RUN.search(script):
            answer = following if following and following[1] in ("json", "text") else None
            place = f"{document.relative_to(ROOT)}:{text.count(chr(10), 0, fence.start()) + 1}"
            yield Step(place, script, *(answer.groups() if answer else (None, None, None)))


def differences(step: Step, output: str) -> list[str]:
    """What is shown and was not answered."""
    if step.shown is None:
        return []
    if step.language == "text":
        found = re.fullmatch(_pattern(step.shown.strip()), output.strip())
        return [] if found else [f"shown:\n{step.shown}\nanswered:\n{output}"]
    return list(_differences(shown(step.shown), json.loads(output), step.mark, "$"))


def shown(text: str) -> Any:
    """JSON in which a bare … is left out, read as a member, an element or a value of its own.

    >>> shown('{"a": …, "b": [1, …], …}')
    {'a': '…', 'b': [1, '…'], '…': '…'}
    """
    inside: list[str] = []
    before = ""

    def told(token: re.Match[str]) -> str:
        nonlocal before
        last, before = before, token[0]
        if token[0] in "[{":
            inside.append(token[0])
        elif token[0] in "]}":
            inside.pop()
        elif token[0] == ANYTHING:
            return '"…": "…"' if inside[-1] == "{" and last != ":" else '"…"'
        return token[0]

    return json.loads(TOKEN.sub(told, text))


def _differences(shown: Any, real: Any, mark: str | None, at: str) -> Iterator[str]:
    if shown == ANYTHING or (real is None and mark == "today"):
        return
    if type(shown) is not type(real):
        yield f"{at}: shown {shown!r}, answered {real!r}"
    elif isinstance(shown, dict):
        yield from _members(shown, real, mark, at)
    elif isinstance(shown, list):
        yield from _elements(shown, real, mark, at)
    elif mark in EXACT and not re.fullmatch(_pattern(str(shown)), str(real)):
        yield f"{at}: shown {shown!r}, answered {real!r}"


def _members(
    shown: dict[str, Any], real: dict[str, Any], mark: str | None, at: str
) -> Iterator[str]:
    for key, value in shown.items():
        if key not in real and key != ANYTHING:
            yield f"{at}.{key}: not in the answer"
        elif key != ANYTHING:
            yield from _differences(value, real[key], mark, f"{at}.{key}")
    if mark in EXACT and ANYTHING not in shown and real.keys() - shown.keys():
        yield f"{at}: not shown {sorted(real.keys() - shown.keys())}"


def _elements(shown: list[Any], real: list[Any], mark: str | None, at: str) -> Iterator[str]:
    """What stands before the first … is at the beginning of the answer, what follows is at its end.

    What stands between two of them is anywhere.
    """
    if ANYTHING not in shown:
        if len(shown) != len(real):
            yield f"{at}: shown {len(shown)} elements, answered {len(real)}"
        pairs = list(zip(shown, real, strict=False))
    else:
        first = shown.index(ANYTHING)
        last = len(shown) - 1 - shown[::-1].index(ANYTHING)
        tail = len(shown) - last - 1
        pairs = list(zip(shown[:first], real, strict=False))
        pairs += zip(shown[last + 1 :], real[len(real) - tail :], strict=False)
        if len(real) < first + tail:
            yield f"{at}: shown at least {first + tail} elements, answered {len(real)}"
        for one in shown[first + 1 : last]:
            if all(list(_differences(one, each, mark, at)) for each in real):
                yield f"{at}: {one!r} is nowhere in the answer"
    for number, (one, other) in enumerate(pairs):
        yield from _differences(one, other, mark, f"{at}[{number}]")


def _pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split(ANYTHING))
