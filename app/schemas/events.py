"""What is told about an opportunity, and the history that comes of it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Instant, Listing, MoneyIn, MoneyOut, Note, Out, Short
from app.schemas.orders import OrderLineIn


class Act(StrEnum):
    DID = "did"
    SAID = "said"
    WROTE = "wrote"


class ExitKind(StrEnum):
    LOST = "lost"
    DECLINED = "declined"
    NO_DECISION = "no_decision"
    NO_RESPONSE = "no_response"
    DISQUALIFIED = "disqualified"
    DUPLICATE = "duplicate"


class Ball(StrEnum):
    """Whose turn it is."""

    US = "us"
    CUSTOMER = "customer"
    NONE = "none"


class Evidence(In):
    type: Annotated[Short, Field(examples=["mail"])]
    url: Annotated[str | None, Field(max_length=2000)] = None
    note: Note | None = None


MilestoneKey = Annotated[str, Field(min_length=1, max_length=64, examples=["need"])]


class _Dated(In):
    occurred_at: Annotated[Instant | None, Field(description="Default: now. Never later.")] = None
    backdate: Annotated[
        bool, Field(description="Allows a moment before the opportunity was created.")
    ] = False


class _ActOfCustomer(_Dated):
    act: Act | None = None
    what: Annotated[Note | None, Field(examples=["asked for a proposal"])] = None
    evidence: Annotated[list[Evidence], Field(default_factory=list, max_length=20)]


class ReachIn(_ActOfCustomer):
    milestone: MilestoneKey
    amount: Annotated[
        MoneyIn | None,
        Field(
            description="The order's amount at the order, by default the sum of its lines; else the"
            " value from now on."
        ),
    ] = None
    lines: Annotated[
        list[OrderLineIn],
        Field(
            default_factory=list,
            max_length=200,
            description="What the order consists of; without lines it is what the deal is about.",
        ),
    ]


class CriterionIn(_ActOfCustomer):
    criterion: MilestoneKey


class ExitIn(_Dated):
    kind: ExitKind
    reason: Annotated[
        Short | None, Field(description="One of the section's exit reasons, by key.")
    ] = None
    note: Note | None = None
    competitor: Short | None = None


class RegressIn(_Dated):
    milestone: MilestoneKey
    reason: Note


class VoidIn(In):
    milestone: MilestoneKey
    reason: Note


class VerifyIn(In):
    milestone: MilestoneKey
    note: Note | None = None


class HoldIn(_Dated):
    until: Instant
    reason: Note | None = None


class ResumeIn(_Dated):
    note: Note | None = None


class ReopenIn(_Dated):
    reason: Note


class ReviveIn(_Dated):
    act: Act
    what: Note


class BallIn(_Dated):
    ball: Annotated[
        Ball, Field(description="Who owes the next step; the customer's next act ends it.")
    ]
    note: Note | None = None


class MoveIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key; may be the same.")]
    milestone: Annotated[
        MilestoneKey | None,
        Field(description="Where it stands then; default: where it stands now, by lineage or key."),
    ] = None


class EventOut(Out):
    id: UUID
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    source: str
    milestone: str | None
    criterion: str | None
    process_version_id: UUID | None
    owner_id: UUID | None
    credits: list[dict[str, Any]] | None
    value: MoneyOut | None
    correction: bool
    act: str | None
    what: str | None
    evidence: list[dict[str, Any]] | None
    exit_kind: str | None
    reason: str | None
    competitor: str | None
    until: datetime | None
    ball: str | None
    note: str | None
    reconstructed: bool
    import_id: UUID | None


class EventQuery(Listing):
    pass


def amount_of(money: MoneyIn | None) -> tuple[Decimal | None, str | None]:
    return (money.amount, money.currency) if money is not None else (None, None)
