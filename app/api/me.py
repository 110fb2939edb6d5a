"""Who the caller is."""

from fastapi import APIRouter, Request

from app.api.door import Anyone
from app.schemas.me import KeyOut, Limits, MeOut, WorkspaceBrief

router = APIRouter(tags=["access"])


@router.get("/me")
async def read_me(work: Anyone, request: Request) -> MeOut:
    """The workspace and the key of this request, and the limits that hold for it."""
    key, home = request.state.admitted.key, request.state.admitted.home
    settings = request.app.state.settings
    return MeOut(
        workspace=WorkspaceBrief(
            id=work.workspace_id,
            name=home.name,
            time_zone=home.time_zone,
            currency=home.currency,
            language=home.language,
        ),
        key=KeyOut.model_validate(key),
        scopes=key.scopes,
        limits=Limits(
            page_size=200,
            body_bytes=settings.body_limit,
            upload_bytes=settings.upload_limit,
            milestones_per_process=12,
        ),
        now=work.now,
    )
