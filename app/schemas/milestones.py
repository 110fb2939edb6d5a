"""What the world says and sees of a milestone and of the section that begins there."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from app.engine import rates
from app.schemas.base import Days, In, Key, Listing, MoneyOut, Name, Note, Out, Sentence, Short
from app.schemas.events import ExitKind
from app.schemas.rates import SAYING, RateIn

MOST = 50


class EvidencePolicy(StrEnum):
    OPTIONAL = "optional"
    REQUIRED = "required"


# Nobody said no: these may come back by themselves.
RECOVERABLE = frozenset({ExitKind.NO_DECISION, ExitKind.NO_RESPONSE})


def _retention(value: Any) -> Decimal:
    """Kept as the decimal it was said as; the same codes as everywhere for retentions."""
    try:
        if not isinstance(value, str):
            raise rates.BadRate("retention_malformed")
        rates.retention(value)
    except rates.BadRate as error:
        raise PydanticCustomError(error.code, SAYING[error.code]) from error
    return Decimal(value)


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise PydanticCustomError("decimal_string", 'a weight is a whole number or a string: "0.5"')
    return value


Weight = Annotated[
    Decimal, BeforeValidator(_no_float), Field(gt=0, max_digits=12, decimal_places=6)
]


class ExitReasonIn(In):
    key: Key
    name: Name
    kind: ExitKind
    recoverable: Annotated[
        bool | None,
        Field(description="Default: true for `no_decision` and `no_response`, else false."),
    ] = None

    @model_validator(mode="after")
    def decided(self) -> Self:
        if self.recoverable is None:
            self.recoverable = self.kind in RECOVERABLE
        return self


class CriterionDefinition(In):
    """A smaller step inside a section; an act of the customer as well."""

    key: Key
    name: Name
    weight: Weight = Decimal(1)


class AssetIn(In):
    name: Name
    url: Annotated[Short | None, Field(examples=["https://example.com/checklist.pdf"])] = None


class PlaybookIn(In):
    """How to get the customer from here to the next milestone."""

    goal: Note | None = None
    questions: list[Short] = Field(default_factory=list, max_length=MOST)
    assets: list[AssetIn] = Field(default_factory=list, max_length=MOST)


def _not_reserved(key: str) -> str:
    if key == "none":
        raise PydanticCustomError("reserved", "`none` asks for what is before the first milestone")
    return key


class MilestoneIn(In):
    """A milestone, and the section that begins there; the last milestone is the order."""

    key: Annotated[Key, AfterValidator(_not_reserved), Field(examples=["interest"])]
    name: Annotated[Name, Field(examples=["Interest"])]
    customer_act: Annotated[
        Sentence,
        Field(
            description="What the customer does, says or writes.",
            examples=["The customer asks for details of the benefit we offer."],
        ),
    ]
    target_rate: RateIn | None = None
    target_retention: Annotated[
        Decimal | None,
        PlainValidator(lambda value: None if value is None else _retention(value), str | None),
        Field(description="Share of the value kept through the section; may exceed 1."),
    ] = None
    typical_days: Days | None = None
    stale_after_days: Days | None = None
    evidence_policy: EvidencePolicy = EvidencePolicy.OPTIONAL
    phase: Annotated[
        Short | None, Field(description="The sales phase, for those who name them.")
    ] = None
    owner_role: Annotated[Short | None, Field(description="Who leads through the section.")] = None
    skippable: Annotated[
        bool, Field(description="Whether a later milestone may be reached without this one.")
    ] = True
    playbook: PlaybookIn | None = None
    exit_reasons: list[ExitReasonIn] = Field(default_factory=list, max_length=MOST)
    criteria: list[CriterionDefinition] = Field(default_factory=list, max_length=MOST)


class ExitReasonOut(Out):
    key: str
    name: str
    kind: str
    recoverable: bool


class CriterionOut(Out):
    key: str
    name: str
    weight: Annotated[str, Field(examples=["1"])]


class AssetOut(Out):
    name: str
    url: str | None


class PlaybookOut(Out):
    goal: str | None
    questions: list[str]
    assets: list[AssetOut]


class DefinitionOut(Out):
    """A milestone as a template proposes it; sent back as it is, it defines one."""

    key: str
    name: str
    customer_act: str
    target_rate: Annotated[str | None, Field(examples=["0.35"])]
    target_retention: str | None
    typical_days: int | None
    stale_after_days: int | None
    evidence_policy: str
    phase: str | None
    owner_role: str | None
    skippable: bool
    playbook: PlaybookOut | None
    exit_reasons: list[ExitReasonOut]
    criteria: list[CriterionOut]


class MilestoneOut(DefinitionOut):
    id: UUID
    lineage_id: Annotated[
        UUID, Field(description="The same over the versions in which it means the same.")
    ]
    position: int
    is_order: bool
    target_rate_exact: Annotated[
        str | None, Field(description="As a fraction, never rounded.", examples=["7/20"])
    ]


class MilestoneStandingOut(MilestoneOut):
    """A milestone and what stands open there: neither won, nor out, nor on hold."""

    process_id: UUID
    process_version: int
    open_count: int
    open_value: Annotated[
        MoneyOut | None,
        Field(description="In the reporting currency; null when no value there is known."),
    ]
    missing_value_count: Annotated[
        int, Field(description="How many of them are not in `open_value`.")
    ]


class MilestoneQuery(Listing):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
