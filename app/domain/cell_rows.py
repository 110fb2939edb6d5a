"""Cells as they are stored: their facets out of a row and back, many rows in one statement."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects import postgresql

from app.core.ids import uuid7
from app.core.work import Work
from app.domain.ledger import filing
from app.domain.ledger.posting import matrix
from app.engine.matrix.facets import BLANKS, Facet, Said, Value
from app.engine.money import Money
from app.tables import Cell, CellChange, CellConflict, Owned

Key = tuple[UUID, UUID]  # account and product
Rows = Sequence[Mapping[str, Any]]

# Money is two columns; the first carries the member's name, but for these.
COLUMNS = {("need", "est_value"): "need_value"}
CURRENCIES = {("ours", "annual_value"): "ours_currency", ("need", "est_value"): "need_currency"}
SAID = ("source", "confirmed", "by", "at")


def _recordset(table: type[Owned], without: Sequence[str] = ()) -> tuple[str, str]:
    """(the columns that rows name, the same with their types)."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    kept = [c for c in table.__table__.columns if c.name not in ("workspace_id", *without)]
    names = [f'"{column.name}"' for column in kept]
    types = [column.type.compile(dialect) for column in kept]
    typed = [f"{name} {kind}" for name, kind in zip(names, types, strict=True)]
    return ", ".join(names), ", ".join(typed)


def _entry(table: type[Owned], without: Sequence[str] = ()) -> str:
    names, typed = _recordset(table, without)
    return (
        f"INSERT INTO {table.__tablename__} (workspace_id, {names}) SELECT :workspace, {names}"
        f" FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r ({typed})"
    )


def _replacing(names: str) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in names.split(", "))


_READ = text("""
SELECT c.* FROM cells c JOIN unnest(CAST(:accounts AS uuid[]), CAST(:products AS uuid[]))
  AS k (account_id, product_id) USING (account_id, product_id)
WHERE c.workspace_id = :workspace""")
_FOLLOWS = tuple(column.name for column in Cell.__table__.columns if column.computed is not None)
# What the sums of the matrix are told in the same statement: the cells as they were go out, as they
# are now come in, under the segment that the account is filed under.
_SUMMED = """SELECT c.product_id, CASE WHEN k.account_id IS NULL THEN coalesce(a.segment, '')
      ELSE k.filed END AS segment, c.status, c.stated_in, c.stated, c.sign
  FROM (
    SELECT b.account_id, b.product_id, b.status, b.stated_in, b.stated, -1 AS sign
    FROM cells b JOIN jsonb_to_recordset(CAST(:rows AS jsonb))
      AS r (account_id uuid, product_id uuid) USING (account_id, product_id)
    WHERE b.workspace_id = :workspace
    UNION ALL SELECT s.*, 1 FROM stored s) c
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = c.account_id
  LEFT JOIN cell_counts k ON k.workspace_id = :workspace AND k.account_id = c.account_id"""
_PUT = text(f"""
WITH stored AS (
  {_entry(Cell, _FOLLOWS)} ON CONFLICT (workspace_id, account_id, product_id)
  DO UPDATE SET {_replacing(_recordset(Cell, _FOLLOWS)[0])}
  RETURNING account_id, product_id, status, stated_in, stated
), {matrix(_SUMMED)}
SELECT""")
_COUNT = text("""
INSERT INTO cell_counts (workspace_id, account_id, buys, competitor, need, no_need, na, filed)
SELECT c.workspace_id, c.account_id, count(*) FILTER (WHERE c.status = 'buys'),
  count(*) FILTER (WHERE c.status = 'competitor'), count(*) FILTER (WHERE c.status = 'need'),
  count(*) FILTER (WHERE c.status = 'no_need'), count(*) FILTER (WHERE c.status = 'na'),
  CASE WHEN :filed THEN coalesce(min(a.segment), '') END
FROM cells c JOIN accounts a ON a.workspace_id = c.workspace_id AND a.id = c.account_id
WHERE c.workspace_id = :workspace AND c.account_id = ANY(CAST(:accounts AS uuid[]))
GROUP BY c.workspace_id, c.account_id
ON CONFLICT (workspace_id, account_id) DO UPDATE SET buys = excluded.buys,
  competitor = excluded.competitor, need = excluded.need, no_need = excluded.no_need,
  na = excluded.na""")
_UNCOUNT = text("""
DELETE FROM cell_counts
WHERE workspace_id = :workspace AND account_id = ANY(CAST(:accounts AS uuid[]))""")
_NOTE = text(_entry(CellChange))
_DISPUTE = text(
    f"{_entry(CellConflict)} ON CONFLICT (workspace_id, account_id, product_id, facet)"
    f" DO UPDATE SET {_replacing(_recordset(CellConflict, ('id',))[0])}"
    " WHERE (cell_conflicts.source, cell_conflicts.said)"
    " IS DISTINCT FROM (excluded.source, excluded.said)"
)
_SETTLE = text("""
DELETE FROM cell_conflicts c
USING unnest(CAST(:accounts AS uuid[]), CAST(:products AS uuid[]), CAST(:facets AS text[]))
  AS k (account_id, product_id, facet)
WHERE c.workspace_id = :workspace AND c.account_id = k.account_id
  AND c.product_id = k.product_id AND c.facet = k.facet""")


