"""The endpoints of the matrix of customers and products."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from app.api.batches import Wished, new, refused
from app.api.door import ReadMatrix, WriteMatrix
from app.core.page import Page
from app.domain import cell_batches, cell_views, matrix
from app.schemas.base import Listing, PageOut
from app.schemas.batches import Refused
from app.schemas.cells import CellChangeOut, CellOut, CellSaid, ConflictOut, ConflictQuery
from app.schemas.matrix import Cells, CellsOut, CellsQuery, MatrixOut, MatrixQuery

router = APIRouter(prefix="/matrix", tags=["matrix"])

ONE = "/cells/{account_id}/{product_id}"


@router.get("", response_model=MatrixOut)
async def read_matrix(work: ReadMatrix, asked: Annotated[MatrixQuery, Query()]) -> Response:
    """Customers by products, a cell for each: who buys what, from whom, and what nobody asked yet.

    Rows are a page of customers, columns all products that are sold, or those asked for; cells
    stand in the order of the columns. An unknown cell is a cell: nobody knows anything of it.
    """
    return Response(await matrix.read(work, asked), media_type="application/json")


@router.put("/cells")
async def put_cells(
    work: WriteMatrix, asked: Annotated[CellsQuery, Query()], cells: Annotated[Cells, Body()]
) -> CellsOut:
    """Say what is known of up to 1,000 cells, all or none or each alone.

    What a cell leaves out stays. With `confirmed=false` nothing that a person confirmed is
    overwritten: where it differs, it is listed as a conflict.
    """
    sent = [refused(each) if isinstance(each, Refused) else each for each in cells]
    return await cell_batches.put(work, sent, asked)


@router.get(ONE)
async def read_cell(
    work: ReadMatrix, account_id: UUID, product_id: UUID, response: Response
) -> CellOut:
    """What is known of one customer and one product, who said so, and how long ago."""
    return _tagged(response, await cell_views.read(work, account_id, product_id))


@router.put(ONE, responses=new(CellOut))
async def put_cell(
    work: WriteMatrix,
    account_id: UUID,
    product_id: UUID,
    version: Wished,
    cell: CellSaid,
    response: Response,
) -> CellOut:
    """Say what a person knows of the cell; what is left out stays. It ends conflicts about it."""
    seen, fresh = await cell_views.put(work, account_id, product_id, version, cell)
    if fresh:
        response.status_code = 201
        response.headers["Location"] = f"/v1/matrix/cells/{account_id}/{product_id}"
    return _tagged(response, seen)


@router.get(f"{ONE}/history", response_model=PageOut[CellChangeOut])
async def list_cell_changes(
    work: ReadMatrix, account_id: UUID, product_id: UUID, asked: Annotated[Listing, Query()]
) -> Page:
    """Everything that was ever said of the cell, the latest first, with what was known before."""
    return await cell_views.history(work, account_id, product_id, asked)


@router.get("/conflicts", response_model=PageOut[ConflictOut])
async def list_cell_conflicts(work: ReadMatrix, asked: Annotated[ConflictQuery, Query()]) -> Page:
    """What deals and files say against what people confirmed; confirm the facet to end one."""
    return await cell_views.conflicts(work, asked)


def _tagged(response: Response, seen: CellOut) -> CellOut:
    """Its version as the ETag; a cell nobody spoke of has none."""
    if seen.version is not None:
        response.headers["ETag"] = f'"{seen.version}"'
    return seen
