"""The matrix of customers and products: what is known of each cell, who said so, and since when.

A cell is one row with its facets side by side, its few competitors in it: they are read and
replaced with it, and its status follows from them in the same row. A cell without a row is a white
spot: nobody asked yet.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link

FACETS = ("ours", "competitors", "need", "aware", "applicable")
ANSWERED = ("ours", "need", "aware")
ANSWERS = "('yes', 'no', 'unknown')"
# The first that holds; app.engine.matrix.status says the same, and a test compares them.
STATUS = (
    "CASE WHEN NOT applicable THEN 'na'::text"
    " WHEN ours = 'yes'::text THEN 'buys'::text"
    " WHEN competitors <> '[]'::jsonb THEN 'competitor'::text"
    " WHEN need = 'yes'::text THEN 'need'::text"
    " WHEN need = 'no'::text THEN 'no_need'::text"
    " ELSE 'unknown'::text END"
)

# What the deciding facet is stated to be worth a year, in which currency, and until when a contract
# binds the customer: as far as one amount and one day say it. Of several competitors (`*`) each has
# its own.
_RIVALS = "jsonb_array_length(competitors)"
_RIVAL = "((competitors -> 0) -> 'annual_value'::text)"


def _of_status(ours: str, rival: str, several: str, need: str) -> str:
    return (
        f"CASE WHEN NOT applicable THEN NULL::{several.rpartition('::')[2]}"
        f" WHEN ours = 'yes'::text THEN {ours}"
        f" WHEN {_RIVALS} > 1 THEN {several}"
        f" WHEN {_RIVALS} = 1 THEN {rival}"
        f" WHEN need = 'yes'::text THEN {need} ELSE NULL::{several.rpartition('::')[2]} END"
    )


STATED = _of_status(
    "ours_annual_value", f"({_RIVAL} ->> 'amount'::text)::numeric", "NULL::numeric", "need_value"
)
STATED_IN = _of_status(
    "ours_currency", f"({_RIVAL} ->> 'currency'::text)", "'*'::text", "need_currency"
)
BOUND_UNTIL = (
    f"CASE WHEN applicable AND ours <> 'yes'::text AND {_RIVALS} = 1"
    " THEN (competitors -> 0) ->> 'contract_end'::text ELSE NULL::text END"
)


def provenance(facet: str) -> CheckConstraint:
    """Either nobody said anything of the facet, or it is known who did, when and from what."""
    names = [f"{facet}_{name}" for name in ("source", "confirmed", "by", "at")]
    return CheckConstraint(f"num_nulls({', '.join(names)}) IN (0, 4)", name=f"{facet}_provenance")


class Cell(Owned):
    """What is known of one account and one product."""

    __tablename__ = "cells"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(Computed(STATUS, persisted=True))
    stated: Mapped[Decimal | None] = mapped_column(Computed(STATED, persisted=True))
    stated_in: Mapped[str | None] = mapped_column(Computed(STATED_IN, persisted=True))
    bound_until: Mapped[str | None] = mapped_column(Computed(BOUND_UNTIL, persisted=True))

    # The customer buys it from us.
    ours: Mapped[str] = mapped_column(default="unknown")
    ours_since: Mapped[date | None]
    ours_quantity: Mapped[Decimal | None]
    ours_annual_value: Mapped[Decimal | None]
    ours_currency: Mapped[str | None]
    ours_source: Mapped[str | None]
    ours_confirmed: Mapped[bool | None]
    ours_by: Mapped[str | None]
    ours_at: Mapped[datetime | None]

    # It buys it from these: name, annual_value {amount, currency}, contract_end, since.
    competitors: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    competitors_source: Mapped[str | None]
    competitors_confirmed: Mapped[bool | None]
    competitors_by: Mapped[str | None]
    competitors_at: Mapped[datetime | None]

    # It needs it, or does not.
    need: Mapped[str] = mapped_column(default="unknown")
    need_value: Mapped[Decimal | None]
    need_currency: Mapped[str | None]
    need_by_when: Mapped[date | None]
    need_reason: Mapped[str | None]
    need_recheck_on: Mapped[date | None]
    need_evidence: Mapped[str | None]
    need_source: Mapped[str | None]
    need_confirmed: Mapped[bool | None]
    need_by: Mapped[str | None]
    need_at: Mapped[datetime | None]

    # It knows that we sell it.
    aware: Mapped[str] = mapped_column(default="unknown")
    aware_since: Mapped[date | None]
    aware_source: Mapped[str | None]
    aware_confirmed: Mapped[bool | None]
    aware_by: Mapped[str | None]
    aware_at: Mapped[datetime | None]

    # It could use it at all.
    applicable: Mapped[bool] = mapped_column(default=True)
    applicable_source: Mapped[str | None]
    applicable_confirmed: Mapped[bool | None]
    applicable_by: Mapped[str | None]
    applicable_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        link("product_id", "products"),
        *(CheckConstraint(f"{name} IN {ANSWERS}", name=f"{name}_known") for name in ANSWERED),
        *(provenance(facet) for facet in FACETS),
        CheckConstraint("ours_quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("ours_annual_value >= 0 AND need_value >= 0", name="not_negative"),
        CheckConstraint(
            "num_nulls(ours_annual_value, ours_currency) <> 1"
            " AND num_nulls(need_value, need_currency) <> 1",
            name="values_have_currency",
        ),
        Index(None, "workspace_id", "status", "account_id"),
        Index(None, "workspace_id", "product_id", "status"),
        # The few whose value or chance depends on the day.
        Index(None, "workspace_id", "stated_in"),
        Index(
            "cells_bound_idx",
            "workspace_id",
            "bound_until",
            postgresql_where=text("bound_until IS NOT NULL"),
        ),
        Index(
            "cells_rivals_idx",
            "workspace_id",
            "status",
            postgresql_where=text("competitors <> '[]'::jsonb"),
        ),
    )


class CellCount(Owned):
    """How many cells of an account show what: a copy, made anew with every change of them, so that
    the whole matrix is summed up from one row for each account.

    `filed`: the segment under which the sums of the matrix hold them ('' for none), null where they
    do not. It follows the account's segment in time; see `app.domain.ledger.filing`.
    """

    __tablename__ = "cell_counts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    buys: Mapped[int]
    competitor: Mapped[int]
    need: Mapped[int]
    no_need: Mapped[int]
    na: Mapped[int]
    filed: Mapped[str | None]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
    )


class CellChange(Owned):
    """A facet of a cell as it was before and after somebody, or something, spoke of it."""

    __tablename__ = "cell_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    product_id: Mapped[UUID]
    facet: Mapped[str]
    recorded_at: Mapped[datetime]
    # Since when it is true, as far as that was known.
    at: Mapped[datetime]
    by: Mapped[str]
    source: Mapped[str]
    confirmed: Mapped[bool]
    # The deal or the file that the change follows from.
    opportunity_id: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any]]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        link("product_id", "products"),
        link("opportunity_id", "opportunities"),
        link("import_id", "imports"),
        Index(None, "workspace_id", "account_id", "product_id", "id"),
    )


class CellConflict(Owned):
    """What a deal or a file says of a facet that a person had confirmed otherwise."""

    __tablename__ = "cell_conflicts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    product_id: Mapped[UUID]
    facet: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    source: Mapped[str]
    opportunity_id: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    said: Mapped[dict[str, Any]]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        link("product_id", "products"),
        link("opportunity_id", "opportunities"),
        link("import_id", "imports"),
        Index(None, "workspace_id", "at", "id"),
        # The latest claim of each facet; confirming the facet ends it.
        Index(
            "cell_conflicts_facet_key",
            "workspace_id",
            "account_id",
            "product_id",
            "facet",
            unique=True,
        ),
    )


class Mark(Versioned):
    """An occasion at a customer, or at one of its cells, that asks somebody for something."""

    __tablename__ = "marks"

    account_id: Mapped[UUID]
    product_id: Mapped[UUID | None]
    kind: Mapped[str]
    owner_id: Mapped[UUID | None]
    due_on: Mapped[date]
    note: Mapped[str | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        link("product_id", "products"),
        link("owner_id", "people"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
        Index(
            "marks_due_idx",
            "workspace_id",
            "due_on",
            "id",
            postgresql_where=text("deleted_at IS NULL AND done_at IS NULL"),
        ),
        Index(None, "workspace_id", "account_id"),
    )
