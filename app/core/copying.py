"""COPY into a table of the running transaction: the driver's own way, which SQLAlchemy has not."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

# What PostgreSQL calls bytes that are no text, and the class of all that is wrong with data.
_UNDECODABLE = ("22021", "22P05")
_DATA = "22"


class Unfit(Exception):
    """Rows that COPY does not take as they are: ragged, or with ends of lines that differ."""


class Undecodable(Exception):
    """Bytes that are no text in the encoding named."""


async def copy_csv(
    db: AsyncConnection,
    table: str,
    columns: Sequence[str],
    source: AsyncIterator[bytes],
    *,
    delimiter: str,
    encoding: str,
) -> None:
    """Copy CSV without a header; an empty cell is NULL. A failure spares the transaction."""
    driver = await _driver(db)
    try:
        async with db.begin_nested():
            await driver.copy_to_table(
                table,
                source=source,
                columns=list(columns),
                format="csv",
                delimiter=delimiter,
                null="",
                encoding=encoding,
            )
    except Exception as error:
        if driver.is_closed():
            raise ConnectionError("The database went away during COPY.") from error
        state = str(getattr(error, "sqlstate", ""))
        if state in _UNDECODABLE:
            raise Undecodable(str(error)) from error
        if state.startswith(_DATA):
            raise Unfit(str(error)) from error
        raise


async def copy_rows(
    db: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Copy values that Python holds."""
    driver = await _driver(db)
    await driver.copy_records_to_table(table, records=rows, columns=list(columns))


async def _driver(db: AsyncConnection) -> Any:
    return (await db.get_raw_connection()).driver_connection
