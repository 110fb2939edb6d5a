"""What became of the rows of an import, and the step all objects share: which row is which."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import faults, sql

_TWICE = """
SELECT r.line, x.identity AS value, x.last::text AS detail
FROM staged_rows r JOIN (
  SELECT line, identity, max(line) OVER (PARTITION BY identity) AS last FROM staged_matches) x
  ON x.line = r.line
WHERE x.line < x.last"""

_SETTLE = "DELETE FROM staged_matches m USING staged_faults f WHERE f.line = m.line"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows by what was done with them; placeholders that were made; readings worth knowing."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    accounts: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    reconciliation: dict[str, Any] | None = None


async def matches(work: Work, statement: str, column: str, **values: object) -> None:
    """Make `staged_matches` (line, id, fresh, identity) by `statement`.

    Of the sound rows that mean the same object the last one counts; the others are rejected and
    say which line won.
    """
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE staged_matches"
            " (line bigint, id uuid, fresh boolean, identity text) ON COMMIT DROP"
        )
    )
    await sql.change(work, statement, **values)
    await work.db.execute(text("ANALYZE staged_matches"))
    await faults.note(work, _TWICE, code="duplicate_in_file", column=column)
    await settle(work)


async def settle(work: Work) -> None:
    """Forget the matches of rows that were set aside."""
    await sql.change(work, _SETTLE)


async def outcome(work: Work, created: int, updated: int, **more: Any) -> Outcome:
    """The rest of the matched rows said nothing new."""
    total = await sql.value(work, "SELECT count(*) FROM staged_matches")
    return Outcome(created, updated, total - created - updated, **more)
