"""Who changed what: a row of the audit log, in the statement that makes the change.

Within the statement it costs no round trip, and neither can be there without the other.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import CTE, Select, func, insert, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import Text, Uuid

from app.core.ids import uuid7
from app.tables import AuditEntry

# What opens something is never written down, not even as a digest.
SECRET = frozenset({"digest", "secret", "old_secret"})
# What every row says of itself, and the entry as well.
IMPLIED = frozenset({"workspace_id", "id", "version", "created_at", "updated_at", "deleted_at"})
KINDS = frozenset({"key", "person", "import"})
_JSON = JSONB(none_as_null=True)

Told = Mapping[str, Any] | None


class Actor(Protocol):
    """What `Work` knows of who is at work."""

    @property
    def workspace_id(self) -> UUID: ...
    @property
    def now(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def request_id(self) -> UUID | None: ...


def entry(
    who: Actor,
    action: str,
    kind: str,
    id: UUID | None,
    *,
    before: Told = None,
    after: Told = None,
) -> CTE:
    """An entry, to be added to the statement that does it."""
    return _written(_said(who, action, kind, id, literal(_json(before), _JSON), after))


def line(who: Actor, action: str, kind: str, id: UUID, after: Told) -> dict[str, Any]:
    """The same as a row, for what is written as many at once."""
    actor_kind, actor_id = actor_of(who.actor)
    return {
        "workspace_id": who.workspace_id,
        "at": who.now,
        "id": uuid7(),
        "actor_kind": actor_kind,
        "actor_id": actor_id,
        "action": action,
        "object_kind": kind,
        "object_id": id,
        "after": _json(after),
        "request_id": who.request_id,
    }


def replaced(
    who: Actor, action: str, kind: str, id: UUID, *, rows: Select[Any], after: Mapping[str, Any]
) -> CTE:
    """The same for what is changed: `rows` finds the row as it was."""
    columns = rows.selected_columns
    parts = [part for name in _told(after) for part in (_word(name), columns[name])]
    said = _said(who, action, kind, id, func.jsonb_build_object(*parts), after)
    return _written(rows.with_only_columns(*said.selected_columns))


def actor_of(words: str) -> tuple[str, UUID | None]:
    """
    >>> actor_of("key:00000000-0000-0000-0000-000000000007")
    ('key', UUID('00000000-0000-0000-0000-000000000007'))
    >>> actor_of("command line")
    ('system', None)
    """
    kind, _, id = words.partition(":")
    return (kind, UUID(id)) if kind in KINDS else ("system", None)


def _said(
    who: Actor,
    action: str,
    kind: str,
    id: UUID | None,
    before: Any,
    after: Told,
) -> Select[Any]:
    actor_kind, actor_id = actor_of(who.actor)
    return select(
        literal(who.workspace_id, Uuid()).label("workspace_id"),
        literal(who.now, TIMESTAMP(timezone=True)).label("at"),
        literal(uuid7(), Uuid()).label("id"),
        literal(actor_kind, Text()).label("actor_kind"),
        literal(actor_id, Uuid()).label("actor_id"),
        literal(action, Text()).label("action"),
        literal(kind, Text()).label("object_kind"),
        literal(id, Uuid()).label("object_id"),
        before.label("before"),
        literal(_json(after), _JSON).label("after"),
        literal(who.request_id, Uuid()).label("request_id"),
    )


def _written(said: Select[Any]) -> CTE:
    names = [str(column.key) for column in said.selected_columns]
    return insert(AuditEntry).from_select(names, said, include_defaults=False).cte("audited")


def _json(said: Told) -> dict[str, Any] | None:
    return None if said is None else {name: _plain(said[name]) for name in _told(said)}


def _told(after: Mapping[str, Any]) -> list[str]:
    return [name for name in after if name not in SECRET | IMPLIED]


def _word(name: str) -> Any:
    """The name of one of our columns."""
    return literal_column(f"'{name}'", Text())


def _plain(value: Any) -> Any:
    """As JSON has it; what only the database can tell is left to the row itself."""
    if value is None or isinstance(value, str | int | bool | dict | list):
        return value if not isinstance(value, list) else [_plain(each) for each in value]
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return None
