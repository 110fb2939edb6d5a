"""What the world sees of cells that deserve attention: open potential, questions, risks."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.engine.matrix.worth import ValueSource
from app.schemas.base import In, Listing, MoneyOut, Out
from app.schemas.cells import CellStatus
from app.schemas.matrix_stats import OddsOut, Part, Share

Score = Annotated[
    MoneyOut | None,
    Field(description="Value times chance; null where one of them is not known."),
]
ValueOfYear = Annotated[
    MoneyOut | None, Field(description="Of a year; null where nothing tells it.")
]


class SpotReasonOut(Out):
    """Why a cell deserves attention."""

    code: Annotated[str, Field(examples=["contract_ends"])]
    text: str


class _CellOut(Out):
    account_id: UUID
    account: str
    owner_id: UUID | None
    segment: str | None
    product_id: Annotated[UUID, Field(description="What is sold.")]
    product: Annotated[str, Field(description="Its name.")]
    status: CellStatus
    value: ValueOfYear
    value_source: Annotated[
        ValueSource,
        Field(
            description="`stated` of this cell, or usual among the stated values of the product,"
            " drawn from the `segment` or of the whole `product`; `none`."
        ),
    ]


class SpotsQuery(Part, Listing):
    account: UUID | None = None
    status: Literal["need", "competitor", "unknown"] | None = None


class WhiteSpotOut(_CellOut):
    """A cell that may become ours."""

    chance: Share
    score: Score
    reasons: list[SpotReasonOut]


class SpotsOut(Out):
    """The highest score first; where it is not known, the highest value."""

    data: list[WhiteSpotOut]
    next_cursor: str | None
    win: Annotated[OddsOut, Field(description="That a need is won, as in existing business.")]
    displacement: Annotated[
        OddsOut, Field(description="That a competitor is displaced where it was known before.")
    ]
    currency: str
    as_of: datetime
    source: str
    formula: str


class QuestionsQuery(Listing):
    owner: Annotated[UUID | None, Field(description="Who looks after the account now.")] = None
    account: Annotated[UUID | None, Field(description="Before a meeting there, say.")] = None
    per_person: Annotated[int, Field(ge=1, le=20, description="How many for each.")] = 5


class QuestionOut(_CellOut):
    """A cell to ask about: nobody ever did, or not for more than a year."""

    known_on: Annotated[date | None, Field(description="The day from which the status is known.")]
    score: Annotated[
        MoneyOut | None,
        Field(
            description="Value times demand times adoption, times the part of the knowledge that"
            " asking brings: all of it where nothing is known, `1 - 365 / age in days` else."
        ),
    ]
    question: Annotated[str, Field(description="What to ask the customer.")]
    reasons: list[SpotReasonOut]


class PersonQuestionsOut(Out):
    """What one person should ask."""

    owner_id: Annotated[UUID | None, Field(description="Null: accounts nobody looks after.")]
    owner: str | None
    questions: list[QuestionOut]


class QuestionsOut(Out):
    """For everybody the few questions that may bring most; who may find most comes first."""

    data: list[PersonQuestionsOut]
    next_cursor: str | None
    currency: str
    as_of: datetime
    source: str
    formula: str


class RisksQuery(Part, Listing):
    account: UUID | None = None
    days: Annotated[
        int, Field(ge=1, le=3650, description="Confirmed longer ago than this is at risk.")
    ] = 365


class RiskOut(_CellOut):
    """Something bought from us that we may lose."""

    confirmed_on: Annotated[date | None, Field(description="When it was last said to be so.")]
    reasons: list[SpotReasonOut]


class RisksOut(Out):
    """The most valuable first."""

    data: list[RiskOut]
    next_cursor: str | None
    count: Annotated[int, Field(description="On all pages.")]
    value: ValueOfYear
    missing_value_count: int
    days: int
    currency: str
    as_of: datetime
    source: str
    formula: str


class NextProductsQuery(In):
    limit: Annotated[int, Field(ge=1, le=50, description="How many.")] = 5


class TogetherOut(Out):
    """Of those that buy this product it is known of `n` whether they buy the other; `both` do."""

    product_id: Annotated[UUID, Field(description="What is bought already.")]
    product: Annotated[str, Field(description="Its name.")]
    n: int
    both: Annotated[int, Field(description="That buy both.")]
    lift: Annotated[str, Field(description="Drawn to 1 as if 10 more buyers were like everybody.")]
    observed_lift: Annotated[str | None, Field(description="As seen, without that.")]


class NextProductOut(_CellOut):
    """A product the account does not buy from us yet; `because` is null where what it buys says
    no more than what everybody does."""

    chance: Share
    score: Score
    because: TogetherOut | None
    reasons: list[SpotReasonOut]


class NextProductsOut(Out):
    """By value times chance; then by chance."""

    account_id: UUID
    data: list[NextProductOut]
    currency: str
    as_of: datetime
    source: str
    formula: str
