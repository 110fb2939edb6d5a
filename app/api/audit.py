"""The endpoint of the audit log."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import Admin
from app.core.page import Page
from app.domain import audit
from app.schemas.audit import AuditEntryOut, AuditQuery
from app.schemas.base import PageOut

router = APIRouter(prefix="/audit", tags=["access"])


@router.get("", response_model=PageOut[AuditEntryOut])
async def list_audit_entries(work: Admin, asked: Annotated[AuditQuery, Query()]) -> Page:
    """Who changed what, newest first. What happened to a deal stands in its events."""
    return await audit.find(work, asked)
