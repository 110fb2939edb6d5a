"""What a column of a file can mean, for each kind of object."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.schemas.imports import ImportObject
from app.tables.opportunities import EXIT_KINDS

NAME, NOTE, URL = 200, 10_000, 2_000
ATTRIBUTE, REACHED, PRODUCT = "attributes.", "reached:", "product:"
# What the marks of the article are called in files; a competitor may be named behind the red one.
MARKS = {
    "buys": ("x", "buys", "kauft"),
    "competitor": ("red", "rot", "competitor", "wettbewerb"),
    "need": ("green", "grün", "gruen", "need", "bedarf"),
    "no_need": ("grey", "gray", "grau", "no_need", "kein bedarf"),
    "na": ("n/a", "na", "-"),
}
ANSWERS = {"yes": "yes", "ja": "yes", "x": "yes", "no": "no", "nein": "no", "unknown": "unknown"}


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
    MARK = "mark"


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
        *_texts("segment", "country", "domain", "vat_id", "postcode", "parent", "owner"),
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
    ImportObject.MATRIX: (
        Field("account", required=True),
        *_texts("product"),
        Field("mark", Kind.MARK),
        Field("ours", Kind.WORD, words=tuple(ANSWERS)),
        Field("since", Kind.DATE),
        Field("quantity", Kind.DECIMAL),
        Field("annual_value", Kind.DECIMAL),
        *MONEY,
        *_texts("competitor"),
        Field("competitor_value", Kind.DECIMAL),
        Field("contract_end", Kind.DATE),
        Field("need", Kind.WORD, words=tuple(ANSWERS)),
        Field("est_value", Kind.DECIMAL),
        Field("by_when", Kind.DATE),
        Field("reason", limit=NOTE),
        Field("recheck_on", Kind.DATE),
        Field("evidence", limit=NOTE),
        Field("aware", Kind.WORD, words=tuple(ANSWERS)),
        Field("applicable", Kind.BOOLEAN),
    ),
}
# Columns of their own for each milestone, or each product.
WIDE = {
    ImportObject.OPPORTUNITIES: (REACHED, Kind.INSTANT),
    ImportObject.MATRIX: (PRODUCT, Kind.MARK),
}
ATTRIBUTED = {ImportObject.ACCOUNTS, ImportObject.PRODUCTS, ImportObject.OPPORTUNITIES}


def possible(object: ImportObject, keys: Iterable[str]) -> tuple[str, ...]:
    """Every field a column may stand for, as written in a mapping.

    `keys` are the milestones of the process, or for the matrix the keys and names of products.
    """
    named = tuple(field.name for field in FIELDS[object])
    free = (f"{ATTRIBUTE}<key>",) if object in ATTRIBUTED else ()
    wide = tuple(f"{WIDE[object][0]}{key}" for key in keys) if object in WIDE else ()
    return named + free + wide


def field_of(object: ImportObject, name: str, keys: Iterable[str]) -> Field | None:
    """The field of this name; None when such objects have none."""
    if object in ATTRIBUTED and name.startswith(ATTRIBUTE) and name != ATTRIBUTE:
        return Field(name, limit=NOTE)
    known = next((field for field in FIELDS[object] if field.name == name), None)
    if known is not None or object not in WIDE:
        return known
    prefix, kind = WIDE[object]
    if object is ImportObject.MATRIX:
        # People write products as they speak of them, and head a column with just that.
        said = name.removeprefix(prefix).lower()
        return Field(f"{prefix}{said}", kind) if said in {key.lower() for key in keys} else None
    return Field(name, kind, past=True) if name in {f"{prefix}{key}" for key in keys} else None
