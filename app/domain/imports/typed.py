"""From texts to values: the mapped cells, what is wrong with them, and the sound rows cast."""

from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import faults, sql
from app.domain.imports.fields import ATTRIBUTE, FIELDS, REACHED, Kind
from app.domain.imports.kinds import TYPES, Reading
from app.domain.imports.mapping import Column, Plan

_TORN = """
INSERT INTO staged_faults SELECT line, 0, 'rejected',
  CASE WHEN torn = 'nul_character' THEN (CAST(:header AS text[]))[torn_place + 1] END,
  torn, NULL, NULL
FROM staged_cells WHERE torn IS NOT NULL"""

_CELLS = "INSERT INTO staged_cells SELECT line, torn, torn_place{values} FROM ({raw}) r"

# Most rows have no fault; only of those that have, every field is told.
_CHECKED = """
INSERT INTO staged_faults
SELECT c.line, k.place, 'rejected', k.name, k.code, k.value, k.detail
FROM staged_cells c
CROSS JOIN LATERAL (VALUES {checks}) AS k(place, name, value, code, detail)
WHERE coalesce({any}) IS NOT NULL AND coalesce(c.torn, '') NOT LIKE 'too%'
  AND k.code IS NOT NULL"""

_SOUND = """
INSERT INTO staged_rows SELECT c.line, {values} FROM staged_cells c
WHERE NOT EXISTS (SELECT FROM staged_faults f WHERE f.line = c.line)"""

_REACHED = """
INSERT INTO staged_reached SELECT c.line, :milestone, {at}
FROM staged_cells c JOIN staged_rows r ON r.line = c.line
WHERE c.{cell} IS NOT NULL"""


async def read(work: Work, plan: Plan, raw: str) -> int:
    """Make `staged_faults` and `staged_rows`; how many rows the file has.

    `raw` selects the rows as texts. `staged_rows` has the line, a typed column for every field of
    the object (NULL where it is not mapped), `attributes`, and is without the rows that have
    faults. Dates of wide columns (`reached:…`) stand in `staged_reached`.
    """
    reading = Reading(plan)
    await work.db.execute(text(faults.CREATE))
    count = await _cells(work, plan, raw)
    await sql.change(work, _TORN, header=list(plan.header))
    if plan.columns:
        await _check(work, reading)
    await work.db.execute(text("ANALYZE staged_faults"))
    await _cast(work, reading)
    await _wide(work, reading)
    await work.db.execute(text("ANALYZE staged_rows"))
    return count


def bindings(plan: Plan) -> dict[str, Any]:
    return {"zone": plan.zone, "currency": plan.currency}


async def _cells(work: Work, plan: Plan, raw: str) -> int:
    """The text of every mapped field, trimmed and fixed; empty is NULL."""
    columns = "".join(f", {column.cell} text" for column in plan.columns)
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE staged_cells (line bigint, torn text, torn_place int"
            f"{columns}) ON COMMIT DROP"
        )
    )
    values = "".join(f", {_cell(column)}" for column in plan.columns)
    read = [each for column in plan.columns for each in (column, *column.more)]
    fixes = {f"fix{column.number}": column.fix for column in read if column.fix}
    constants = {
        f"constant{column.number}": column.constant
        for column in plan.columns
        if column.constant is not None
    }
    statement = _CELLS.replace("{values}", values).replace("{raw}", raw)
    return await sql.change(work, statement, **fixes, **constants)


def _cell(column: Column) -> str:
    said = [_said(each) for each in (column, *column.more)]
    return said[0] if len(said) == 1 else f"coalesce({', '.join(said)})"


def _said(column: Column) -> str:
    if column.place is None:
        return f"nullif(:constant{column.number}, '')"
    cell = f"btrim(r.c{column.place}, {sql.BLANKS})"
    if column.fix:
        cell = f"coalesce(CAST(:fix{column.number} AS jsonb) ->> {cell}, {cell})"
    return f"nullif({cell}, '')"


async def _check(work: Work, reading: Reading) -> None:
    """One line for every bad field. What a torn row's fields say cannot be known."""
    lines, found = [], []
    values: dict[str, Any] = bindings(reading.plan)
    for column in reading.plan.columns:
        x, n = f"c.{column.cell}", column.number
        found.append(_fault(reading, column, x))
        # In the order of the file: the mapping has none.
        place = 0 if column.place is None else column.place + 1
        lines.append(f"({place}, :column{n}, {x}, {found[-1]}, :detail{n})")
        values[f"column{n}"] = column.name
        values[f"detail{n}"] = reading.detail(column.field)
    statement = _CHECKED.replace("{checks}", ", ".join(lines)).replace("{any}", ", ".join(found))
    await sql.change(work, statement, **values)


def _fault(reading: Reading, column: Column, x: str) -> str:
    fault = reading.fault(column.field, x)
    if column.field.required:
        return f"CASE WHEN {x} IS NULL THEN 'missing' ELSE {fault} END"
    return fault


async def _cast(work: Work, reading: Reading) -> None:
    plan = reading.plan
    fields = FIELDS[plan.object]
    types = ", ".join(f"{field.name} {TYPES.get(field.kind, 'text')}" for field in fields)
    await work.db.execute(
        text(
            f"CREATE TEMPORARY TABLE staged_rows (line bigint, {types}, attributes jsonb)"
            " ON COMMIT DROP"
        )
    )
    values = []
    for field in fields:
        column = plan.column(field.name)
        if field.kind is Kind.CURRENCY:
            said = f"upper(c.{column.cell})" if column else "NULL"
            values.append(f"coalesce({said}, :currency)")
        elif column is not None:
            values.append(reading.cast(field, f"c.{column.cell}"))
        else:
            values.append(f"CAST(NULL AS {TYPES.get(field.kind, 'text')})")
    statement = _SOUND.replace("{values}", ", ".join([*values, _attributes(plan)]))
    await sql.change(work, statement, **bindings(plan), **_attribute_names(plan))


def _attributes(plan: Plan) -> str:
    """The mapped attributes as one object; an empty cell takes the attribute away."""
    pairs = [
        f":attribute{column.number}, c.{column.cell}"
        for column in plan.columns
        if column.field.name.startswith(ATTRIBUTE)
    ]
    # A function takes a hundred arguments.
    objects = [
        f"jsonb_build_object({', '.join(pairs[i : i + 40])})" for i in range(0, len(pairs), 40)
    ]
    return " || ".join(objects) or "CAST('{}' AS jsonb)"


def _attribute_names(plan: Plan) -> dict[str, str]:
    return {
        f"attribute{column.number}": column.field.name.removeprefix(ATTRIBUTE)
        for column in plan.columns
        if column.field.name.startswith(ATTRIBUTE)
    }


async def _wide(work: Work, reading: Reading) -> None:
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE staged_reached (line bigint, milestone text, at timestamptz)"
            " ON COMMIT DROP"
        )
    )
    for column in reading.plan.columns:
        if column.field.name.startswith(REACHED):
            at = reading.cast(column.field, f"c.{column.cell}")
            statement = _REACHED.replace("{at}", at).replace("{cell}", column.cell)
            key = column.field.name.removeprefix(REACHED)
            await sql.change(work, statement, milestone=key, **bindings(reading.plan))
