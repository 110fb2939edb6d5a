"""Which milestone of a new version continues which one of the version before."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.ids import uuid7
from app.schemas.processes import VersionMilestoneIn


def lineages(definitions: Sequence[VersionMilestoneIn], before: Sequence[Row[Any]]) -> list[UUID]:
    """A lineage for each definition; figures are joined over versions by lineage alone.

    The one of the same key, or of the key that `equivalent_to` names, or a fresh one where it is
    null or nothing has that key. `Invalid` when two would continue the same milestone, or the
    order would continue what was not the order.
    """
    known = {row.key: row for row in before}
    found: list[UUID] = []
    for index, definition in enumerate(definitions):
        continued = _continued(index, definition, known)
        if continued is None:
            found.append(uuid7())
            continue
        if continued.lineage_id in found:
            raise _wrong(index, "lineage_taken", f"two milestones would continue {continued.key!r}")
        if continued.is_order != (index == len(definitions) - 1):
            detail = "the order continues the order, and nothing else does; say equivalent_to: null"
            raise _wrong(index, "order_is_not_equivalent", detail)
        found.append(continued.lineage_id)
    return found


def _continued(
    index: int, definition: VersionMilestoneIn, known: dict[str, Row[Any]]
) -> Row[Any] | None:
    if "equivalent_to" not in definition.model_fields_set:
        return known.get(definition.key)
    if definition.equivalent_to is None:
        return None
    if definition.equivalent_to not in known:
        detail = f"the version before has no milestone {definition.equivalent_to!r}"
        raise _wrong(index, "unknown_milestone", detail)
    return known[definition.equivalent_to]


def _wrong(index: int, code: str, detail: str) -> Invalid:
    return Invalid.at(f"/milestones/{index}/equivalent_to", code, detail)
