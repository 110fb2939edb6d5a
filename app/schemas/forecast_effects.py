"""What the world sees of the effect that one event had on what is expected."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, MoneyOut, Out


class EffectQuery(In):
    event: Annotated[UUID, Field(description="Id of an event of an opportunity.")]
    periods: Annotated[int, Field(ge=1, le=36, description="Months, from that of the event.")] = 6


class EffectPeriodOut(Out):
    """One month. `before` and `after` are what the opportunity contributed with the rates held,
    `won` what its orders of the month brought (in the first one also such as were told late);
    `change = after - before + won`.

    `re_estimated` is by how much the whole forecast changed beyond that, because the event also
    taught something about the rates. Value is null where no amount is known.
    """

    period: str
    before: MoneyOut | None
    after: MoneyOut | None
    won: MoneyOut
    change: MoneyOut | None
    re_estimated: MoneyOut | None
    before_orders: str
    after_orders: str
    won_orders: int
    change_orders: str
    re_estimated_orders: str | None


class EffectOut(Out):
    event_id: UUID
    opportunity_id: UUID
    process_id: UUID
    kind: str
    occurred_at: datetime
    as_of: Annotated[datetime, Field(description="When it became known.")]
    currency: str
    method: str
    formula: str
    status: str
    code: Annotated[str, Field(description="`raises` | `lowers` | `nothing`, by the sum.")]
    change: MoneyOut | None
    change_orders: str
    periods: list[EffectPeriodOut]
