"""Accounts that are one: everything of the others becomes the kept one's, in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Row, Select, any_, literal, or_, select, text

from app.core.errors import Conflict, Invalid
from app.core.ids import UUID7_SQL
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import accounts, business, cell_rows, loop, replay
from app.domain.account_links import moving
from app.domain.ledger import posting
from app.domain.merge_changes import Ledger, take_back
from app.domain.trees import below, hold
from app.schemas.accounts import AccountOut
from app.schemas.attributes import objection
from app.schemas.merges import Member, MergeChangeOut, MergedOut, MergeIn, MergeOut, MergeQuery
from app.tables import Account, AccountMerge, AccountMergeUndo

MEMBERS: tuple[str, ...] = get_args(Member)
SHOWN = 100
PLACEHOLDER = "placeholder"

_GO = """
WITH gone AS (
  UPDATE accounts t
  SET deleted_at = :now, merged_into = :kept, version = t.version + 1, updated_at = :now
  WHERE t.workspace_id = :workspace AND t.id = ANY(CAST(:accounts AS uuid[])) AND t.id <> :kept
  RETURNING t.id
)
INSERT INTO account_merge_changes (workspace_id, merge_id, number, table_name, key, before, after)
SELECT :workspace, :merge, :so_far + row_number() OVER (), 'accounts', jsonb_build_object('id', id),
  jsonb_build_object('deleted_at', null, 'merged_into', null),
  jsonb_build_object('deleted_at', CAST(:now AS timestamptz), 'merged_into', CAST(:kept AS uuid))
FROM gone"""

# The history of each opportunity says whose it is from now on, and which type of business.
_TELL = f"""
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  correction, reconstructed, account_id, business_type)
SELECT o.workspace_id, {UUID7_SQL}, o.id, :kind, :now, :now, :actor, 'api', false, false,
  o.account_id, o.business_type
FROM opportunities o
WHERE o.workspace_id = :workspace AND o.id IN (
  SELECT CAST(c.key->>'id' AS uuid) FROM account_merge_changes c
  WHERE c.workspace_id = :workspace AND c.merge_id = :merge AND c.table_name = 'opportunities')"""

_CYCLE = text("""
WITH RECURSIVE up (start, id) AS (
  SELECT a.id, a.parent_id FROM accounts a
  WHERE a.workspace_id = :workspace AND a.deleted_at IS NULL AND a.id IN (
    SELECT CAST(c.key->>'id' AS uuid) FROM account_merge_changes c
    WHERE c.workspace_id = :workspace AND c.merge_id = :merge AND c.table_name = 'accounts')
  UNION
  SELECT u.start, a.parent_id FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.id AND a.deleted_at IS NULL)
SELECT start FROM up WHERE start = id LIMIT 1""")

_DEALS = """
SELECT CAST(key->>'id' AS uuid) FROM account_merge_changes
WHERE workspace_id = :workspace AND merge_id = :merge AND table_name = 'opportunities'"""
_TOUCH = f"WITH {posting.touches(_DEALS)} SELECT"

_CHANGES = text("""
SELECT merge_id, table_name AS "table", members, count(*) AS count,
  coalesce(array_agg(id ORDER BY number) FILTER (WHERE id IS NOT NULL AND place <= :shown),
    CAST(ARRAY[] AS uuid[])) AS ids
FROM (
  SELECT *, row_number() OVER (PARTITION BY merge_id, table_name, members ORDER BY number) AS place
  FROM (
    SELECT c.merge_id, c.table_name, c.number, CAST(c.key->>'id' AS uuid) AS id,
      ARRAY(SELECT jsonb_object_keys(c.before) AS name ORDER BY name) AS members
    FROM account_merge_changes c
    WHERE c.workspace_id = :workspace AND c.merge_id = ANY(CAST(:merges AS uuid[]))) told) counted
