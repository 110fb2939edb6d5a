"""What a merge changes, row by row: done and written down in one statement, and taken back.

Every change is kept with what was there before and after it, so that undoing it knows nothing of
tables: it puts back what was there, where what is there is still what the merge left behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, MetaData, bindparam, text
from sqlalchemy import Table as Relation
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from app.core.work import Work
from app.domain.account_links import Link, own_id
from app.tables import Table

# Rows of the kept account come first, then those of the merged ones as they were named; of those
# that cannot stand side by side the first one stays or moves.
_MOVE = """
WITH ranked AS (
  SELECT {id}, t.{column} AS was{places}
  FROM {table} t
  WHERE t.workspace_id = :workspace AND t.{column} = ANY(CAST(:accounts AS uuid[])) {besides}
), moved AS (
  UPDATE {table} t SET {column} = CAST(:kept AS uuid){counted}
  FROM ranked r
  WHERE t.workspace_id = :workspace AND {same} AND r.was <> :kept{first}
  RETURNING {id}, r.was
)
INSERT INTO account_merge_changes (workspace_id, merge_id, number, table_name, key, before, after)
SELECT :workspace, :merge, :so_far + row_number() OVER (), '{table}', {key},
  jsonb_build_object('{column}', was), jsonb_build_object('{column}', CAST(:kept AS uuid))
FROM moved t"""
_PLACE = """, row_number() OVER (
    PARTITION BY {apart} ORDER BY array_position(CAST(:accounts AS uuid[]), t.{column}), {id}
  ) AS place_{number}"""

_GROUPS = text("""
SELECT table_name, members FROM (
  SELECT table_name, number,
    ARRAY(SELECT jsonb_object_keys(c.before) AS name ORDER BY name) AS members
  FROM account_merge_changes c WHERE workspace_id = :workspace AND merge_id = :merge) told
GROUP BY table_name, members ORDER BY min(number) DESC""")

_BACK = """
WITH wanted AS (
  SELECT number, key, before, after FROM account_merge_changes c
  WHERE workspace_id = :workspace AND merge_id = :merge AND table_name = '{table}'
    AND ARRAY(SELECT jsonb_object_keys(c.before) AS name ORDER BY name) = :members
), back AS (
  UPDATE {table} t SET {before}{counted}
  FROM wanted w
  WHERE t.workspace_id = :workspace AND {same} AND {untouched}
  RETURNING w.number
)
SELECT key FROM wanted WHERE number NOT IN (SELECT number FROM back) ORDER BY number LIMIT :few"""

_NOTE = text("""
INSERT INTO account_merge_changes (workspace_id, merge_id, number, table_name, key, before, after)
VALUES (:workspace, :merge, :number, :table, :key, :before, :after)""").bindparams(
    *(bindparam(name, type_=JSONB()) for name in ("key", "before", "after"))
)
TOLD = 10
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


@dataclass(slots=True)
class Ledger:
    """The changes of one merge as they are made; `count` is how many there are by now."""

    work: Work
    merge_id: UUID
    kept_id: UUID
    # The kept one first.
    accounts: Sequence[UUID]
    count: int = 0

    @property
    def values(self) -> dict[str, Any]:
        return {
            "workspace": self.work.workspace_id,
            "merge": self.merge_id,
            "kept": self.kept_id,
            "accounts": list(self.accounts),
            "now": self.work.now,
            "so_far": self.count,
        }

    async def write(self, statement: str) -> None:
        """Execute a statement that changes rows and writes down how, as its own last step."""
        used = {name: value for name, value in self.values.items() if f":{name}" in statement}
        self.count += (await self.work.db.execute(text(statement), used)).rowcount

    async def move(self, link: Link) -> None:
        """Let everything that refers to a merged account refer to the kept one."""
        await self.write(move_sql(link))

    async def note(
        self,
        table: str,
        key: Mapping[str, Any],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Write down one change that was made by hand."""
        self.count += 1
        row = {"table": table, "key": key, "before": before, "after": after, "number": self.count}
        own = {"workspace": self.work.workspace_id, "merge": self.merge_id}
        await self.work.db.execute(_NOTE, own | row)


def move_sql(link: Link) -> str:
    table, id = link.table, ", ".join(f"t.{name}" for name in link.own_id)
    alive = ("(t.deleted_at IS NULL)",) if "deleted_at" in table.columns else ()
    apart = [", ".join(("t.workspace_id", *alive, *(f"t.{x}" for x in key))) for key in link.keys]
    places = [
        _PLACE.format(apart=each, column=link.column, id=id, number=number)
        for number, each in enumerate(apart)
    ]
    return _MOVE.format(
        table=table.name,
        column=link.column,
        id=id,
        places="".join(places),
        # Those that are merged stay as they were, in every other respect.
        besides="AND t.id <> ALL(CAST(:accounts AS uuid[]))" if table.name == "accounts" else "",
        counted=_counted(table),
        same=_same_row(link),
        first="".join(f" AND r.place_{number} = 1" for number in range(len(places))),
        key=json_of(link.own_id),
    )


async def take_back(
    work: Work, merge_id: UUID, metadata: MetaData = Table.metadata
) -> list[dict[str, Any]]:
    """Put back what the merge changed; what something else changed since, by table and key."""
    own = {"workspace": work.workspace_id, "merge": merge_id}
    touched: list[dict[str, Any]] = []
    for group in (await work.db.execute(_GROUPS, own)).all():
        table = metadata.tables[group.table_name]
        statement = _back_sql(table, group.members)
        values = own | {"members": group.members, "few": TOLD}
        used = values | ({"now": work.now} if ":now" in statement else {})
        rows = (await work.db.execute(text(statement), used)).all()
        touched += [{"table": table.name, **row.key} for row in rows]
    return touched


def _back_sql(table: Relation, members: Sequence[str]) -> str:
    changed = [table.columns[name] for name in members]
    return _BACK.format(
        table=table.name,
        before=", ".join(f"{each.name} = {_typed('w.before', each)}" for each in changed),
        counted=_counted(table),
        same=" AND ".join(
            f"t.{name} = {_typed('w.key', table.columns[name])}" for name in own_id(table)
        ),
        untouched=" AND ".join(
            f"t.{each.name} IS NOT DISTINCT FROM {_typed('w.after', each)}" for each in changed
        ),
    )


def _typed(object: str, column: Column[Any]) -> str:
    """The member of a JSON object that is named like the column, as what the column holds."""
    if isinstance(column.type, JSONB):
        return f"nullif({object}->'{column.name}', 'null')"
    return f"CAST({object}->>'{column.name}' AS {column.type.compile(DIALECT)})"


def json_of(names: Sequence[str]) -> str:
    members = ", ".join(f"'{name}', t.{name}" for name in names)
    return f"jsonb_build_object({members})"


def _counted(table: Relation) -> str:
    """Whoever read the row before has to read it again; that holds for the way back as well."""
    counts = "version" in table.columns
    return ", version = t.version + 1, updated_at = :now" if counts else ""


def _same_row(link: Link) -> str:
    """The row as it was: where the account is part of its key, that is about to change."""
    pairs = {name: f"r.{name}" for name in link.own_id}
    return " AND ".join(f"t.{name} = {other}" for name, other in pairs.items())
