"""Milestones: how a version's are checked, stored and read as one document."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, Text, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core.errors import Fault, Invalid
from app.core.ids import uuid7
from app.core.work import Work
from app.schemas.milestones import MilestoneIn, MilestoneOut
from app.schemas.rates import rate_out
from app.tables import Criterion, ExitReason, Milestone

# What describes the section that begins at a milestone; at the order none begins.
SECTION_FIELDS = (
    "target_rate",
    "target_retention",
    "typical_days",
    "stale_after_days",
    "exit_reasons",
    "criteria",
)


async def milestones_of(work: Work, version_id: UUID) -> Sequence[Row[Any]]:
    """The milestones of a process version, first to last; the last one is the order."""
    query = work.rows(Milestone).where(Milestone.version_id == version_id)
    return await work.all(query.order_by(Milestone.position))


async def exit_reasons_of(work: Work, version_id: UUID) -> Sequence[Row[Any]]:
    """Every exit reason of a version, by section; `milestone_id` says where the section begins."""
    joined = work.rows(ExitReason).join(
        Milestone,
        (Milestone.workspace_id == ExitReason.workspace_id)
        & (Milestone.id == ExitReason.milestone_id),
    )
    chosen = joined.where(Milestone.version_id == version_id)
    return await work.all(chosen.order_by(Milestone.position, ExitReason.position))


def section_rate(row: Row[Any]) -> Fraction | None:
    """The target rate of the section that begins at this milestone, exactly as it was stated."""
    if row.target_rate_num is None:
        return None
    return Fraction(int(row.target_rate_num), int(row.target_rate_den))


def documents(work: Work) -> Select[Any]:
    """Milestones with their exit reasons and criteria inside, one row each."""
    return work.rows(Milestone).add_columns(
        _nested(
            ExitReason,
            key=ExitReason.key,
            name=ExitReason.name,
            kind=ExitReason.kind,
            recoverable=ExitReason.recoverable,
        ).label("exit_reasons"),
        # As text: a JSON number would pass through a binary fraction.
        _nested(
            Criterion, key=Criterion.key, name=Criterion.name, weight=cast(Criterion.weight, Text)
        ).label("criteria"),
    )


def document(row: Row[Any]) -> MilestoneOut:
    """One row of `documents` as the world sees it."""
    return MilestoneOut.model_validate(fields_of(row))


def fields_of(row: Row[Any]) -> dict[str, Any]:
    """A row of `documents` by field name, its numbers written as the world sees them."""
    rate, retention = section_rate(row), row.target_retention
    numbers = {
        "target_rate": None if rate is None else rate_out(rate),
        "target_rate_exact": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "target_retention": None if retention is None else f"{retention:f}",
    }
    return dict(row._mapping) | numbers  # noqa: SLF001 - the public way to columns by name


def check(definitions: Sequence[MilestoneIn]) -> None:
    """Refuse what does not fit together within a process, each fault with its place."""
    faults = [
        *_repeated("/milestones", definitions),
        *(
            fault
            for index, one in enumerate(definitions)
            for name in ("exit_reasons", "criteria")
            for fault in _repeated(f"/milestones/{index}/{name}", getattr(one, name))
        ),
        *_sections_after_the_order(definitions),
    ]
    if faults:
        raise Invalid(faults[0]["detail"], faults=faults)


async def store(
    work: Work, version_id: UUID, definitions: Sequence[MilestoneIn], lineages: Sequence[UUID]
) -> None:
    """Write the milestones of a new version, in a fixed number of statements."""
    made = [(uuid7(), definition) for definition in definitions]
    pairs = enumerate(zip(made, lineages, strict=True), start=1)
    home = {"workspace_id": work.workspace_id}
    milestones = [
        home
        | _values(definition)
        | {
            "id": id,
            "version_id": version_id,
            "lineage_id": lineage,
            "position": position,
            "is_order": position == len(definitions),
        }
        for position, ((id, definition), lineage) in pairs
    ]
    reasons = [home | part for id, one in made for part in _parts(id, one.exit_reasons)]
    criteria = [home | part for id, one in made for part in _parts(id, one.criteria)]
    for table, rows in ((Milestone, milestones), (ExitReason, reasons), (Criterion, criteria)):
        if rows:
            await work.db.execute(insert(table).values(rows))


def _nested(table: type[ExitReason | Criterion], **columns: Any) -> ScalarSelect[Any]:
    pairs = [part for name, column in columns.items() for part in (literal(name), column)]
    whole = func.jsonb_agg(func.jsonb_build_object(*pairs), type_=JSONB)
    rows = (
        select(func.coalesce(whole.aggregate_order_by(table.position), literal([], JSONB)))
        .where(table.workspace_id == Milestone.workspace_id, table.milestone_id == Milestone.id)
        .correlate(Milestone)
    )
    return rows.scalar_subquery()


def _repeated(pointer: str, named: Sequence[Any]) -> Iterator[Fault]:
    seen = set()
    for index, one in enumerate(named):
        if one.key in seen:
            detail = f"the key {one.key!r} is there twice"
            yield {"pointer": f"{pointer}/{index}/key", "code": "repeated_key", "detail": detail}
        seen.add(one.key)


def _sections_after_the_order(definitions: Sequence[MilestoneIn]) -> Iterator[Fault]:
    order, index = definitions[-1], len(definitions) - 1
    detail = "the last milestone is the order: no section begins there"
    for name in SECTION_FIELDS:
        if getattr(order, name):
            pointer = f"/milestones/{index}/{name}"
            yield {"pointer": pointer, "code": "not_on_the_order", "detail": detail}


def _values(definition: MilestoneIn) -> dict[str, Any]:
    """The columns a definition states by itself."""
    rate = definition.target_rate
    stated = definition.model_dump(
        include=set(MilestoneIn.model_fields) - {"target_rate", "exit_reasons", "criteria"},
    )
    return stated | {
        "evidence_policy": definition.evidence_policy.value,
        "target_rate_num": rate.numerator if rate else None,
        "target_rate_den": rate.denominator if rate else None,
    }


def _parts(milestone_id: UUID, parts: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for position, part in enumerate(parts, start=1):
        place = {"id": uuid7(), "milestone_id": milestone_id, "position": position}
        yield place | part.model_dump()
