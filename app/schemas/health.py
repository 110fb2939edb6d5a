"""What a probe sees."""

from app.schemas.base import Out


class Health(Out):
    status: str
