"""Ready-made processes, kept as data files; every text is there in each language."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from app.core.texts import LANGUAGES
from app.schemas.milestones import MilestoneIn
from app.schemas.processes import TemplateOut
from app.schemas.rates import rate_out

_FOLDER = "process_templates"


def templates(language: str) -> Sequence[TemplateOut]:
    """All of them, in one language."""
    return [_shown(content, language) for content in _contents()]


def definitions(key: str, language: str) -> Sequence[MilestoneIn] | None:
    """The milestones of one template; None when there is no such template."""
    found = next((content for content in _contents() if content["key"] == key), None)
    return None if found is None else _milestones(found, language)


def _shown(content: Any, language: str) -> TemplateOut:
    milestones = [
        one.model_dump(mode="json", exclude={"target_rate"})
        | {"target_rate": None if one.target_rate is None else rate_out(one.target_rate)}
        for one in _milestones(content, language)
    ]
    whole = _in(language, content) | {"language": language, "milestones": milestones}
    return TemplateOut.model_validate(whole)


def _milestones(content: Any, language: str) -> list[MilestoneIn]:
    return [MilestoneIn.model_validate(one) for one in _in(language, content["milestones"])]


@cache
def _contents() -> tuple[Any, ...]:
    folder = files("app.domain").joinpath(_FOLDER)
    found = sorted(folder.iterdir(), key=lambda file: file.name, reverse=True)
    return tuple(json.loads(file.read_text("utf-8")) for file in found)


def _in(language: str, node: Any) -> Any:
    """The same content with every `{"en": …, "de": …}` replaced by one of the two."""
    if isinstance(node, list):
        return [_in(language, part) for part in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == set(LANGUAGES):
        return node[language]
    return {name: _in(language, part) for name, part in node.items()}
