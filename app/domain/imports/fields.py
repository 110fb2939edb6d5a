"""What a column of a file can mean, for each kind of object."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.schemas.imports import ImportObject
from app.tables.opportunities import EXIT_KINDS

NAME, NOTE, URL = 200, 10_000, 2_000
ATTRIBUTE, REACHED = "attributes.", "reached:"


class Kind(StrEnum):
    """How the text of a cell is checked and what it becomes."""

    TEXT = "text"
    KEY = "key"
    EMAIL = "email"
    WORD = "word"
    DECIMAL = "decimal"
    SHARE = "share"
    CURRENCY = "currency"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    limit: int = NAME
    words: tuple[str, ...] = ()
    # A moment that can only lie behind us.
    past: bool = False


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


MONEY = (Field("currency", Kind.CURRENCY),)
FIELDS: dict[ImportObject, tuple[Field, ...]] = {
    ImportObject.ACCOUNTS: (
        *_texts("external_id"),
        Field("name", required=True),
        *_texts("segment", "country", "domain", "vat_id", "postcode", "parent"),
    ),
    ImportObject.PRODUCTS: (
        Field("key", Kind.KEY),
        *_texts("name"),
        Field("list_price", Kind.DECIMAL),
        *MONEY,
        Field("active", Kind.BOOLEAN),
    ),
    ImportObject.PEOPLE: (
        *_texts("external_id"),
        Field("name", required=True),
        Field("email", Kind.EMAIL),
        *_texts("team", "parent_team"),
        Field("team_since", Kind.DATE),
        Field("active", Kind.BOOLEAN),
    ),
    ImportObject.OPPORTUNITIES: (
        Field("external_id", required=True),
        *_texts("name", "account", "owner", "product"),
        Field("value", Kind.DECIMAL),
        *MONEY,
        Field("order_value", Kind.DECIMAL),
        Field("created_at", Kind.INSTANT, past=True),
        *_texts("stage", "status"),
        Field("reached_at", Kind.INSTANT, past=True),
        # An open deal's closing date is a wish and may lie ahead; it is looked at only when the
        # deal is closed.
        Field("closed_at", Kind.INSTANT),
        *_texts("exit_reason"),
        Field("exit_kind", Kind.WORD, words=EXIT_KINDS),
        *_texts("competitor"),
        Field("business_type", Kind.WORD, words=("new", "existing")),
        Field("external_close_date", Kind.DATE),
        Field("external_probability", Kind.SHARE),
    ),
    ImportObject.EVENTS: (
        Field("external_id", required=True),
        *_texts("milestone"),
        Field(
            "event",
            Kind.WORD,
            words=(
                "reached",
                "ordered",
                "exited",
                "regressed",
                "voided",
                "hold_started",
                "hold_ended",
                "reopened",
                "value_changed",
                "owner_changed",
            ),
        ),
        *_texts("stage"),
        Field("occurred_at", Kind.INSTANT, required=True, past=True),
        Field("act", Kind.WORD, words=("did", "said", "wrote")),
        Field("what", limit=NOTE),
        Field("evidence", limit=URL),
        Field("amount", Kind.DECIMAL),
        *MONEY,
        Field("exit_kind", Kind.WORD, words=EXIT_KINDS),
        *_texts("reason"),
        Field("note", limit=NOTE),
        *_texts("owner", "event_id"),
    ),
}
ATTRIBUTED = {ImportObject.ACCOUNTS, ImportObject.PRODUCTS, ImportObject.OPPORTUNITIES}


def possible(object: ImportObject, milestones: Iterable[str]) -> tuple[str, ...]:
    """Every field a column may stand for, as written in a mapping."""
    named = tuple(field.name for field in FIELDS[object])
    free = (f"{ATTRIBUTE}<key>",) if object in ATTRIBUTED else ()
    wide = tuple(f"{REACHED}{key}" for key in milestones)
    return named + free + (wide if object is ImportObject.OPPORTUNITIES else ())


def field_of(object: ImportObject, name: str, milestones: Iterable[str]) -> Field | None:
    """The field of this name; None when such objects have none."""
    if object in ATTRIBUTED and name.startswith(ATTRIBUTE) and name != ATTRIBUTE:
        return Field(name, limit=NOTE)
    if name.startswith(REACHED) and name in possible(object, milestones):
        return Field(name, Kind.INSTANT, past=True)
    return next((field for field in FIELDS[object] if field.name == name), None)
