"""What the world says and sees of a move of many opportunities to a new version."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Out


class RelocationIn(In):
    milestones: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            max_length=144,
            description="Old key → new key, where lineage and key do not tell by themselves.",
            examples=[{"need": "need-confirmed"}],
        ),
    ]
    dry_run: Annotated[bool, Field(description="Only say what would happen.")] = False


class RelocationStep(Out):
    from_version: int
    from_milestone: Annotated[str | None, Field(description="Null before the first.")]
    to_milestone: Annotated[str | None, Field(description="Null before the first, or unmapped.")]
    mapped: bool
    opportunities: int


class RelocationOut(Out):
    process_id: UUID
    to_version: int
    dry_run: bool
    moved: int
    steps: list[RelocationStep]
