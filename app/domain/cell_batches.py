"""Many cells in one request: together, or each alone."""

from collections.abc import Iterator, Sequence

from app.core.errors import Fault, Problem
from app.core.work import Work
from app.domain import cells
from app.domain.cells import Change, Voice, Written
from app.schemas.batches import BatchMode, ItemProblemOut, faults_of
from app.schemas.cells import CellIn
from app.schemas.matrix import CellResultOut, CellsOut, CellsQuery

CREATED, THERE = 201, 200

Outcome = Written | Problem


async def put(work: Work, sent: Sequence[CellIn | Problem], asked: CellsQuery) -> CellsOut:
    """What became of every cell, in order; the problem of the first where one takes back all.

    A dry run does all of it and takes it back.
    """
    together = asked.mode is BatchMode.ALL_OR_NOTHING
    changes = [_change(each) for each in sent if isinstance(each, CellIn)]
    trial = await work.db.begin_nested()
    voice = Voice(asked.source, asked.confirmed)
    written = iter(await cells.write(work, changes, voice, together=together))
    outcomes = [each if isinstance(each, Problem) else next(written) for each in sent]
    failed = {i: each for i, each in enumerate(outcomes) if isinstance(each, Problem)}
    if failed and together:
        raise _together(failed)
    await (trial.rollback() if asked.dry_run else trial.commit())
    return _told(work, outcomes, dry_run=asked.dry_run)


def _change(cell: CellIn) -> Change:
    return Change(cell.account_id, cell.product_id, cell.said, version=cell.version)


def _together(failed: dict[int, Problem]) -> Problem:
    """The problem of the first item, with the faults of all of them."""
    index, first = next(iter(failed.items()))
    first.faults = [fault for i, each in failed.items() for fault in _faults(i, each)]
    first.detail = f"Nothing was written. Item {index}: {first.detail}"
    first.extra = first.extra | {"index": index}
    first.more_headers = {}
    return first


def _faults(index: int, problem: Problem) -> Iterator[Fault]:
    """With pointers into the list that was sent."""
    plain: Fault = {"pointer": "", "code": problem.code, "detail": problem.detail}
    for fault in problem.faults or [plain]:
        yield {**fault, "pointer": f"/{index}{fault.get('pointer', '')}"}


def _told(work: Work, outcomes: Sequence[Outcome], *, dry_run: bool) -> CellsOut:
    done = [each for each in outcomes if isinstance(each, Written)]
    return CellsOut(
        dry_run=dry_run,
        created=sum(each.fresh and bool(each.changed) for each in done),
        changed=sum(not each.fresh and bool(each.changed) for each in done),
        unchanged=sum(not each.changed for each in done),
        failed=len(outcomes) - len(done),
        results=[_result(work, i, each, dry_run=dry_run) for i, each in enumerate(outcomes)],
    )


def _result(work: Work, index: int, outcome: Outcome, *, dry_run: bool) -> CellResultOut:
    if isinstance(outcome, Problem):
        faults = faults_of(list(_faults(index, outcome)))
        problem = ItemProblemOut.model_validate(outcome.body(work.language) | {"errors": faults})
        return CellResultOut(
            index=index,
            status=outcome.status,
            version=None,
            changed=[],
            conflicts=[],
            problem=problem,
        )
    return CellResultOut.model_validate(
        {
            "index": index,
            "status": CREATED if outcome.fresh else THERE,
            "version": None if dry_run else outcome.version or None,
            "changed": outcome.changed,
            "conflicts": outcome.conflicts,
            "problem": None,
        }
    )