async def stored(work: Work, keys: Sequence[Key]) -> dict[Key, Row[Any]]:
    """The rows of these cells, as far as anybody spoke of them."""
    rows = (await work.db.execute(_READ, _keyed(work, keys))).all()
    return {(row.account_id, row.product_id): row for row in rows}


async def put(work: Work, rows: Rows) -> None:
    """Write cells whole, whether they were there or not, and count those of their accounts."""
    if rows:
        await _send(work, _PUT, rows)
        await count(work, list({row["account_id"] for row in rows}))


async def count(work: Work, accounts: Sequence[UUID], *, filed: bool = True) -> None:
    """Count the cells of these accounts anew; whoever writes them holds the accounts. `filed`:
    those of an account that had none were put into the sums of the matrix."""
    own = {"workspace": work.workspace_id, "accounts": accounts, "filed": filed}
    await work.db.execute(_COUNT, own)


async def take_out(work: Work, accounts: Sequence[UUID]) -> None:
    """Take cells out of the sums of the matrix, before they become another account's."""
    await filing.take_out(work.db, work.workspace_id, accounts)


async def recount(work: Work, accounts: Sequence[UUID]) -> None:
    """Count the cells of accounts that were taken out and may have lost the last one."""
    own = {"workspace": work.workspace_id, "accounts": accounts}
    await work.db.execute(_UNCOUNT, own)
    await count(work, accounts, filed=False)
    await filing.put_back(work.db, work.workspace_id, accounts)


async def note(work: Work, changes: Rows) -> None:
    """Keep the changes, in this order."""
    known = {"recorded_at": work.now}
    await _send(work, _NOTE, [{"id": uuid7(), **known, **each} for each in changes])


async def dispute(work: Work, conflicts: Rows) -> None:
    """Keep the latest claim against each facet."""
    await _send(work, _DISPUTE, [{"id": uuid7(), **each} for each in conflicts])


async def settle(work: Work, facets: Sequence[tuple[UUID, UUID, str]]) -> None:
    """End the conflicts about these facets."""
    keys = _keyed(work, [(account, product) for account, product, _ in facets])
    await work.db.execute(_SETTLE, keys | {"facets": [facet for _, _, facet in facets]})


def facets_of(row: Any) -> dict[str, Facet]:
    """Every facet of a stored cell; of one without a row, as nobody spoke of it."""
    if row is None:
        return {name: Facet(blank) for name, blank in BLANKS.items()}
    return {name: Facet(_value(row, name), _said(row, name)) for name in BLANKS}


def flat(facets: Mapping[str, Facet]) -> dict[str, Any]:
    """The columns of these facets, as JSON has them."""
    columns: dict[str, Any] = {}
    for name, facet in facets.items():
        for member, value in facet.value.items():
            columns |= _columns(name, member, value)
        said = facet.said
        columns |= {f"{name}_{part}": said and getattr(said, part) for part in SAID}
    return columns


def _columns(name: str, member: str, value: Any) -> dict[str, Any]:
    if (name, member) in CURRENCIES:
        amount, currency = (value["amount"], value["currency"]) if value else (None, None)
        return {_column(name, member): amount, CURRENCIES[name, member]: currency}
    return {_column(name, member): value}


def _column(name: str, member: str) -> str:
    return name if member == "value" else COLUMNS.get((name, member), f"{name}_{member}")


def _value(row: Any, name: str) -> Value:
    return {member: _member(row, name, member) for member in BLANKS[name]}


def _member(row: Any, name: str, member: str) -> Any:
    value = getattr(row, _column(name, member))
    if isinstance(value, Decimal) and (name, member) in CURRENCIES:
        currency = getattr(row, CURRENCIES[name, member])
        return {"amount": Money(value, currency).text, "currency": currency}
    return said_plainly(value)


def said_plainly(value: Any) -> Any:
    """A member as JSON has it.

    >>> said_plainly(Decimal("3.50")), said_plainly(date(2026, 7, 20))
    ('3.5', '2026-07-20')
    """
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


def _said(row: Any, name: str) -> Said | None:
    source, confirmed, by, at = (getattr(row, f"{name}_{part}") for part in SAID)
    return None if source is None else Said(source, confirmed, by, at)


def _keyed(work: Work, keys: Sequence[Key]) -> dict[str, Any]:
    return {
        "workspace": work.workspace_id,
        "accounts": [account for account, _ in keys],
        "products": [product for _, product in keys],
    }


async def _send(work: Work, statement: Any, rows: Rows) -> None:
    if rows:
        sent = json.dumps(rows, default=str, ensure_ascii=False)
        await work.db.execute(statement, {"workspace": work.workspace_id, "rows": sent})
