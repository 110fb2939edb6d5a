"""What the world sees of an opportunity."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.attributes import Attributes
from app.schemas.base import (
    Day,
    ExternalId,
    In,
    Instant,
    MoneyIn,
    MoneyOut,
    Name,
    Out,
    Source,
)
from app.schemas.events import Ball
from app.schemas.patch import ABSENT

# What the customer does moves these; nobody writes them.
MOVED = ("milestone", "milestone_position", "status", "reached_at", "won_at", "exited_at")


class BusinessType(StrEnum):
    NEW = "new"
    EXISTING = "existing"


class BusinessSubtype(StrEnum):
    WIN_BACK = "win_back"
    CROSS_SELL = "cross_sell"
    UP_SELL = "up_sell"
    RENEWAL = "renewal"
    EXPANSION = "expansion"


class Status(StrEnum):
    OPEN = "open"
    WON = "won"
    EXITED = "exited"
    ON_HOLD = "on_hold"


class AccountName(In):
    name: Name


class CreditIn(In):
    person_id: UUID
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=9, decimal_places=6)]


class CreditOut(Out):
    person_id: UUID
    percent: str


def _whole(shares: list[CreditIn]) -> list[CreditIn]:
    if shares and sum(share.percent for share in shares) != 100:  # noqa: PLR2004 - percent
        raise PydanticCustomError("not_100_percent", "the shares must sum to exactly 100")
    if len({share.person_id for share in shares}) < len(shares):
        raise PydanticCustomError("repeated", "a person can have one share")
    return shares


Credits = Annotated[list[CreditIn], Field(max_length=20), AfterValidator(_whole)]
Products = Annotated[list[UUID], Field(max_length=100)]


class _Changeable(In):
    """What may be stated at creation and changed later."""

    account_id: UUID | None = None
    owner_id: UUID | None = None
    credits: Annotated[
        Credits | None,
        Field(
            description="Who is credited with what arrives, the owner among them; default: the"
            " owner alone."
        ),
    ] = None
    value: MoneyIn | None = None
    external_id: ExternalId | None = None
    business_type: Annotated[
        BusinessType | None, Field(description="Default: found out from the account's orders.")
    ] = None
    business_subtype: BusinessSubtype | None = None
    external_close_date: Annotated[
        Day | None, Field(description="Kept and scored, never used for a forecast.")
    ] = None
    external_probability: Annotated[Decimal | None, Field(ge=0, le=1, max_digits=9)] = None


class OpportunityIn(_Changeable):
    name: Name
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    account: AccountName | None = None
    source: Source = "api"
    product_ids: Products = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)
    created_at: Instant | None = None

    @model_validator(mode="after")
    def one_account(self) -> Self:
        if self.account is not None and self.account_id is not None:
            raise PydanticCustomError("account_twice", "send account_id or account, not both")
        return self


def _unmoved(body: Any) -> Any:
    moved = [name for name in MOVED if isinstance(body, dict) and name in body]
    if moved:
        raise PydanticCustomError(
            "not_writable",
            "{name} follows from what the customer did: send an event such as POST …/reach",
            {"name": moved[0]},
        )
    return body


class OpportunityPatch(_Changeable):
    """JSON Merge Patch: what is left out stays, null empties."""

    name: Name = ABSENT
    source: Source = ABSENT
    product_ids: Products = ABSENT
    attributes: Attributes = ABSENT
    correction: Annotated[
        bool, Field(description="The value was wrong all along: past arrivals change with it.")
    ] = False

    @model_validator(mode="before")
    @classmethod
    def movement_is_not_written(cls, body: Any) -> Any:
        return _unmoved(body)

    @model_validator(mode="after")
    def a_correction_corrects_something(self) -> Self:
        if self.correction and "value" not in self.model_fields_set:
            raise PydanticCustomError("value_missing", "a correction says the right value")
        return self


class OpportunityOut(Out):
    id: UUID
    name: str
    process_id: UUID
    process_version: int
    account_id: UUID | None
    owner_id: UUID | None
    credits: list[CreditOut] | None
    value: MoneyOut | None
    status: Status
    milestone: Annotated[str | None, Field(description="Null before the first milestone.")]
    milestone_position: int
    reached_at: datetime | None
    age_days: Annotated[
        int, Field(description="Days since the last new arrival, without days on hold.")
    ]
    section_progress: Annotated[
        str | None, Field(description="Share of this section's criteria met; never a probability.")
    ]
    held_until: datetime | None
    ball: Annotated[
        Ball | None, Field(description="Who owes the next step; null where nobody said.")
    ]
    waiting_since: Annotated[datetime | None, Field(description="Since when it is their turn.")]
    won_at: datetime | None
    ordered_value: Annotated[
        MoneyOut | None, Field(description="All orders, in the reporting currency.")
    ]
    exited_at: datetime | None
    exit_kind: str | None
    exit_reason: str | None
    duplicate_of: Annotated[
        UUID | None, Field(description="The opportunity that goes on in its place.")
    ]
    business_type: BusinessType | None
    business_subtype: BusinessSubtype | None
    product_ids: list[UUID]
    attributes: dict[str, Any]
    external_close_date: date | None
    external_probability: str | None
    source: str
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class OpportunitySort(StrEnum):
    OLDEST = "created_at"
    NEWEST = "-created_at"
    LEAST_RECENTLY_CHANGED = "updated_at"
    RECENTLY_CHANGED = "-updated_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"
    SMALLEST = "value"
    LARGEST = "-value"


Flag = Annotated[
    bool | None,
    BeforeValidator(lambda word: {"true": True, "false": False}.get(word, word)),
]


# A fortnight without the step that somebody owes: the opportunity drifts.
DRIFTING_DAYS = 14
