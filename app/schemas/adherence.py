"""How far a process is lived, in shares of what was told."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Out
from app.schemas.scopes import PeriodKey


class AdherenceQuery(In):
    period: Annotated[
        PeriodKey | None, Field(description="Of the arrivals. Default: the month under way.")
    ] = None


class ShareOut(Out):
    share: Annotated[
        str | None, Field(description="count / n, to four decimals; null where n is 0.")
    ]
    count: int
    n: int


class SharesOut(Out):
    with_evidence: Annotated[ShareOut, Field(description="Told with at least one evidence.")]
    skipped: Annotated[
        ShareOut, Field(description="Of all arrivals: known only because a later one was told.")
    ]
    backdated: Annotated[ShareOut, Field(description="Told more than 7 days after it happened.")]
    batch_entered: Annotated[
        ShareOut, Field(description="One of at least 5 told by one actor within a minute.")
    ]
    after_exit: Annotated[ShareOut, Field(description="By an opportunity that was out before.")]


class PersonSharesOut(SharesOut):
    person_id: Annotated[UUID | None, Field(description="The owner then; null: nobody.")]
    name: str | None


class AdherenceOut(SharesOut):
    """Arrivals that an import or a reconstruction brought are not counted."""

    process_id: UUID
    period: str
    people: list[PersonSharesOut]
