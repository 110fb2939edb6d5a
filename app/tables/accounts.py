"""Accounts that buy and products that are bought."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Versioned, home, link

# What stands behind a company's name, or between two words of it, and tells nobody apart.
FORMS = (
    "gmbh|mbh|ag|kg|kgaa|ohg|gbr|ug|haftungsbeschraenkt|se|e ?[gkv]|ltd|limited|llc|llp|lp|plc|inc"
    "|incorporated|corp|corporation|co|company|cie|sa ?rl|sa|sas|spa|srl|sl|bv|nv|ab|a ?s|aps|oy"
    "|oyj|sro|doo|kft|pty|pte|and|und|et"
)
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"}
ACCENTS = r"[\u0300-\u036f.''\u2019]"
PUNCTUATION = r"[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+"


def _without(x: str, pattern: str, instead: str = "") -> str:
    return f"regexp_replace({x}, '{pattern}'::text, '{instead}'::text, 'g'::text)"


def _filled(x: str) -> str:
    return f"NULLIF({x}, ''::text)"


def _name_key() -> str:
    """A name in small letters without accents, punctuation, legal forms and spaces: "Müller & Söhne
    GmbH" and "Mueller und Soehne" are `muellersoehne`. The first word always stays."""
    folded = "lower(NORMALIZE(name, NFC))"
    for letter, letters in UMLAUTS.items():
        folded = f"replace({folded}, '{letter}'::text, '{letters}'::text)"
    folded = f"translate({folded}, 'øłđ'::text, 'old'::text)"
    words = _without(_without(f"NORMALIZE({folded}, NFKD)", ACCENTS), PUNCTUATION, " ")
    bare = _without(f"btrim({words})", f" ({FORMS})(?= |$)")
    return _filled(f"replace({bare}, ' '::text, ''::text)")


# Accounts that say the same in these are candidates for being one; see app/domain/duplicates.py.
# Written as the database shows them, which computes and keeps them.
NAME_KEY = _name_key()
_HOST = r"regexp_replace(lower(btrim(domain)), '^([a-z]+://)?(www\.)?'::text, ''::text)"
DOMAIN_KEY = _filled(f"regexp_replace({_HOST}, '[/:?#].*$'::text, ''::text)")
VAT_KEY = _filled(_without("lower(vat_id)", "[^a-z0-9]"))
POSTCODE_KEY = _filled(_without("lower(postcode)", "[^a-z0-9]"))


class Account(Versioned):
    __tablename__ = "accounts"

    name: Mapped[str]
    segment: Mapped[str | None]
    country: Mapped[str | None]
    domain: Mapped[str | None]
    vat_id: Mapped[str | None]
    postcode: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    # Who looks after it now.
    owner_id: Mapped[UUID | None]
    source: Mapped[str]
    external_id: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The account it was found to be the same as. It keeps its external id, which other systems go
    # on using: what they say of it is meant for that one.
    merged_into: Mapped[UUID | None]
    name_key: Mapped[str | None] = mapped_column(Computed(NAME_KEY, persisted=True))
    domain_key: Mapped[str | None] = mapped_column(Computed(DOMAIN_KEY, persisted=True))
    vat_key: Mapped[str | None] = mapped_column(Computed(VAT_KEY, persisted=True))
    postcode_key: Mapped[str | None] = mapped_column(Computed(POSTCODE_KEY, persisted=True))

    __table_args__ = (
        home(),
        link("parent_id", "accounts"),
        link("owner_id", "people"),
        link("merged_into", "accounts"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        CheckConstraint("merged_into IS NULL OR deleted_at IS NOT NULL", name="merged_is_gone"),
        Index(
            "accounts_external_id_key",
            "workspace_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL OR merged_into IS NOT NULL"),
        ),
        Index(None, "workspace_id", "parent_id"),
        *(
            Index(
                f"accounts_{key}_idx",
                "workspace_id",
                key,
                "id",
                postgresql_where=text(f"deleted_at IS NULL AND {key} IS NOT NULL"),
            )
            for key in ("name_key", "domain_key", "vat_key")
        ),
        Index("accounts_name_idx", "workspace_id", text("lower(name)")),
        Index(None, "workspace_id", "owner_id"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
    )


class Product(Versioned):
    __tablename__ = "products"

    key: Mapped[str]
    name: Mapped[str]
    list_price: Mapped[Decimal | None]
    currency: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        home(),
        CheckConstraint("(list_price IS NULL) = (currency IS NULL)", name="price_has_currency"),
        Index(
            "products_key_key",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
