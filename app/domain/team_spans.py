"""Memberships as stretches of days, to be joined: in which team somebody was on a day."""

from datetime import date
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Subquery, and_, func, or_, select

from app.core.work import Work
from app.tables import Membership, Team


def spans(work: Work) -> Subquery:
    """Memberships with the day they end: the next one's beginning."""
    following = func.lead(Membership.since).over(
        partition_by=Membership.person_id, order_by=Membership.since
    )
    return (
        work.rows(Membership)
        .with_only_columns(
            Membership.person_id, Membership.team_id, Membership.since, following.label("until")
        )
        .subquery("spans")
    )


def member(
    spans: Subquery, person_id: ColumnElement[UUID | None], day: ColumnElement[date]
) -> ColumnElement[bool]:
    """Whether a stretch is that of this person on this day."""
    return and_(
        spans.c.person_id == person_id,
        spans.c.since <= day,
        or_(spans.c.until.is_(None), day < spans.c.until),
    )


def team_and_below(work: Work, id: UUID) -> CTE:
    """Deleted teams too: what arrived in their time stays with the team above."""
    here = Team.workspace_id == work.workspace_id
    tree = select(Team.id).where(here, Team.id == id).cte(recursive=True)
    return tree.union(select(Team.id).where(here).join(tree, Team.parent_id == tree.c.id))
