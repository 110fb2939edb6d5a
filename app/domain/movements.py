"""What happens to an opportunity: each is one event, checked, written, and followed through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import aliased

from app.core.errors import (
    EvidenceRequired,
    Fault,
    Invalid,
    MilestoneOrder,
    NotFound,
    OpportunityClosed,
)
from app.core.work import Work
from app.domain import business, order_lines, pipeline, processes, replay
from app.domain.milestones import milestones_of
from app.domain.opportunities import record
from app.schemas.events import (
    BallIn,
    CriterionIn,
    DuplicateIn,
    Evidence,
    ExitIn,
    ExitKind,
    HoldIn,
    MoveIn,
    ReachIn,
    RegressIn,
    ReopenIn,
    ResumeIn,
    ReviewIn,
    ReviveIn,
    VerifyIn,
    VoidIn,
    amount_of,
)
from app.schemas.opportunities import OpportunityOut, Status
from app.tables import Criterion, Event, ExitReason, Milestone, Opportunity


async def reach(work: Work, id: UUID, told: ReachIn) -> OpportunityOut:
    """The customer reached a milestone; milestones in between are implied at the same instant."""
    row = await _open(work, id, won_too=True)
    milestones = await milestones_of(work, row.version_id)
    milestone = _named(milestones, told.milestone)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    _may_skip(row, milestones, milestone)
    if milestone.evidence_policy == "required" and not told.evidence:
        raise EvidenceRequired(
            f"Reaching {milestone.key!r} needs evidence: what can be shown for the customer's act?",
            faults=[_fault("/evidence", "evidence_required", "at least one piece of evidence")],
        )
    lines = await order_lines.read(work, told, is_order=milestone.is_order)
    if row.position == 0:
        await business.decide(work, ids=[id])
    value, currency = order_lines.total(lines) or amount_of(told.amount)
    kind = "ordered" if milestone.is_order else "reached"
    event = {"milestone_id": milestone.id, "value": value, "currency": currency, "lines": lines}
    return await _tell(work, row, kind, moment, **event, **_act(told))


async def meet_criterion(work: Work, id: UUID, told: CriterionIn) -> OpportunityOut:
    """A smaller step inside the section the opportunity is in."""
    row = await _open(work, id)
    query = select(Criterion).where(
        Criterion.workspace_id == work.workspace_id,
        Criterion.milestone_id == row.milestone_id,
        Criterion.key == told.criterion,
    )
    criterion = await work.one(query)
    if criterion is None:
        detail = f"the section the opportunity is in has no criterion {told.criterion!r}"
        raise Invalid.at("/criterion", "unknown_criterion", detail)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    said = {"criterion_id": criterion.id, "milestone_id": row.milestone_id}
    return await _tell(work, row, "criterion_met", moment, **said, **_act(told))


async def exit(work: Work, id: UUID, told: ExitIn) -> OpportunityOut:
    """The opportunity is over without an order, in the section it is in, for a reason."""
    row = await _open(work, id)
    await _reason_fits(work, row, told)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    said = {
        "exit_kind": told.kind.value,
        **told.model_dump(include={"reason", "note", "competitor"}),
    }
    seen = await _tell(work, row, "exited", moment, milestone_id=row.milestone_id, **said)
    return _not_overtaken(seen, closed=True)


async def merge(work: Work, id: UUID, told: DuplicateIn) -> OpportunityOut:
    """There were two of it: this one is over as a duplicate, and the other goes on."""
    if told.into == id:
        raise Invalid.at("/into", "itself", "an opportunity is no duplicate of itself")
    for each in sorted((id, told.into)):  # in one order: two merges must not wait for each other
        await _locked(work, each)
    row = await _open(work, id)
    await _open(work, told.into, won_too=True)
    exited = ExitIn(kind=ExitKind.DUPLICATE, reason=told.reason, note=told.note)
    await _reason_fits(work, row, exited)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    said = {"exit_kind": exited.kind.value, "duplicate_of": told.into, "note": told.note}
    seen = await _tell(
        work, row, "exited", moment, milestone_id=row.milestone_id, reason=told.reason, **said
    )
    return _not_overtaken(seen, closed=True)


async def review(work: Work, id: UUID, told: ReviewIn) -> OpportunityOut:
    """It was talked about. No clock is touched: the customer has done nothing."""
    row = await _open(work, id)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    return await _tell(work, row, "reviewed", moment, note=told.note)


async def regress(work: Work, id: UUID, told: RegressIn) -> OpportunityOut:
    """The customer took a step back. What arrived before stays arrived."""
    row = await _open(work, id)
    milestone = _named(await milestones_of(work, row.version_id), told.milestone)
    if milestone.position >= row.position:
        raise MilestoneOrder(f"{milestone.key!r} is not behind where the opportunity stands.")
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    said = {"milestone_id": milestone.id, "reason": told.reason}
    return await _tell(work, row, "regressed", moment, **said)


async def void(work: Work, id: UUID, told: VoidIn) -> OpportunityOut:
    """It never happened: the arrival goes everywhere, closed periods included."""
    row = await _locked(work, id)
    milestone = _named(await milestones_of(work, row.version_id), told.milestone)
    reached_id = await _told_as(work, row, milestone)
    if reached_id is None:
        raise MilestoneOrder(
            f"Nobody told that {milestone.key!r} was reached; if it is implied by a later"
            " milestone, void that one."
        )
    said = {"milestone_id": reached_id, "reason": told.reason}
    return await _tell(work, row, "voided", work.now, **said)


async def verify(work: Work, id: UUID, told: VerifyIn) -> OpportunityOut:
    """A second person confirms that the customer did it."""
    row = await _locked(work, id)
    milestone = _named(await milestones_of(work, row.version_id), told.milestone)
    reached_id = await _told_as(work, row, milestone)
    if reached_id is None:
        raise MilestoneOrder(f"Nobody told that {milestone.key!r} was reached.")
    return await _tell(work, row, "verified", work.now, milestone_id=reached_id, note=told.note)


async def hold(work: Work, id: UUID, told: HoldIn) -> OpportunityOut:
    """Nothing is expected of the customer until a day; the clock stands still."""
    row = await _open(work, id)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    if told.until <= work.now:
        raise Invalid.at("/until", "in_past", "until lies in the past")
    return await _tell(work, row, "hold_started", moment, until=told.until, reason=told.reason)


async def resume(work: Work, id: UUID, told: ResumeIn) -> OpportunityOut:
    row = await _open(work, id)
    if row.held_since is None:
        raise OpportunityClosed("The opportunity is not on hold.")
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    return await _tell(work, row, "hold_ended", moment, note=told.note)


async def pass_ball(work: Work, id: UUID, told: BallIn) -> OpportunityOut:
    """Who owes the next step from now on. No clock is touched: the customer has done nothing."""
    row = await _open(work, id)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    said = {"ball": told.ball.value, "note": told.note}
    return await _tell(work, row, "ball_passed", moment, **said)


async def reopen(work: Work, id: UUID, told: ReopenIn) -> OpportunityOut:
    """The exit was a mistake; for rates it never was."""
    row = await _exited(work, id)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    seen = await _tell(work, row, "reopened", moment, reason=told.reason)
    return _not_overtaken(seen, closed=False)


async def revive(work: Work, id: UUID, told: ReviveIn) -> OpportunityOut:
    """The customer came back: where it was, with a new clock."""
    row = await _exited(work, id)
    moment = _moment(work, row, told.occurred_at, backdate=told.backdate)
    seen = await _tell(work, row, "revived", moment, act=told.act.value, what=told.what)
    return _not_overtaken(seen, closed=False)


async def move(work: Work, id: UUID, told: MoveIn) -> OpportunityOut:
    """Into another process, or the newest version of its own: neither a win nor a loss."""
    row = await _open(work, id)
    process = await processes.resolve(work, told.process_id)
    version = await processes.current_version(work, process.id)
    if version.id == row.version_id:
        raise MilestoneOrder("The opportunity is in the newest version of this process already.")
    milestone = await _counterpart(work, row, version.id, told.milestone)
    said = {"version_id": version.id, "milestone_id": milestone.id if milestone else None}
    return await _tell(work, row, "moved_process", work.now, **said)


async def _locked(work: Work, id: UUID) -> Row[Any]:
    """The opportunity, and nobody else changes it until this transaction ends."""
    row = await work.one(
        work.rows(Opportunity).where(Opportunity.id == id).with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound(f"There is no opportunity {id}.")
    return row


async def _open(work: Work, id: UUID, *, won_too: bool = False) -> Row[Any]:
    row = await _locked(work, id)
    if row.status == "exited":
        raise OpportunityClosed("The opportunity was given up; reopen or revive it first.")
    if row.status == "won" and not won_too:
        raise OpportunityClosed("The opportunity is won; void the order if it never was.")
    return row


async def _exited(work: Work, id: UUID) -> Row[Any]:
    row = await _locked(work, id)
    if row.status != "exited":
        raise OpportunityClosed("The opportunity has not been given up.")
    return row


async def _tell(
    work: Work,
    row: Row[Any],
    kind: str,
    occurred_at: datetime,
    **said: Any,
) -> OpportunityOut:
    lines: Sequence[order_lines.Line] = said.pop("lines", ())
    event_id = await record(work, row.id, kind=kind, occurred_at=occurred_at, **said)
    await order_lines.keep(work, row.id, event_id, lines)
    await replay.derive(work, ids=[row.id])
    return await pipeline.read(work, row.id)


def _not_overtaken(seen: OpportunityOut, *, closed: bool) -> OpportunityOut:
    """What is told of an earlier moment must not be undone already by what happened since."""
    if (seen.status == Status.EXITED) is not closed:
        detail = "something happened later that says otherwise; see the history"
        raise Invalid.at("/occurred_at", "overtaken", detail)
    return seen


def _moment(work: Work, row: Row[Any], told: datetime | None, *, backdate: bool) -> datetime:
    moment = told or work.now
    if moment > work.now:
        raise Invalid.at("/occurred_at", "in_future", "occurred_at lies in the future")
    if moment < row.created_at and not backdate:
        detail = "occurred_at is before the opportunity was created; send backdate=true if so"
        raise Invalid.at("/occurred_at", "before_creation", detail)
    return moment


def _named(milestones: Sequence[Row[Any]], key: str) -> Row[Any]:
    found = next((milestone for milestone in milestones if milestone.key == key), None)
    if found is None:
        known = ", ".join(milestone.key for milestone in milestones)
        detail = f"this process version has no milestone {key!r}; it has {known}"
        raise Invalid.at("/milestone", "unknown_milestone", detail)
    return found


def _may_skip(row: Row[Any], milestones: Sequence[Row[Any]], milestone: Row[Any]) -> None:
    between = milestones[row.position : milestone.position - 1]
    fixed = next((each for each in between if not each.skippable), None)
    if fixed is not None:
        raise MilestoneOrder(f"{fixed.key!r} cannot be skipped; tell first that it was reached.")


def _act(told: ReachIn | CriterionIn) -> dict[str, Any]:
    evidence: list[Evidence] = told.evidence
    return {
        "act": told.act.value if told.act else None,
        "what": told.what,
        "evidence": [each.model_dump(exclude_none=True) for each in evidence] or None,
    }


async def _reason_fits(work: Work, row: Row[Any], told: ExitIn) -> None:
    """A section that names reasons for this kind of exit gets one of them, by key."""
    if row.milestone_id is None:
        return
    query = select(ExitReason).where(
        ExitReason.workspace_id == work.workspace_id, ExitReason.milestone_id == row.milestone_id
    )
    reasons = [each.key for each in await work.all(query) if each.kind == told.kind.value]
    if reasons and told.reason not in reasons:
        code = "missing" if told.reason is None else "unknown_reason"
        detail = f"the reasons for {told.kind.value!r} in this section are {', '.join(reasons)}"
        raise Invalid.at("/reason", code, detail)


async def _told_as(work: Work, row: Row[Any], milestone: Row[Any]) -> UUID | None:
    """As which milestone this one was told last, in whatever version of the process it was."""
    voided = aliased(Event)
    later = exists().where(
        voided.workspace_id == work.workspace_id,
        voided.opportunity_id == row.id,
        voided.kind == "voided",
        voided.milestone_id == Event.milestone_id,
        voided.id > Event.id,
    )
    reverted = aliased(Event)
    undone = exists().where(
        reverted.workspace_id == work.workspace_id,
        reverted.opportunity_id == row.id,
        reverted.kind == "reverted",
        reverted.import_id == Event.import_id,
    )
    query = (
        work.rows(Milestone)
        .with_only_columns(Milestone.id)
        .join(
            Event,
            (Event.workspace_id == work.workspace_id) & (Event.milestone_id == Milestone.id),
        )
        .where(Event.opportunity_id == row.id, Event.kind.in_(("reached", "ordered")))
        .where(~later, ~undone)
        .where(Milestone.lineage_id == milestone.lineage_id)
        .order_by(Event.id.desc())
    )
    found: UUID | None = await work.db.scalar(query.limit(1))
    return found


async def _counterpart(
    work: Work, row: Row[Any], version_id: UUID, wanted: str | None
) -> Row[Any] | None:
    """Where the opportunity stands in the other version: as told, else by lineage, else by key."""
    there = await milestones_of(work, version_id)
    if wanted is not None:
        milestone = _named(there, wanted)
        if milestone.is_order:  # whoever stood there without an order could never win any more
            detail = "only an order brings a deal to the order; move it, then tell it was ordered"
            raise Invalid.at("/milestone", "is_the_order", detail)
        return milestone
    if row.position == 0:
        return None
    here = (await milestones_of(work, row.version_id))[row.position - 1]
    for same in ("lineage_id", "key"):
        for milestone in there[:-1]:
            if getattr(milestone, same) == getattr(here, same):
                return milestone
    detail = f"nothing there corresponds to {here.key!r}; say where it stands"
    raise Invalid.at("/milestone", "missing", detail)


def _fault(pointer: str, code: str, detail: str) -> Fault:
    return {"pointer": pointer, "code": code, "detail": detail}
