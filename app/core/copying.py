"""COPY into a table of the running transaction: the driver's own way, which SQLAlchemy has not."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

# What PostgreSQL calls bytes that are no text, and the class of all that is wrong with data.
_UNDECODABLE = ("22021", "22P05")
_DATA = "22"
_AWAY = "The database went away during COPY."


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
            copying = driver.copy_to_table(
                table,
                source=source,
                columns=list(columns),
                format="csv",
                delimiter=delimiter,
                null="",
                encoding=encoding,
            )
            await _while_connected(driver, copying)
    except Exception as error:
        if driver.is_closed():
            raise ConnectionError(_AWAY) from error
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
    copying = driver.copy_records_to_table(table, records=rows, columns=list(columns))
    await _while_connected(driver, copying)


async def _while_connected(driver: Any, copying: Coroutine[Any, Any, Any]) -> None:
    """Where more was sent than the line takes at once, the driver waits until it may send on; a
    line that is lost in that moment never says so, and the driver would wait for its time limit."""
    task = asyncio.ensure_future(copying)

    def lost(_: Any) -> None:
        task.cancel()

    driver.add_termination_listener(lost)
    try:
        await task
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if driver.is_closed() and not (own and own.cancelling()):
            raise ConnectionError(_AWAY) from None
        raise
    finally:
        driver.remove_termination_listener(lost)


async def _driver(db: AsyncConnection) -> Any:
    return (await db.get_raw_connection()).driver_connection
