"""What the world says and sees of a cell of the matrix: one customer, one product."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.engine.matrix.facets import Facet
from app.engine.matrix.status import SYMBOLS, Answer, Symbol, flags, stale, status
from app.schemas.base import Amount, Day, In, Listing, MoneyIn, MoneyOut, Name, Note, Out, money_out
from app.schemas.patch import ABSENT

MOST_CELLS = 1_000
MOST_COMPETITORS = 20
# What is sent flat, and where it belongs; a facet's own name is its answer.
MEMBERS = {
    "ours": ("ours", "value"),
    "since": ("ours", "since"),
    "quantity": ("ours", "quantity"),
    "annual_value": ("ours", "annual_value"),
    "competitors": ("competitors", "value"),
    "need": ("need", "value"),
    "est_value": ("need", "est_value"),
    "by_when": ("need", "by_when"),
    "reason": ("need", "reason"),
    "recheck_on": ("need", "recheck_on"),
    "evidence": ("need", "evidence"),
    "aware": ("aware", "value"),
    "aware_since": ("aware", "since"),
    "applicable": ("applicable", "value"),
}
FacetName = Literal["ours", "competitors", "need", "aware", "applicable"]
CellStatus = Literal["buys", "competitor", "need", "no_need", "unknown", "na"]
ValueSource = Literal["stated", "none"]
Sign = Annotated[
    Symbol | None,
    Field(
        description="X: bought from us; red: from competitors; green: needed; grey: not needed;"
        " blank: a white spot, nobody asked yet. Null where the product cannot be used.",
        json_schema_extra={"pattern": "^[A-Za-z][a-z]*$"},
    ),
]
CellFlag = Literal["buys_competitor", "buys_need", "competitor_need"]

_EXACT = 6  # decimals of a quantity
Quantity = Annotated[Amount, Field(ge=0, max_digits=18, decimal_places=_EXACT)]


class CompetitorIn(In):
    name: Name
    annual_value: MoneyIn | None = None
    contract_end: Annotated[Day | None, Field(description="When the customer may change.")] = None
    since: Day | None = None


class CellSaid(In):
    """What is known of a cell. What is left out stays, null empties.

    What describes an answer (`since` of `ours: yes`, say) goes when the answer changes.
    """

    ours: Annotated[Answer, Field(description="Whether the customer buys it from us.")] = ABSENT
    since: Annotated[Day | None, Field(description="Since when it buys from us.")] = ABSENT
    quantity: Annotated[Quantity | None, Field(description="What it buys in a year.")] = ABSENT
    annual_value: Annotated[
        MoneyIn | None, Field(description="What it pays us for it in a year.")
    ] = ABSENT
    competitors: Annotated[
        list[CompetitorIn],
        Field(
            max_length=MOST_COMPETITORS,
            description="All from whom it buys besides us; an empty list says that there are none.",
        ),
    ] = ABSENT
    need: Annotated[Answer, Field(description="Whether the customer needs it.")] = ABSENT
    est_value: Annotated[
        MoneyIn | None, Field(description="What the need is estimated to be worth in a year.")
    ] = ABSENT
    by_when: Annotated[Day | None, Field(description="When it is needed.")] = ABSENT
    reason: Annotated[Note | None, Field(description="Why it is needed, or not.")] = ABSENT
    recheck_on: Annotated[
        Day | None, Field(description="When to ask again, where there is no need.")
    ] = ABSENT
    evidence: Annotated[Note | None, Field(description="What shows it.")] = ABSENT
    aware: Annotated[Answer, Field(description="Whether the customer knows that we sell it.")] = (
        ABSENT
    )
    aware_since: Annotated[Day | None, Field(description="When it was told.")] = ABSENT
    applicable: Annotated[
        bool, Field(strict=True, description="Whether the customer could use it at all.")
    ] = ABSENT

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.model_fields_set & MEMBERS.keys():
            raise PydanticCustomError("nothing_said", "a cell says something of at least one facet")
        return self

    @property
    def said(self) -> dict[str, dict[str, Any]]:
        """By facet the members that were sent, as JSON has them."""
        found: dict[str, dict[str, Any]] = {}
        for name, (facet, member) in MEMBERS.items():
            if name in self.model_fields_set:
                found.setdefault(facet, {})[member] = _plainly(getattr(self, name))
        return found


class CellIn(CellSaid):
    account_id: UUID
    product_id: UUID
    version: Annotated[
        int | None, Field(ge=1, strict=True, description="The one it must still have.")
    ] = None


def _plainly(value: Any) -> Any:
    """As JSON has it, amounts with the decimals of their currency."""
    if isinstance(value, list):
        return [_plainly(each) for each in value]
    if isinstance(value, CompetitorIn):
        return {name: _plainly(getattr(value, name)) for name in CompetitorIn.model_fields}
    if isinstance(value, MoneyIn):
        told = money_out(value.amount, value.currency)
        return told and told.model_dump()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


class CompetitorOut(Out):
    name: str
    annual_value: MoneyOut | None
    contract_end: date | None
    since: date | None


class _FacetOut(Out):
    source: Annotated[
        str | None,
        Field(description="`manual`, `order`, `exit`, `opportunity`, `import` or a word of yours."),
    ]
    confirmed: Annotated[
        bool | None, Field(description="A person said it; else it follows from a deal or a file.")
    ]
    by: Annotated[str | None, Field(description="Who said it: a key, or an import.")]
    at: Annotated[datetime | None, Field(description="Since when it is known; null: never said.")]
    age_days: Annotated[int | None, Field(description="Whole days since then.")]
    stale: Annotated[bool, Field(description="Older than 365 days: to be asked again.")]


class OursOut(_FacetOut):
    """Whether the customer buys it from us."""

    value: Answer
    since: date | None
    quantity: str | None
    annual_value: MoneyOut | None


class CompetitorsOut(_FacetOut):
    """From whom else the customer buys it."""

    value: list[CompetitorOut]


class NeedOut(_FacetOut):
    """Whether the customer needs it."""

    value: Answer
    est_value: MoneyOut | None
    by_when: date | None
    reason: str | None
    recheck_on: date | None
    evidence: str | None


class AwareOut(_FacetOut):
    """Whether the customer knows that we sell it."""

    value: Answer
    since: date | None


class ApplicableOut(_FacetOut):
    """Whether the customer could use it at all."""

    value: bool


class FacetsOut(Out):
    ours: OursOut
    competitors: CompetitorsOut
    need: NeedOut
    aware: AwareOut
    applicable: ApplicableOut


class CellOut(Out):
    """What is known of one customer and one product, and who said so."""

    account_id: UUID
    product_id: UUID
    status: CellStatus
    symbol: Sign
    flags: list[CellFlag]
    facets: FacetsOut
    annual_value: Annotated[
        MoneyOut | None, Field(description="Of what decides the status, if somebody stated it.")
    ]
    value_source: ValueSource
    opportunity_ids: Annotated[
        list[UUID], Field(description="Open opportunities of the account about the product.")
    ]
    version: Annotated[int | None, Field(description="Null as long as nobody spoke of it.")]
    created_at: datetime | None
    updated_at: datetime | None


class CellChangeOut(Out):
    """What was said of one facet, and what was known before."""

    id: UUID
    facet: FacetName
    before: Annotated[
        dict[str, Any] | None, Field(description="The facet until then; null: never said.")
    ]
    after: Annotated[dict[str, Any], Field(description="The facet from then on.")]
    source: str
    confirmed: bool
    by: str
    at: Annotated[datetime, Field(description="Since when it is true, as far as it is known.")]
    recorded_at: datetime
    opportunity_id: Annotated[UUID | None, Field(description="The deal it follows from.")]
    import_id: Annotated[UUID | None, Field(description="The file it follows from.")]


class ConflictOut(Out):
    """What a deal or a file says against what a person confirmed; it ends when the facet is
    confirmed again, either way."""

    id: UUID
    account_id: UUID
    product_id: UUID
    facet: FacetName
    stands: Annotated[dict[str, Any], Field(description="The facet as a person confirmed it.")]
    confirmed_by: str
    confirmed_at: datetime
    said: Annotated[dict[str, Any], Field(description="The facet as it would be otherwise.")]
    source: str
    by: str
    at: datetime
    opportunity_id: Annotated[UUID | None, Field(description="The deal it follows from.")]
    import_id: Annotated[UUID | None, Field(description="The file it follows from.")]


class ConflictQuery(Listing):
    account: UUID | None = None
    product: UUID | None = None
    facet: FacetName | None = None
    source: str | None = None


def facets_out(facets: Mapping[str, Facet], now: datetime) -> FacetsOut:
    return FacetsOut.model_validate(
        {name: {**facet.value, **_told(facet, now)} for name, facet in facets.items()}
    )


def judged(facets: Mapping[str, Facet]) -> dict[str, Any]:
    """What the facets together show."""
    seen: dict[str, Any] = {name: facets[name].value["value"] for name in ("ours", "need")}
    seen |= {"competitors": len(facets["competitors"].value["value"])}
    seen |= {"applicable": facets["applicable"].value["value"]}
    found = status(**seen)
    return {"status": found, "symbol": SYMBOLS[found], "flags": flags(**seen)}


def _told(facet: Facet, now: datetime) -> dict[str, Any]:
    said = facet.said
    if said is None:
        return dict.fromkeys(("source", "confirmed", "by", "at", "age_days")) | {"stale": False}
    return {
        "source": said.source,
        "confirmed": said.confirmed,
        "by": said.by,
        "at": said.at,
        "age_days": max(0, (now - said.at).days),
        "stale": stale(said.at, now),
    }
