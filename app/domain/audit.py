"""The audit log as it is asked for. It is written where the changes are: `app/core/audit.py`."""

from sqlalchemy import Select

from app.core.page import Order, Page, page
from app.core.work import Work
from app.schemas.audit import AuditQuery
from app.tables import AuditEntry


async def find(work: Work, asked: AuditQuery) -> Page:
    """Newest first."""
    order = Order("at", AuditEntry.at.expression, AuditEntry.id.expression, descending=True)
    query = _limited(work.rows(AuditEntry), asked)
    return await page(work, query, order, asked)


def _limited(query: Select[tuple[AuditEntry]], asked: AuditQuery) -> Select[tuple[AuditEntry]]:
    same = {
        AuditEntry.actor_id: asked.actor,
        AuditEntry.object_id: asked.object,
        AuditEntry.object_kind: asked.kind,
        AuditEntry.action: asked.action,
    }
    query = query.where(*(column == wish for column, wish in same.items() if wish is not None))
    if asked.since is not None:
        query = query.where(AuditEntry.at >= asked.since)
    return query if asked.before is None else query.where(AuditEntry.at < asked.before)