GROUP BY merge_id, table_name, members ORDER BY min(number)""")


async def merge(work: Work, wanted: MergeIn) -> MergedOut:
    """One account of several; with `dry_run` only what would become of them.

    The number of statements does not depend on how much refers to them.
    """
    async with work.db.begin_nested() as trial:
        id = await _merge(work, wanted)
        seen = await read(work, id)
        account = AccountOut.model_validate(await work.get(Account, wanted.keep))
        if wanted.dry_run:
            await trial.rollback()
    return MergedOut(**dict(seen), dry_run=wanted.dry_run, account=account)


async def undo(work: Work, id: UUID) -> MergeOut:
    """As it was, unless something the merge left behind has changed since."""
    await hold(work, Account)
    await work.get(AccountMerge, id)
    await work.add(AccountMergeUndo, merge_id=id, undone_at=work.now, undone_by=work.actor)
    row = await work.get(AccountMerge, id)
    await cell_rows.take_out(work, [row.kept_id, *row.merged_ids])
    touched = await take_back(work, id)
    if touched:
        names = ", ".join(sorted({each["table"] for each in touched}))
        raise Conflict(
            f"Since the merge something else has changed what it moved ({names}); see `changed`.",
            changed=touched,
        )
    own = {"workspace": work.workspace_id, "merge": id}
    if await work.db.scalar(_CYCLE, own) is not None:
        raise Conflict("An account would lie below itself: the tree was changed since the merge.")
    await business.recount(work, _DEALS, merge=id)
    await _follow(work, id, [row.kept_id, *row.merged_ids])
    await _tell(work, id, "unmerged")
    return await read(work, id)


async def find(work: Work, asked: MergeQuery) -> Page:
    query = _merges(work)
    if asked.account is not None:
        of = literal(asked.account) == any_(AccountMerge.merged_ids)
        query = query.where(or_(AccountMerge.kept_id == asked.account, of))
    order = Order("merged_at", AccountMerge.merged_at, AccountMerge.id, descending=True)
    found = await page(work, query, order, asked)
    return Page(await _seen(work, found.data), found.next_cursor)


async def read(work: Work, id: UUID) -> MergeOut:
    await work.get(AccountMerge, id)
    [seen] = await _seen(work, await work.all(_merges(work).where(AccountMerge.id == id)))
    return seen


async def _merge(work: Work, wanted: MergeIn) -> UUID:
    await hold(work, Account)
    rows = await _held(work, [wanted.keep, *wanted.merge])
    await cell_rows.take_out(work, [*rows])
    row = await work.add(
        AccountMerge,
        kept_id=wanted.keep,
        merged_ids=wanted.merge,
        note=wanted.note,
        merged_at=work.now,
        merged_by=work.actor,
    )
    ledger = Ledger(work, row.id, wanted.keep, [wanted.keep, *wanted.merge])
    await ledger.write(_GO)
    await _take_over(work, ledger, rows, wanted)
    for link in moving():
        await ledger.move(link)
    await _not_below_itself(work, wanted.keep)
    await ledger.write(business.anew_sql(work))
    await _follow(work, row.id, [wanted.keep, *wanted.merge])
    await _tell(work, row.id, "merged")
    return ledger.merge_id


async def _follow(work: Work, id: UUID, accounts_held: Sequence[UUID]) -> None:
    """Bring the matrix, and what is kept, in line with the cells and the deals that have moved."""
    await work.db.execute(text(_TOUCH), {"workspace": work.workspace_id, "merge": id})
    await cell_rows.recount(work, accounts_held)
    await loop.settle(work, f"IN ({_DEALS})", replay.values_of(work) | {"merge": id})


async def _held(work: Work, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Them all, and nobody else changes them or lets anything new refer to them until the end."""
    query = work.rows(Account).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
    rows = {row.id: row for row in await work.all(query)}
    for id in ids:
        if id not in rows:
            raise await accounts.missing(work, id)
    return rows


async def _take_over(
    work: Work, ledger: Ledger, rows: Mapping[UUID, Row[Any]], wanted: MergeIn
) -> None:
    kept = rows[wanted.keep]
    others = [rows[id] for id in wanted.merge]
    values = {name: _value(name, rows, kept, others, wanted.sources) for name in MEMBERS}
    values["parent_id"] = _outside(rows, values["parent_id"])
    if fault := objection(values["attributes"]):
        raise Invalid.at("/fields/attributes", *fault)
    changes = {name: value for name, value in values.items() if value != getattr(kept, name)}
    if not changes:
        return
    await work.change(Account, kept.id, None, **changes)
    before = {name: _json(getattr(kept, name)) for name in changes}
    after = {name: _json(value) for name, value in changes.items()}
    await ledger.note("accounts", {"id": str(kept.id)}, before, after)


def _value(
    name: str,
    rows: Mapping[UUID, Row[Any]],
    kept: Row[Any],
    others: Sequence[Row[Any]],
    sources: Mapping[str, UUID],
) -> Any:
    if name in sources:
        return getattr(rows[sources[name]], name)
    if name == "attributes":
        return _together([kept, *others])
    known = (getattr(row, name) for row in (kept, *others))
    return next((value for value in known if value is not None), None)


def _together(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """Who comes first is right. What anybody entered is no placeholder any more."""
    together = {name: value for row in reversed(rows) for name, value in row.attributes.items()}
    if not all(row.attributes.get(PLACEHOLDER) for row in rows):
        together.pop(PLACEHOLDER, None)
    return together


def _outside(rows: Mapping[UUID, Row[Any]], parent_id: UUID | None) -> UUID | None:
    """The nearest group above that is not one of those that become one."""
    passed: set[UUID] = set()
    while parent_id is not None and parent_id in rows and parent_id not in passed:
        passed.add(parent_id)
        parent_id = rows[parent_id].parent_id
    return None if parent_id in rows else parent_id


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


async def _not_below_itself(work: Work, id: UUID) -> None:
    """What was between the accounts is below the kept one by now, and must not be above it too."""
    tree = below(work, Account, id)
    above = select(Account.parent_id).where(
        Account.workspace_id == work.workspace_id, Account.id == id
    )
    if await work.one(select(tree.c.id).where(tree.c.id == above.scalar_subquery())) is not None:
        detail = "between these accounts lies another one; put it elsewhere first"
        raise Invalid.at("/keep", "cycle", detail)


async def _tell(work: Work, id: UUID, kind: str) -> None:
    own = {"workspace": work.workspace_id, "merge": id}
    await work.db.execute(text(_TELL), own | {"kind": kind, "now": work.now, "actor": work.actor})


def _merges(work: Work) -> Select[Any]:
    undo = (AccountMergeUndo.workspace_id == AccountMerge.workspace_id) & (
        AccountMergeUndo.merge_id == AccountMerge.id
    )
    told = (AccountMergeUndo.undone_at, AccountMergeUndo.undone_by)
    return work.rows(AccountMerge).add_columns(*told).outerjoin(AccountMergeUndo, undo)


async def _seen(work: Work, rows: Sequence[Row[Any]]) -> list[MergeOut]:
    changes = await _changes(work, [row.id for row in rows])
    return [MergeOut(**row._mapping, changes=changes[row.id]) for row in rows]  # noqa: SLF001 - its public name


async def _changes(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[MergeChangeOut]]:
    """By merge what it changed, counted by table and members."""
    found: dict[UUID, list[MergeChangeOut]] = {id: [] for id in ids}
    own = {"workspace": work.workspace_id, "merges": [*ids], "shown": SHOWN}
    for row in await work.db.execute(_CHANGES, own):
        found[row.merge_id].append(MergeChangeOut.model_validate(row))
    return found
