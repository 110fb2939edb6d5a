"""Many opportunities in one request: together or each alone, derived once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.core.errors import (
    Conflict,
    ExternalIdTaken,
    Fault,
    Invalid,
    LockTimeout,
    NotFound,
    Problem,
)
from app.core.refusals import problem_of
from app.core.work import Work
from app.domain.entries import enter, follow
from app.domain.upserts import revise, standing
from app.schemas.batches import BatchMode, BatchOut, BatchResultOut, ItemProblemOut, faults_of
from app.schemas.opportunities import OpportunityIn
from app.tables import Opportunity

CREATED, THERE = 201, 200


@dataclass(frozen=True, slots=True)
class Done:
    id: UUID
    fresh: bool
    changed: bool


Outcome = Done | Problem
Items = dict[int, OpportunityIn]


@dataclass(frozen=True, slots=True)
class Wishes:
    mode: BatchMode
    upsert: bool
    dry_run: bool


async def write(work: Work, sent: Sequence[OpportunityIn | Problem], wishes: Wishes) -> BatchOut:
    """What became of every item, in order; the problem of the first where one takes back all.

    A dry run does all of it and takes it back.
    """
    trial = await work.db.begin_nested()
    outcomes: dict[int, Outcome] = {
        index: each for index, each in enumerate(sent) if isinstance(each, Problem)
    }
    items = {index: each for index, each in enumerate(sent) if isinstance(each, OpportunityIn)}
    outcomes |= await _each(work, items, upsert=wishes.upsert)
    failed = {i: each for i, each in sorted(outcomes.items()) if isinstance(each, Problem)}
    if failed and wishes.mode is BatchMode.ALL_OR_NOTHING:
        raise together(failed)
    done = [each for each in outcomes.values() if isinstance(each, Done)]
    await follow(work, list({each.id for each in done if each.fresh or each.changed}))
    versions = await _versions(work, [each.id for each in done])
    await (trial.rollback() if wishes.dry_run else trial.commit())
    return _told(work, outcomes, versions, dry_run=wishes.dry_run)


async def _each(work: Work, items: Items, *, upsert: bool) -> dict[int, Outcome]:
    """All in one go. Should the database refuse what no check foresaw, halves tell which it was."""
    if not items:
        return {}
    try:
        async with work.db.begin_nested():
            return await _together_written(work, items, upsert=upsert)
    except DBAPIError as error:
        problem = problem_of(error)
        own = isinstance(problem, Invalid | NotFound | Conflict)
        if problem is None or not own or isinstance(problem, LockTimeout):
            raise
        if len(items) == 1:
            return dict.fromkeys(items, problem)
    order = sorted(items)
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    found: dict[int, Outcome] = {}
    for half in halves:
        found |= await _each(work, {index: items[index] for index in half}, upsert=upsert)
    return found


async def _together_written(work: Work, items: Items, *, upsert: bool) -> dict[int, Outcome]:
    if not upsert:
        return await _entered(work, items)
    nameless = {i: _nameless() for i, each in items.items() if each.external_id is None}
    named = {i: each for i, each in items.items() if i not in nameless}
    known = await standing(work, [_place(each) for each in named.values()])
    fresh = {i: each for i, each in named.items() if _place(each) not in known}
    entered = await _entered(work, fresh)
    # Twice in this batch, or created by somebody else just now: there is one to change.
    late = {i: fresh[i] for i, each in entered.items() if isinstance(each, ExternalIdTaken)}
    known |= await standing(work, [_place(each) for each in late.values()])
    # One that is somebody else's and not shown is not there: its id stays taken.
    there = {
        i: each
        for i, each in named.items()
        if i not in fresh or (i in late and _place(each) in known)
    }
    return nameless | entered | await _revised(work, there, known)


async def _entered(work: Work, items: Items) -> dict[int, Outcome]:
    made = await enter(work, list(items.values()))
    return {
        index: each if isinstance(each, Problem) else Done(each, fresh=True, changed=True)
        for index, each in zip(items, made, strict=True)
    }


async def _revised(
    work: Work, items: Items, known: dict[tuple[str, str], Any]
) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    # By id, so that two batches do not wait for each other.
    for index, each in sorted(items.items(), key=lambda item: (known[_place(item[1])].id, item[0])):
        row = known[_place(each)]
        try:
            async with work.db.begin_nested():
                changed = await revise(work, row, each)
        except Problem as problem:
            found[index] = problem
        else:
            found[index] = Done(row.id, fresh=False, changed=changed)
            if changed:
                known |= await standing(work, [_place(each)])
    return found


def _place(wanted: OpportunityIn) -> tuple[str, str]:
    return wanted.source, wanted.external_id or ""


def _nameless() -> Outcome:
    return Invalid.at("/external_id", "missing", "an upsert knows its object by the external id")


async def _versions(work: Work, ids: Sequence[UUID]) -> dict[UUID, int]:
    own = (Opportunity.workspace_id == work.workspace_id, Opportunity.id.in_(ids))
    columns: tuple[Any, ...] = (Opportunity.id, Opportunity.version)
    rows = await work.all(select(*columns).where(*own)) if ids else []
    return {row.id: row.version for row in rows}


def together(failed: dict[int, Problem]) -> Problem:
    """The problem of the first item, with the faults of all of them."""
    index, first = next(iter(failed.items()))
    first.faults = [fault for i, each in failed.items() for fault in faults_at(i, each)]
    first.detail = f"Nothing was written. Item {index}: {first.detail}"
    first.extra = first.extra | {"index": index}
    return first


def faults_at(index: int, problem: Problem) -> list[Fault]:
    """With pointers into the body that was sent."""
    plain: Fault = {"pointer": "", "code": problem.code, "detail": problem.detail}
    return [
        fault | {"pointer": f"/items/{index}{fault.get('pointer', '')}"}
        for fault in problem.faults or [plain]
    ]


def told_of(work: Work, index: int, problem: Problem) -> ItemProblemOut:
    """What stands against one item, as its sender is told."""
    body = problem.body(work.language) | {"errors": faults_of(faults_at(index, problem))}
    return ItemProblemOut.model_validate(body)


def _told(
    work: Work, outcomes: dict[int, Outcome], versions: dict[UUID, int], *, dry_run: bool
) -> BatchOut:
    results = [
        _result(work, i, each, versions, dry_run=dry_run) for i, each in sorted(outcomes.items())
    ]
    done = [each for each in outcomes.values() if isinstance(each, Done)]
    return BatchOut(
        dry_run=dry_run,
        created=sum(each.fresh for each in done),
        changed=sum(each.changed and not each.fresh for each in done),
        unchanged=sum(not each.changed for each in done),
        failed=len(outcomes) - len(done),
        results=results,
    )


def _result(
    work: Work, index: int, outcome: Outcome, versions: dict[UUID, int], *, dry_run: bool
) -> BatchResultOut:
    if isinstance(outcome, Problem):
        problem = told_of(work, index, outcome)
        return BatchResultOut(
            index=index, status=outcome.status, id=None, version=None, problem=problem
        )
    gone = dry_run and outcome.fresh
    return BatchResultOut(
        index=index,
        status=CREATED if outcome.fresh else THERE,
        id=None if gone else outcome.id,
        version=None if dry_run else versions[outcome.id],
        problem=None,
    )
