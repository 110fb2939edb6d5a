"""One request's unit of work: the transaction, the workspace and the clock in one hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnDefault, Row, Select, insert, inspect, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import audit
from app.core.errors import NotFound, PreconditionFailed
from app.core.ids import uuid7
from app.core.sight import EVERYTHING, Sight, within
from app.tables import Owned, Table, Versioned

Owns = TypeVar("Owns", bound=Owned)


@dataclass(frozen=True, slots=True)
class Home:
    """What the workspace has decided about money and time."""

    name: str
    time_zone: str
    currency: str
    language: str
    fiscal_start: int
    # Known to every server of the installation and to no caller: what signs cursors.
    secret: bytes = field(repr=False)
    allowed_origins: tuple[str, ...] = ()
    group_orders_count: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Work:
    """The first parameter of every domain function."""

    db: AsyncConnection
    workspace_id: UUID
    home: Home
    now: datetime
    actor: str
    language: str = "en"
    sight: Sight = EVERYTHING
    request_id: UUID | None = None

    @property
    def today(self) -> date:
        """The day it is where the workspace is."""
        return self.now.astimezone(self.home.zone).date()

    @property
    def unnarrowed(self) -> "Work":
        """The same for sums: they are of all deals, whoever asks."""
        return self if self.sight.people is None else replace(self, sight=EVERYTHING)

    def rows(self, table: type[Owns]) -> Select[Any]:
        """Start of every query: the workspace is already in the WHERE, deleted rows are not.

        Nor are the deals that whoever asks may not see.
        """
        query = select(table).where(table.workspace_id == self.workspace_id)
        query = query.where(*within(table, self.sight))
        return query.where(table.deleted_at.is_(None)) if issubclass(table, Versioned) else query

    async def all(
        self, query: Select[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows; `values` for what the query leaves open."""
        found: Sequence[Row[Any]] = (await self.db.execute(query, values)).all()
        return found

    async def one(self, query: Select[Any]) -> Row[Any] | None:
        found: Row[Any] | None = (await self.db.execute(query)).one_or_none()
        return found

    async def get(self, table: type[Owns], id: UUID) -> Row[Any]:
        """The row with this id; 404 when it is absent, deleted or another workspace's."""
        row = await self.one(self.rows(table).where(inspect(table).columns["id"] == id))
        if row is None:
            raise NotFound(f"There is no {noun(table)} {id}.")
        return row

    async def add(self, table: type[Owns], **values: Any) -> Row[Any]:
        """Insert one row of this workspace and give it back as stored."""
        fresh = {"workspace_id": self.workspace_id}
        columns = inspect(table).columns
        for name, make in (("id", uuid7), ("created_at", self._now), ("updated_at", self._now)):
            if name in columns:
                fresh[name] = values.pop(name, None) or make()  # type: ignore[assignment]  # mixed
        query = insert(table).values(**fresh, **values).returning(*columns)
        if "created" in table.audited:
            id = fresh.get("id")
            said = audit.entry(self, "created", named(table), id, after=values)
            # Beside another INSERT, SQLAlchemy leaves the defaults of this one out.
            query = query.values(**_defaults(table, fresh | values)).add_cte(said)
        return (await self.db.execute(query)).one()

    async def change(
        self, table: type[Versioned], id: UUID, version: int | None, **values: Any
    ) -> Row[Any]:
        """Update one row if it still has `version`; None matches any. The version counts up."""
        own = (table.workspace_id == self.workspace_id, table.id == id, table.deleted_at.is_(None))
        query = update(table).where(*own, *within(table, self.sight))
        if version is not None:
            query = query.where(table.version == version)
        changed = query.values(**values, version=table.version + 1, updated_at=self.now)
        changed = changed.add_cte(*self._audited(table, id, version, values))
        row = (await self.db.execute(changed.returning(*inspect(table).columns))).one_or_none()
        if row is None:
            current = await self.get(table, id)
            raise stale(noun(table), current.version)
        return row

    async def remove(self, table: type[Versioned], id: UUID, version: int | None) -> None:
        await self.change(table, id, version, deleted_at=self.now)

    async def note(
        self,
        action: str,
        table: type[Table],
        id: UUID | None,
        *,
        before: Mapping[str, Any] | None = None,
        **after: Any,
    ) -> None:
        """Write down what was done in another way than by the three above."""
        said = audit.entry(self, action, named(table), id, before=before, after=after or None)
        await self.db.execute(select(literal(1)).add_cte(said))

    def _audited(
        self, table: type[Versioned], id: UUID, version: int | None, values: dict[str, Any]
    ) -> tuple[CTE, ...]:
        action = "deleted" if values.get("deleted_at") else "changed"
        if not values or action not in table.audited:
            return ()
        rows = self.rows(table).where(table.id == id)
        if version is not None:
            rows = rows.where(table.version == version)
        return (audit.replaced(self, action, named(table), id, rows=rows, after=values),)

    def _now(self) -> datetime:
        return self.now


def _defaults(table: type[Owned], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns that are not given hold."""
    made = {column.key: column.default for column in inspect(table).columns}
    return {
        str(name): default.arg(None) if default.is_callable else default.arg
        for name, default in made.items()
        if isinstance(default, ColumnDefault) and name not in given
    }


def stale(what: str, version: int) -> PreconditionFailed:
    problem = PreconditionFailed(
        f"The {what} is at version {version} now; read it again and repeat the change."
    )
    problem.more_headers["ETag"] = f'"{version}"'
    return problem


def named(table: type[Table]) -> str:
    """
    >>> from app.tables import ApiKey
    >>> named(ApiKey)
    'api_key'
    """
    return noun(table).replace(" ", "_")


def noun(table: type[Table]) -> str:
    """
    >>> from app.tables import ApiKey
    >>> noun(ApiKey)
    'api key'
    """
    words = "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in table.__name__
    )
    return words.strip()
