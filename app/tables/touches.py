"""Which deals were touched by which transaction: what was kept of others is still as it was.

A row is left in the very statement that changes what a deal's story says (see
`app/domain/ledger/posting.py`). It is read by whoever keeps stories (`app/domain/facts/keeping.py`)
and forgotten after a while.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home


class DealTouch(Owned):
    """Deals touched in one statement of the transaction `position`; None: too many to be named."""

    __tablename__ = "deal_touches"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    touched_at: Mapped[datetime]
    deals: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))

    __table_args__ = (home(),)
