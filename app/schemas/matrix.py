"""What the world asks and sees of the matrix: customers by products, page by page."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field, WrapValidator

from app.engine.matrix.status import Answer, Status
from app.schemas.base import In, Listing, MoneyOut, Out, Source
from app.schemas.batches import BatchMode, ItemProblemOut, each_alone
from app.schemas.cells import MOST_CELLS, CellFlag, CellIn, CellStatus, FacetName, Sign, ValueSource
from app.schemas.shapes import OneOf, split

MOST_COLUMNS = 200


class MatrixSort(StrEnum):
    """`-` reverses; the id breaks ties."""

    NAME = "name"
    NAME_REVERSED = "-name"
    OLDEST = "created_at"
    NEWEST = "-created_at"


class MatrixSelection(In):
    """Which customers and which products."""

    segment: str | None = None
    owner: UUID | None = None
    product: Annotated[
        list[UUID],
        BeforeValidator(split),
        Field(
            default_factory=list,
            max_length=MOST_COLUMNS,
            description="Only these products, in this order of names; several by commas.",
        ),
    ]
    status: Annotated[
        list[str],
        OneOf(tuple(status.value for status in Status)),
        Field(
            default_factory=list,
            description="Only customers with a cell of one of these among the products shown;"
            " `unknown`: with a white spot.",
        ),
    ]
    q: Annotated[str | None, Field(description="How the name begins, in either case.")] = None
    lapsed: Annotated[
        bool | None,
        Field(
            description="Only customers with (`true`), or without, a cell among the products shown"
            " that counts as bought and was not ordered for long."
        ),
    ] = None
    lapsed_months: Annotated[
        int, Field(ge=1, le=240, description="Without an order, and without a word, for so long.")
    ] = 24


class MatrixQuery(Listing, MatrixSelection):
    sort: MatrixSort = MatrixSort.NAME
    include: Annotated[
        list[str],
        OneOf(("score",)),
        Field(default_factory=list, description="`score`: what working on each cell may bring."),
    ]


class ColumnOut(Out):
    """A product that is sold."""

    product_id: UUID
    key: str
    name: str


class GridFacetsOut(Out):
    """The facets in short; the cell itself tells who said so, and when."""

    ours: Answer
    competitors: Annotated[list[str], Field(description="By name.")]
    need: Answer
    aware: Answer
    applicable: bool


class LapsedOut(Out):
    """A cell that counts as bought from us, and whether that is still so nobody knows: the question
    to ask is in `/v1/matrix/lapsed`."""

    since: Annotated[date, Field(description="When an order or a person said last that it is.")]
    expected_on: Annotated[
        date, Field(description="By when something should have been heard: `lapsed_months` later.")
    ]


class GridCellOut(Out):
    """One customer and one product."""

    product_id: UUID
    status: CellStatus
    symbol: Sign
    flags: list[CellFlag]
    facets: GridFacetsOut
    annual_value: MoneyOut | None
    value_source: ValueSource
    score: Annotated[
        MoneyOut | None,
        Field(
            description="With `include=score`: the value of the cell by the chance of an order, as"
            " `/v1/matrix/opportunities` ranks; 0 where there is nothing to win, null where nothing"
            " tells."
        ),
    ]
    confirmed: Annotated[
        bool | None, Field(description="Whether a person said what decides the status.")
    ]
    stale: Annotated[bool, Field(description="What decides it is older than 365 days.")]
    lapsed: Annotated[
        LapsedOut | None, Field(description="Bought once, and not ordered for `lapsed_months`.")
    ]
    version: Annotated[int | None, Field(description="Null as long as nobody spoke of it.")]


class MatrixSummaryOut(Out):
    """Shares between 0 and 1; null where there is nothing to divide by.

    Of the applicable cells `knowledge` are known; of those in demand `penetration` are bought from
    us, `occupation` from competitors only, `open_need` from nobody.
    """

    knowledge: str | None
    penetration: str | None
    occupation: str | None
    open_need: str | None
    unknown: Annotated[int, Field(description="White spots: cells nobody knows anything of.")]
    counts: Annotated[dict[CellStatus, int], Field(description="Cells by status.")]


class MatrixRowOut(Out):
    """A customer, with one cell for every column, in their order."""

    account_id: UUID
    name: str
    segment: str | None
    owner_id: UUID | None
    cells: list[GridCellOut]
    summary: MatrixSummaryOut


class MatrixOut(Out):
    """Active customers by active products. The summary is of all customers that were asked for, on
    whichever page they are."""

    columns: list[ColumnOut]
    rows: list[MatrixRowOut]
    summary: MatrixSummaryOut
    next_cursor: str | None


class CellsQuery(In):
    mode: Annotated[
        BatchMode,
        Field(
            description="`all_or_nothing`: one that fails takes back all. `per_item`: each alone."
        ),
    ] = BatchMode.ALL_OR_NOTHING
    dry_run: Annotated[
        bool, Field(description="Do everything, report it, and take all of it back.")
    ] = False
    source: Annotated[Source, Field(description="Where it comes from.")] = "manual"
    confirmed: Annotated[
        bool,
        Field(
            description="`false`: it is concluded, by a system say, and does not overwrite what a"
            " person confirmed."
        ),
    ] = True


class CellResultOut(Out):
    index: Annotated[int, Field(description="Of the item, as it was sent; the first is 0.")]
    status: Annotated[
        int, Field(description="201 spoken of for the first time, 200 before, else the problem's.")
    ]
    version: int | None
    changed: Annotated[list[FacetName], Field(description="The facets that are news.")]
    conflicts: Annotated[
        list[FacetName], Field(description="The facets that a person had confirmed otherwise.")
    ]
    problem: ItemProblemOut | None


class CellsOut(Out):
    """The results are in the order of the items."""

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    failed: int
    results: list[CellResultOut]


Cells = Annotated[
    list[Annotated[CellIn, WrapValidator(each_alone)]], Field(min_length=1, max_length=MOST_CELLS)
]
