"""Which deals speak of which cells of the matrix: derived with them, and with them taken back."""

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class CellDeal(Owned):
    """A deal that was ordered or has ended, at the cell of its account and one of its products."""

    __tablename__ = "cell_deals"

    opportunity_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]

    __table_args__ = (
        home(),
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        link("account_id", "accounts"),
        link("product_id", "products"),
        Index(None, "workspace_id", "account_id", "product_id"),
        Index(None, "workspace_id", "product_id"),
    )
