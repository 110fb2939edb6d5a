"""Processes: the versions in which an organisation said how its customers come to buy."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import aliased

from app.core.errors import InUse, Invalid, NotFound
from app.core.ids import uuid7
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.lessons import calling
from app.domain.lineages import lineages
from app.domain.lint import lint, told
from app.domain.milestones import check, document, documents, milestones_of, store
from app.domain.policies import STATED, keep
from app.domain.templates import definitions
from app.schemas.base import Listing
from app.schemas.milestones import MilestoneIn, MilestoneOut
from app.schemas.processes import (
    ProcessChange,
    ProcessIn,
    ProcessOut,
    StalePolicy,
    VersionIn,
    VersionOut,
)
from app.tables import Milestone, Opportunity, Process, ProcessVersion

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def resolve(work: Work, wanted: str | UUID) -> Row[Any]:
    """The process with this id or key; 404 when there is none here."""
    if isinstance(wanted, UUID) or _ID.fullmatch(wanted):
        return await work.get(Process, UUID(str(wanted)))
    row = await work.one(work.rows(Process).where(Process.key == wanted))
    if row is None:
        raise NotFound(f"There is no process {wanted}.")
    return row


async def current_version(work: Work, process_id: UUID) -> Row[Any]:
    """The newest published version (a row of `ProcessVersion`)."""
    return (await work.all(_versions(work, process_id).limit(1)))[0]


async def version_at(work: Work, process_id: UUID, moment: datetime) -> Row[Any]:
    """The version in force at an instant; before the first publication, the first."""
    in_force = ProcessVersion.published_at <= moment
    ranked = work.rows(ProcessVersion).where(ProcessVersion.process_id == process_id)
    number = ProcessVersion.number
    nearest = ranked.order_by(in_force.desc(), case((in_force, -number), else_=number))
    return (await work.all(nearest.limit(1)))[0]


async def create(work: Work, wanted: ProcessIn) -> ProcessOut:
    """A new process, published as version 1 at once."""
    if _ID.fullmatch(wanted.key):
        raise Invalid.at("/key", "key_looks_like_an_id", "a key must not look like an id")
    milestones = _milestones(work, wanted)
    process = await work.add(
        Process,
        key=wanted.key,
        name=wanted.name,
        market=wanted.market,
        currency=wanted.currency or work.home.currency,
        stale_policy=wanted.stale_policy.value,
        grace_days=wanted.grace_days,
        criteria_reset=wanted.criteria_reset,
    )
    await keep(work, process)
    fresh = [uuid7() for _ in milestones]
    await _publish(work, process.id, 1, milestones, fresh)
    return await read(work, process.id)


async def publish(work: Work, wanted_process: str | UUID, wanted: VersionIn) -> ProcessOut:
    """A new version from now on. What was published before stays as it is."""
    process = await resolve(work, wanted_process)
    # The row is locked from here on: two publications at once get two numbers.
    await work.change(Process, process.id, None)
    before = await current_version(work, process.id)
    continued = lineages(wanted.milestones, await milestones_of(work, before.id))
    await _publish(work, process.id, before.number + 1, wanted.milestones, continued)
    await calling.call(work)
    return await read(work, process.id)


async def read(work: Work, wanted: str | UUID, number: int | None = None) -> ProcessOut:
    """The whole definition: the newest version, or the one with this number."""
    process = await resolve(work, wanted)
    shown = current = await current_version(work, process.id)
    if number is not None and number != current.number:
        chosen = _versions(work, process.id).where(ProcessVersion.number == number)
        found = await work.one(chosen)
        if found is None:
            raise NotFound(f"The process {process.key} has no version {number}.")
        shown = found
    milestones = await _documents(work, [shown.id])
    return _seen(work, process, current.number, shown, milestones.get(shown.id, []))


async def find(work: Work, asked: Listing) -> Page:
    """Processes by key, each as its newest version, in two statements."""
    query = work.rows(Process).add_columns(
        ProcessVersion.id.label("version_id"),
        ProcessVersion.number,
        ProcessVersion.published_at,
        ProcessVersion.warnings,
    )
    newest = query.join(ProcessVersion, _of_process()).where(_newest())
    order = Order("key", Process.key, Process.id)
    found = await page(work, newest, order, asked)
    milestones = await _documents(work, [row.version_id for row in found.data])
    seen = [
        _seen(work, row, row.number, row, milestones.get(row.version_id, [])) for row in found.data
    ]
    return Page(seen, found.next_cursor)


async def change(
    work: Work, wanted: str | UUID, version: int, wanted_change: ProcessChange
) -> ProcessOut:
    process = await resolve(work, wanted)
    stated = wanted_change.model_dump(exclude_unset=True)
    changed = await work.change(Process, process.id, version, **stated)
    if STATED & stated.keys():
        await keep(work, changed)
    return await read(work, process.id)


async def remove(work: Work, wanted: str | UUID, version: int) -> None:
    """Take a process out of use; `InUse` while anything is open in it."""
    process = await resolve(work, wanted)
    # FOR UPDATE waits for those who are just putting an opportunity into the process.
    await work.all(work.rows(Process).where(Process.id == process.id).with_for_update())
    still_open = work.rows(Opportunity).where(
        Opportunity.process_id == process.id, Opportunity.status == "open"
    )
    if await work.all(still_open.limit(1)):
        raise InUse(f"The process {process.key} still has open opportunities.")
    await work.remove(Process, process.id, version)


async def versions(work: Work, wanted: str | UUID, asked: Listing) -> Page:
    """Every published version of a process, newest first."""
    process = await resolve(work, wanted)
    keys = (
        select(func.array_agg(Milestone.key).aggregate_order_by(Milestone.position))
        .where(
            Milestone.workspace_id == ProcessVersion.workspace_id,
            Milestone.version_id == ProcessVersion.id,
        )
        .correlate(ProcessVersion)
        .scalar_subquery()
    )
    query = work.rows(ProcessVersion).add_columns(keys.label("milestones"))
    order = Order("number", ProcessVersion.number, ProcessVersion.id, descending=True)
    found = await page(
        work,
        query.where(ProcessVersion.process_id == process.id),
        order,
        asked,
        of=f"{process.id}{asked.asked}",
    )
    return Page([_version_seen(work, row) for row in found.data], found.next_cursor)


def _milestones(work: Work, wanted: ProcessIn) -> Sequence[MilestoneIn]:
    if (wanted.milestones is None) == (wanted.template is None):
        detail = "a process needs either milestones or a template"
        raise Invalid.at("/milestones", "milestones_or_template", detail)
    if wanted.milestones is not None:
        return wanted.milestones
    found = definitions(wanted.template or "", wanted.language or work.language)
    if found is None:
        raise Invalid.at("/template", "unknown_template", f"no template {wanted.template!r}")
    return found


async def _publish(
    work: Work,
    process_id: UUID,
    number: int,
    milestones: Sequence[MilestoneIn],
    continued: Sequence[UUID],
) -> None:
    check(milestones)
    version = await work.add(
        ProcessVersion,
        process_id=process_id,
        number=number,
        published_at=work.now,
        warnings=lint(milestones),
    )
    await store(work, version.id, milestones, continued)


def _versions(work: Work, process_id: UUID) -> Select[Any]:
    query = work.rows(ProcessVersion).where(ProcessVersion.process_id == process_id)
    return query.order_by(ProcessVersion.number.desc())


def _of_process() -> ColumnElement[bool]:
    same = ProcessVersion.workspace_id == Process.workspace_id
    return same & (ProcessVersion.process_id == Process.id)


def _newest() -> ColumnElement[bool]:
    other = aliased(ProcessVersion)
    highest = (
        select(func.max(other.number))
        .where(other.workspace_id == Process.workspace_id, other.process_id == Process.id)
        .correlate(Process)
    )
    return ProcessVersion.number == highest.scalar_subquery()


async def _documents(work: Work, version_ids: Sequence[UUID]) -> dict[UUID, list[MilestoneOut]]:
    if not version_ids:
        return {}
    query = documents(work).where(Milestone.version_id.in_(version_ids))
    found: dict[UUID, list[MilestoneOut]] = {}
    for row in await work.all(query.order_by(Milestone.position)):
        found.setdefault(row.version_id, []).append(document(row))
    return found


def _seen(
    work: Work,
    process: Row[Any],
    current: int,
    shown: Row[Any],
    milestones: list[MilestoneOut],
) -> ProcessOut:
    return ProcessOut(
        id=process.id,
        key=process.key,
        name=process.name,
        market=process.market,
        currency=process.currency,
        current_version=current,
        process_version=shown.number,
        published_at=shown.published_at,
        milestones=milestones,
        warnings=told(shown.warnings, work.language),
        stale_policy=StalePolicy(process.stale_policy),
        grace_days=process.grace_days,
        criteria_reset=process.criteria_reset,
        version=process.version,
        created_at=process.created_at,
        updated_at=process.updated_at,
    )


def _version_seen(work: Work, row: Row[Any]) -> VersionOut:
    return VersionOut(
        id=row.id,
        number=row.number,
        published_at=row.published_at,
        milestones=row.milestones,
        warnings=told(row.warnings, work.language),
    )
