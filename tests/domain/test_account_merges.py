"""What a merge moves and an undo puts back, for any graph of references, and for tables to come."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    Uuid,
    func,
    insert,
    select,
    text,
)
from sqlalchemy import Table as Relation

from app.core.errors import Invalid, NotFound
from app.core.ids import uuid7
from app.domain.account_links import links
from app.domain.account_merges import MEMBERS, merge, undo
from app.domain.merge_changes import Ledger, take_back
from app.schemas.merges import MergeIn
from app.tables import Account, AccountMerge, Opportunity, Passage, Table
from tests.deals import make_process

# Whoever lets a table refer to an account says here what a merge does with it.
HANDLED = {
    "account_merges.kept_id": "stays",
    "accounts.merged_into": "moves",
    "cell_changes.account_id": "stays",
    "cell_conflicts.account_id": "yields",
    "cell_counts.account_id": "stays",
    "cell_deals.account_id": "moves",
    "cells.account_id": "yields",
    "accounts.parent_id": "moves",
    "distinct_accounts.first_id": "stays",
    "distinct_accounts.second_id": "stays",
    "events.account_id": "stays",
    "goals.account_id": "moves",
    "marks.account_id": "moves",
    "opportunities.account_id": "moves",
    "sources.account_id": "moves",
    "touchpoint_stitches.account_id": "stays",
    "touchpoints.account_id": "stays",
}
RECORDS = ("account_merges", "account_merge_changes", "account_merge_undos", "audit_log")
# Only ever added to: what a merge puts in and its undoing takes out again comes to nothing.
LEDGER = ("arrival_cells", "stock_cells", "matrix_sums", "deal_touches")
NET = """SELECT count(*) FROM (
  SELECT FROM arrival_cells GROUP BY process_id, lineage_id, grain, day, person_id, business_type
  HAVING sum(n) <> 0 OR sum(missing) <> 0 OR sum(value) <> 0) cells"""
# They go forward only: a version that went back could be matched twice.
COUNTED = ("version", "updated_at")


def test_every_reference_to_an_account_is_handled():
    assert {
        link.name: "stays" if link.stays else "yields" if link.keys else "moves" for link in links()
    } == HANDLED


@st.composite
def graphs(draw):
    """Accounts in trees, their opportunities, and merges one after the other."""
    size = draw(st.integers(3, 6))
    numbers = st.integers(0, size - 1)
    maybe = st.one_of(st.none(), st.sampled_from(["x", "y"]))
    accounts = [
        {
            "parent": draw(st.one_of(st.none(), st.integers(0, number - 1))) if number else None,
            "segment": draw(maybe),
            "vat_id": draw(maybe),
            "attributes": draw(st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2)),
            "deleted": draw(st.integers(0, 9)) == 0,
        }
        for number in range(size)
    ]
    deal = st.fixed_dictionaries(
        {
            "account": numbers,
            "won": st.booleans(),
            "age": st.integers(1, 2000),
            "type": st.sampled_from([None, "new", "existing"]),
            "chosen": st.booleans(),
            "deleted": st.booleans(),
        }
    )
    some = st.lists(numbers, min_size=2, max_size=3, unique=True)
    merges = draw(st.lists(st.tuples(some, st.booleans()), min_size=1, max_size=3))
    return accounts, draw(st.lists(deal, max_size=6)), merges, draw(st.booleans())


@pytest.fixture
async def process(client, work):
    """(process, version, order milestone)"""
    made = await make_process(client)
    row = (await work.db.execute(text("SELECT id FROM process_versions"))).one()
    return UUID(made["id"]), row.id, UUID(made["milestones"][-1]["id"])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(graph=graphs())
async def test_undoing_merges_leaves_every_table_as_it_was(work, process, graph):
    accounts, deals, merges, grouped = graph
    work = replace(work, home=replace(work.home, group_orders_count=grouped))
    async with passing(work):
        ids = await _accounts(work, accounts)
        await _deals(work, process, ids, deals)
        before, done = await everything(work), []
        for several, takes in merges:
            keep, *others = (ids[number] for number in several)
            fields = {name: f"from:{others[0]}" for name in MEMBERS if takes}
            try:
                async with work.db.begin_nested():
                    told = await merge(work, MergeIn(keep=keep, merge=others, fields=fields))
            except (Invalid, NotFound):  # a ring, or one that is gone
                continue
            done.append(told.id)
            assert await dangling(work, others) == 0
        for id in reversed(done):
            await undo(work, id)
        assert await everything(work) == before
        assert await work.db.scalar(text(NET)) == 0


@asynccontextmanager
async def passing(work):
    """Nothing of it stays, however it ends."""
    trial = await work.db.begin_nested()
    try:
        yield
    finally:
        await trial.rollback()


async def everything(work):
    """All rows of all tables, as text."""
    found = {}
    for name in sorted(set(Table.metadata.tables) - {*RECORDS, *LEDGER, "api_keys", "workspaces"}):
        besides = "WHERE kind NOT IN ('merged', 'unmerged')" if name == "events" else ""
        rows = await work.db.scalars(text(f"SELECT to_jsonb(t) FROM {name} t {besides}"))  # noqa: S608 - our own tables
        told = [{k: v for k, v in row.items() if k not in COUNTED} for row in rows]
        found[name] = sorted(json.dumps(row, sort_keys=True) for row in told)
    return found


async def dangling(work, gone):
    """How many rows still refer to what was merged, of those that should not."""
    deals = work.rows(Opportunity).where(Opportunity.account_id.in_(gone))
    below = work.rows(Account).where(Account.parent_id.in_(gone))
    counts = [select(func.count()).select_from(query.subquery()) for query in (deals, below)]
    return sum([await work.db.scalar(count) for count in counts])


async def _accounts(work, accounts):
    ids = [uuid7() for _ in accounts]
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": id,
            "name": f"Company {number}",
            "segment": each["segment"],
            "vat_id": each["vat_id"],
            "attributes": each["attributes"],
            "parent_id": None if each["parent"] is None else ids[each["parent"]],
            "source": "crm",
            "external_id": str(number),
            "created_at": work.now,
            "updated_at": work.now,
            "deleted_at": work.now if each["deleted"] else None,
        }
        for number, (id, each) in enumerate(zip(ids, accounts, strict=True))
    ]
    await work.db.execute(insert(Account), rows)
    return ids


async def _deals(work, process, ids, deals):
    process_id, version_id, order_id = process
    for each in deals:
        at, id = work.now - timedelta(days=each["age"]), uuid7()
        won = {"status": "won", "won_at": at, "position": 5, "milestone_id": order_id}
        await work.add(
            Opportunity,
            id=id,
            name="Press",
            process_id=process_id,
            version_id=version_id,
            account_id=ids[each["account"]],
            source="api",
            clock_from=at,
            created_at=at,
            business_type=each["type"],
            counted_as=each["type"],
            business_chosen=each["chosen"],
            deleted_at=work.now if each["deleted"] else None,
            **(won if each["won"] else {}),
        )
        if each["won"]:
            await work.add(
                Passage,
                opportunity_id=id,
                milestone_id=order_id,
                ordinal=1,
                event_id=uuid7(),
                process_id=process_id,
                lineage_id=uuid7(),
                position=5,
                arrived_at=at,
                implied=False,
                verified=False,
                reconstructed=False,
                held_days=0,
            )


CELLS = MetaData()
Relation("accounts", CELLS, Column("workspace_id", Uuid), Column("id", Uuid))
Relation(
    "cells",
    CELLS,
    Column("workspace_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("ours", Boolean),
    ForeignKeyConstraint(["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"]),
)


async def test_of_one_row_for_each_account_and_product_the_kept_ones_stays(work):
    """A table to come, with the account in its key: a merged cell moves where there is none yet."""
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE cells (workspace_id uuid, account_id uuid, product text,"
            " ours boolean, PRIMARY KEY (workspace_id, account_id, product)) ON COMMIT DROP"
        )
    )
    ids = keep, one, two = await _accounts(
        work, [dict.fromkeys(("parent", "segment", "vat_id", "deleted")) | {"attributes": {}}] * 3
    )
    cells = CELLS.tables["cells"]
    rows = [
        (keep, "press", True),
        (one, "press", False),
        (one, "lathe", True),
        (two, "lathe", False),
        (two, "saw", None),
    ]
    names = ("account_id", "product", "ours")
    await work.db.execute(
        insert(cells),
        [dict(zip(names, row, strict=True)) | {"workspace_id": work.workspace_id} for row in rows],
    )
    told = {"kept_id": keep, "merged_ids": [one, two], "merged_at": work.now, "merged_by": "test"}
    merge_id = (await work.add(AccountMerge, **told)).id
    [link] = links(CELLS)
    assert (link.name, link.keys) == ("cells.account_id", (("product",),))
    ledger = Ledger(work, merge_id, keep, ids)
    await ledger.move(link)
    assert ledger.count == 2
    seen = (await work.db.execute(select(cells.c.account_id, cells.c.product, cells.c.ours))).all()
    assert set(seen) == {
        (keep, "press", True),
        (one, "press", False),
        (keep, "lathe", True),
        (two, "lathe", False),
        (keep, "saw", None),
    }
    assert await take_back(work, merge_id, CELLS) == []
    seen = (await work.db.execute(select(cells.c.account_id, cells.c.product, cells.c.ours))).all()
    assert set(seen) == set(rows)


def test_a_unique_key_nobody_can_read_needs_a_rule_of_its_own():
    metadata = MetaData()
    Relation("accounts", metadata, Column("workspace_id", Uuid), Column("id", Uuid))
    marks = Relation(
        "marks",
        metadata,
        Column("workspace_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("account_id", Uuid),
        Column("name", Text),
        ForeignKeyConstraint(
            ["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"]
        ),
    )
    Index("marks_name_key", marks.c.account_id, func.lower(marks.c.name), unique=True)
    with pytest.raises(TypeError, match="unique key over an expression"):
        links(metadata)
