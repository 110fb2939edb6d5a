"""What others are told of an import: that it has ended, and how."""

from typing import Any

from sqlalchemy import Row

from app.core.event_types import EventObject, EventType
from app.domain.outbox.telling import Told


def finished(row: Row[Any], state: str, counts: dict[str, Any]) -> Told:
    """Whatever it came to; of a dry run as well, for somebody waits for its report."""
    about = {"object": row.object, "source": row.source, "dry_run": row.dry_run}
    data = about | {"state": str(state), "counts": counts}
    return Told(EventType.IMPORT_FINISHED, EventObject.IMPORT, row.id, data=data)
