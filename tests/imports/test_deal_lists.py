"""Whole deal lists, where they are at hand: nothing lost, every cent, and nothing twice."""

import csv
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from tests.deals import make_process
from tests.imports.support import bring, counts, problems

LISTS = Path(__file__).parents[2].parent / "shared" / "data"
MAPPINGS = Path(__file__).parents[2] / "docs" / "examples" / "mappings"
SALES, PIPELINE = LISTS / "maven", LISTS / "synthetic-pe"
TABLES = ("accounts", "products", "people", "teams", "memberships", "opportunities", "events")
DERIVED = ("passages", "credits", "opportunity_products", "cells", "cell_deals")

pytestmark = [
    pytest.mark.skipif(not LISTS.exists(), reason="the deal lists are not at hand"),
    pytest.mark.timeout(400),
]


def mapping(name: str) -> dict:
    return json.loads((MAPPINGS / f"{name}.json").read_text())


def rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def sales(client, folder):
    """The four files of the sales list, in the order in which they refer to each other."""
    process = await make_process(client)
    found = {}
    for object, file in (
        ("accounts", "accounts"),
        ("products", "products"),
        ("people", "sales_teams"),
    ):
        content = (folder / f"{file}.csv").read_bytes()
        found[object] = await bring(client, object, content, mapping(f"crm-sales-{object}"))
    said = mapping("crm-sales")
    content = (folder / "sales_pipeline.csv").read_bytes()
    found["deals"] = await bring(client, "opportunities", content, said, process_id=process["id"])
    return found


async def asked(engine, workspace, query: str):
    """The rows of a query, in a transaction of its own: an idle one would be ended meanwhile."""
    async with workspace_transaction(engine, workspace[0]) as db:
        return (await db.execute(text(query), {"ws": workspace[0]})).all()


async def digests(engine, workspace, *tables: str) -> dict[str, str]:
    """Every stored row with its transaction: also a row written anew unchanged would show."""
    query = (
        "SELECT md5(string_agg(md5(t::text || t.xmin::text), '' ORDER BY md5(t::text)))"
        " FROM {} t WHERE workspace_id = :ws"
    )
    return {table: (await asked(engine, workspace, query.format(table)))[0][0] for table in tables}


async def test_a_sales_list_comes_in_whole_to_the_cent_and_only_once(client, engine, workspace):
    found = await sales(client, SALES)
    deals = rows(SALES / "sales_pipeline.csv")
    assert {name: counts(job) for name, job in found.items()} == {
        "accounts": {"read": 85, "created": 85},
        "products": {"read": 7, "created": 7},
        "people": {"read": 35, "created": 35},
        "deals": {"read": len(deals), "created": len(deals)},
    }
    assert found["deals"]["placeholders"] == {"accounts": [], "people": []}
    won: dict[str, Decimal] = defaultdict(Decimal)
    for deal in deals:
        if deal["deal_stage"] == "Won":
            won[deal["close_date"][:7]] += Decimal(deal["close_value"])
    ours = found["deals"]["reconciliation"]["ours"]
    assert found["deals"]["reconciliation"]["matches"] is True
    assert {m["month"]: Decimal(m["value"][0]["amount"]) for m in ours["won"]} == won
    stages = Counter(deal["deal_stage"] for deal in deals)
    assert ours["exited"]["count"] == stages["Lost"]
    assert ours["open"]["count"] == stages["Engaging"] + stages["Prospecting"]
    before = await digests(engine, workspace, *TABLES, *DERIVED)
    content = (SALES / "sales_pipeline.csv").read_bytes()
    said = mapping("crm-sales")
    again = await bring(client, "opportunities", content, said, process_id="new-business")
    assert counts(again) == {"read": 8800, "unchanged": 8800}
    assert await digests(engine, workspace, *TABLES, *DERIVED) == before


