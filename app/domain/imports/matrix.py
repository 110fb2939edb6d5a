"""The matrix from a file: a row for each customer with a column for each product, or a row for each
cell with a column for each facet.

What a file says is derived, not confirmed: it fills what nobody confirmed, and where a person
confirmed otherwise it is listed as a conflict. An empty cell says nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text, union_all

from app.core.errors import Problem
from app.core.work import Work
from app.domain import cells
from app.domain.cell_rows import said_plainly
from app.domain.cells import Change, Voice, Written
from app.domain.imports import faults, lookups, sql, traces
from app.domain.imports.fields import ANSWERS, MARKS, PRODUCT
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome, matches
from app.engine.matrix.facets import UNNAMED, Value
from app.engine.money import round_to_minor
from app.schemas.base import money_out
from app.tables import Product

# The members of a facet by what they are called in files; the first is its answer.
FACETS = {
    "ours": ("ours", "since", "quantity", "annual_value"),
    "need": ("need", "est_value", "by_when", "reason", "recheck_on", "evidence"),
    "aware": ("aware",),
}
MONEY = ("annual_value", "est_value")
SIGNS = {word: status for status, words in MARKS.items() for word in words}
MEANT: dict[str, Mapping[str, Value]] = {
    "buys": {"ours": {"value": "yes"}},
    "competitor": {},
    "need": {"need": {"value": "yes"}},
    "no_need": {"need": {"value": "no"}},
    "na": {"applicable": {"value": False}},
}
# More about an answer needs that answer in the same row: what is stored may be another by now.
NEEDS = {
    "since": "r.ours IN ('yes', 'ja', 'x')",
    "quantity": "r.ours IN ('yes', 'ja', 'x')",
    "annual_value": "r.ours IN ('yes', 'ja', 'x')",
    "competitor_value": "r.competitor IS NOT NULL",
    "contract_end": "r.competitor IS NOT NULL",
    "est_value": "r.need IN ('yes', 'ja', 'x')",
    "by_when": "r.need IN ('yes', 'ja', 'x')",
    "reason": "r.need IN ('yes', 'ja', 'x', 'no', 'nein')",
    "evidence": "r.need IN ('yes', 'ja', 'x', 'no', 'nein')",
    "recheck_on": "r.need IN ('no', 'nein')",
}

_UNKNOWN_PRODUCT = """
SELECT r.line, r.product AS value, NULL AS detail FROM staged_rows r
WHERE r.product IS NOT NULL AND NOT EXISTS (
  SELECT FROM staged_products p WHERE p.said = lower(r.product))"""
_ANSWER_MISSING = """
SELECT r.line, r.{field}::text AS value, NULL AS detail FROM staged_rows r
WHERE r.{field} IS NOT NULL AND ({answer}) IS NOT TRUE"""
_MATCH = """
INSERT INTO staged_matches (line, id, fresh, identity)
SELECT r.line, NULL, false, concat(lower(r.account), ' / ', lower(r.product)) FROM staged_rows r"""
_MARKED = """
INSERT INTO staged_marks SELECT c.line, p.id, c.{cell}
FROM staged_cells c JOIN staged_products p ON p.said = :product WHERE c.{cell} IS NOT NULL"""
_ROWS = """
SELECT r.*, a.id AS account_id, p.id AS product_id
FROM staged_rows r JOIN staged_accounts a ON a.said = r.account
JOIN staged_products p ON p.said = lower(r.product)
ORDER BY a.id, r.line"""
_MARKS = """
SELECT k.line, a.id AS account_id, k.product_id, k.mark
FROM staged_marks k JOIN staged_rows r ON r.line = k.line
JOIN staged_accounts a ON a.said = r.account
ORDER BY a.id, k.line, k.product_id"""

Said = tuple[int, Change]


async def products(work: Work) -> list[str]:
    """What a column for a product can be called: its key, or its name."""
    named = work.rows(Product)
    both = union_all(named.with_only_columns(Product.key), named.with_only_columns(Product.name))
    return list(await work.db.scalars(both))


async def prepare(work: Work, plan: Plan) -> None:
    """Note unknown products, details without their answer, rows about the same cell."""
    await lookups.products(work)
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE staged_marks (line bigint, product_id uuid, mark text)"
            " ON COMMIT DROP"
        )
    )
    await faults.note(work, _UNKNOWN_PRODUCT, code="unknown_product", column=plan.name("product"))
    for field, answer in NEEDS.items():
        if plan.has(field):
            found = _ANSWER_MISSING.replace("{field}", field).replace("{answer}", answer)
            await faults.note(work, found, code="answer_missing", column=plan.name(field))
    await matches(work, _MATCH, plan.name("account"))
    for column in plan.columns:
        if column.field.name.startswith(PRODUCT):
            said = column.field.name.removeprefix(PRODUCT)
            await sql.change(work, _MARKED.replace("{cell}", column.cell), product=said)


async def write(work: Work, plan: Plan) -> Outcome:
    """Say of every cell what its row says. Customers that are not known become placeholders."""
    await lookups.accounts(work, plan.source, "SELECT account AS said FROM staged_rows")
    changes = [(row.line, _change(row)) for row in await sql.rows(work, _ROWS)]
    changes += [(row.line, _marked(row, row.mark, {})) for row in await sql.rows(work, _MARKS)]
    voice = Voice("import", confirmed=False, import_id=plan.import_id)
    told: dict[int, list[Written]] = {}
    conflicts = 0
    for start in range(0, len(changes), cells.MOST):
        some = [each for each in changes[start : start + cells.MOST] if _speaks(each[1])]
        done = await cells.write(work, [change for _, change in some], voice)
        for (line, _), each in zip(some, done, strict=True):
            if isinstance(each, Problem):
                raise each
            told.setdefault(line, []).append(each)
            conflicts += len(each.conflicts)
    await traces.placeholders(work, plan, "accounts")
    return await _outcome(work, told, conflicts)


async def _outcome(work: Work, told: Mapping[int, Sequence[Written]], conflicts: int) -> Outcome:
    """Rows, not cells: created where one of its cells was never spoken of."""
    total = int(await sql.value(work, "SELECT count(*) FROM staged_matches"))
    created = sum(any(cell.fresh and cell.changed for cell in row) for row in told.values())
    changed = sum(any(cell.changed for cell in row) for row in told.values())
    return Outcome(
        created=created,
        updated=changed - created,
        unchanged=total - changed,
        accounts=await lookups.made(work, "staged_accounts"),
        notes={"conflict": conflicts} if conflicts else {},
    )


def _change(row: Row[Any]) -> Change:
    """A row about one cell."""
    said: dict[str, dict[str, Any]] = {}
    for facet, members in FACETS.items():
        for name in members:
            value = getattr(row, name)
            if value is not None:
                member = "value" if name == facet else name
                said.setdefault(facet, {})[member] = _plainly(name, value, row.currency)
    if row.applicable is not None:
        said["applicable"] = {"value": row.applicable}
    seen = [*_competitors(row)] if row.competitor else []
    if row.mark is None:
        return Change(row.account_id, row.product_id, said, seen=seen)
    return _marked(row, row.mark, said, seen)


def _marked(
    row: Row[Any], mark: str, said: Mapping[str, Value], seen: Sequence[Value] = ()
) -> Change:
    """The cell with what its mark says, as far as nothing else does."""
    word, _, names = mark.partition(":")
    status = SIGNS[word.strip().lower()]
    if status == "competitor" and not seen:
        named = [name.strip() for name in names.split(";") if name.strip()]
        seen = [{"name": name} for name in named or [UNNAMED]]
    return Change(row.account_id, row.product_id, {**MEANT[status], **said}, seen=seen)


def _competitors(row: Row[Any]) -> Iterator[Value]:
    """Several stand in one cell; what is known of one is not known of each of several."""
    names = [name.strip() for name in row.competitor.split(";") if name.strip()]
    alone = len(names) == 1
    for name in names:
        yield {
            "name": name,
            "annual_value": _plainly("annual_value", row.competitor_value, row.currency)
            if alone and row.competitor_value is not None
            else None,
            "contract_end": said_plainly(row.contract_end) if alone else None,
        }


def _plainly(name: str, value: Any, currency: str) -> Any:
    if name in MONEY:
        told = money_out(round_to_minor(value, currency), currency)
        return told and told.model_dump()
    if name in FACETS:
        return ANSWERS[value]
    return said_plainly(value)


def _speaks(change: Change) -> bool:
    return bool(change.said or change.seen)