def expected(deals: list[dict]) -> set[tuple[str, str, str]]:
    """(deal, what happened, on which day) as the list with ISO dates says."""
    said = set()
    for deal in deals:
        if deal["engage_date"]:
            said.add((deal["opportunity_id"], "reached", deal["engage_date"]))
        if deal["deal_stage"] in ("Won", "Lost"):
            kind = "ordered" if deal["deal_stage"] == "Won" else "exited"
            said.add((deal["opportunity_id"], kind, deal["close_date"]))
    return said


async def test_american_dates_give_the_same_history(client, engine, workspace):
    process = await make_process(client)
    said = mapping("crm-sales") | {"date_format": "us"}
    del said["columns"]["product"]
    del said["fix"]["product"]
    content = (SALES / "us-dates" / "sales_pipeline.csv").read_bytes()
    job = await bring(client, "opportunities", content, said, process_id=process["id"])
    assert counts(job) == {"read": 8800, "created": 8800}
    # Asked for apart: a join right after an import may be planned for a table as it was before.
    deals = await asked(
        engine, workspace, "SELECT id, external_id FROM opportunities WHERE workspace_id = :ws"
    )
    names = dict([tuple(row) for row in deals])
    told = await asked(
        engine,
        workspace,
        "SELECT opportunity_id, kind, to_char(occurred_at AT TIME ZONE 'Europe/Berlin',"
        " 'YYYY-MM-DD') FROM events WHERE workspace_id = :ws AND kind <> 'created'",
    )
    found = {(names[id], kind, day) for id, kind, day in told}
    assert found == expected(rows(SALES / "sales_pipeline.csv"))


async def test_a_dry_run_of_a_sales_list_leaves_no_trace(client, engine, workspace):
    await make_process(client)
    content = (SALES / "products.csv").read_bytes()
    await bring(client, "products", content, mapping("crm-sales-products"))
    before = await digests(engine, workspace, *TABLES)
    content, said = (SALES / "sales_pipeline.csv").read_bytes(), mapping("crm-sales")
    job = await bring(
        client, "opportunities", content, said, process_id="new-business", dry_run=True
    )
    assert counts(job) == {"read": 8800, "created": 8800}
    assert job["reconciliation"]["matches"] is True
    assert len(job["placeholders"]["accounts"]) == 85
    assert await digests(engine, workspace, *TABLES) == before


async def pipeline(client):
    process = await make_process(client)
    found = []
    for object, file, name in (
        ("opportunities", "pipeline_deals", "deal-pipeline"),
        ("events", "stage_history", "deal-pipeline-history"),
    ):
        content = (PIPELINE / f"{file}.csv").read_bytes()
        job = await bring(client, object, content, mapping(name), process_id=process["id"])
        found.append(job)
    return found


async def test_a_history_of_stages_becomes_events(client, engine, workspace):
    deals, history = await pipeline(client)
    assert counts(deals) == {"read": 500, "created": 499, "rejected": 1}
    ((_, column, code, value),) = await problems(client, deals)
    assert (column, code, value) == ("deal_id", "duplicate_in_file", "D-0500")
    stages = rows(PIPELINE / "stage_history.csv")
    assert counts(history) == {"read": len(stages), "created": len(stages)}
    outcome = {row["deal_id"]: row["deal_stage"] for row in rows(PIPELINE / "pipeline_deals.csv")}
    query = "SELECT status, count(*) FROM opportunities WHERE workspace_id = :ws GROUP BY 1"
    found = dict([tuple(row) for row in await asked(engine, workspace, query)])
    lost = sum(stage in ("Closed - Lost", "Passed") for stage in outcome.values())
    won = sum(stage == "Closed - Won" for stage in outcome.values())
    assert found == {"won": won, "exited": lost, "open": len(outcome) - won - lost}


async def test_a_history_brought_in_again_writes_nothing(client, engine, workspace):
    await pipeline(client)
    before = await digests(engine, workspace, *TABLES, *DERIVED)
    content = (PIPELINE / "stage_history.csv").read_bytes()
    said = mapping("deal-pipeline-history")
    again = await bring(client, "events", content, said, process_id="new-business")
    assert counts(again) == {"read": 1050, "unchanged": 1050}
    assert await digests(engine, workspace, *TABLES, *DERIVED) == before
