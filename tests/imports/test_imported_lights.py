"""Lights of whole deal lists: every number again, counted from the files alone."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.aims import ask, make_target
from tests.imports.test_deal_lists import LISTS, PIPELINE, SALES, pipeline, rows, sales

MILESTONES = ("interest", "invited", "need", "concept", "order")
HALVES = {key: 2 ** (4 - place) for place, key in enumerate(MILESTONES)}

pytestmark = [
    pytest.mark.skipif(not LISTS.exists(), reason="the deal lists are not at hand"),
    pytest.mark.timeout(400),
]


def dollars(amount) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": "USD"}


def judged(arrived: Decimal | None, required: Decimal) -> str:
    """The light of a month that is over."""
    if arrived is None:
        return "grey"
    return "green" if arrived >= required else "amber" if arrived >= required * 8 / 10 else "red"


def told(arrivals: list[Decimal | None], required: Decimal) -> tuple:
    """(count, of unknown value, value, required, light) of what arrived at one milestone."""
    known = [value for value in arrivals if value is not None]
    value = sum(known, Decimal(0)) if known or not arrivals else None
    unknown = len(arrivals) - len(known)
    return len(arrivals), unknown, value, required, judged(value, required)


def shown(light: dict) -> tuple:
    value = light["actual_value"] and Decimal(light["actual_value"]["amount"])
    required = Decimal(light["required_value"]["amount"])
    return light["actual_count"], light["missing_value_count"], value, required, light["light"]


def wanted(arrivals: dict[str, list], target: int) -> dict[str, tuple]:
    return {k: told(arrivals[k], Decimal(target * HALVES[k])) for k in MILESTONES}


def lights_of(answer: dict) -> dict[str, tuple]:
    return {light["key"]: shown(light) for light in answer["milestones"]}


def sales_arrivals(month: str) -> dict[str, dict[str, list]]:
    """By agent and milestone: the values that arrived in a month, None where none is known."""
    found: dict = defaultdict(lambda: defaultdict(list))
    for deal in rows(SALES / "sales_pipeline.csv"):
        won = deal["deal_stage"] == "Won"
        value = Decimal(deal["close_value"]) if won else None
        if deal["engage_date"].startswith(month):
            found[deal["sales_agent"]]["interest"].append(value)
        if won and deal["close_date"].startswith(month):
            for milestone in MILESTONES[1:]:
                found[deal["sales_agent"]][milestone].append(value)
    return found


def together(arrivals: dict, agents) -> dict[str, list]:
    return {k: [value for a in agents for value in arrivals[a][k]] for k in MILESTONES}


async def in_dollars(client):
    home = await client.get("/v1/workspace")
    tag = {"If-Match": home.headers["etag"]}
    answer = await client.patch("/v1/workspace", json={"currency": "USD"}, headers=tag)
    assert answer.status_code == 200, answer.text


async def everyone(client, path) -> dict[str, str]:
    """Names and ids."""
    return {one["name"]: one["id"] for one in (await ask(client, path, limit=200))["data"]}


ALL, TEAM, AGENT = 900_000, 150_000, 30_000


async def test_lights_of_a_sales_list_are_those_counted_from_the_file(client):
    await in_dollars(client)
    await sales(client, SALES)
    span = {"from": "2017-01", "to": "2017-12"}
    teams, people = await everyone(client, "/v1/teams"), await everyone(client, "/v1/people")
    await make_target(client, amount=dollars(ALL), **span)
    for id in teams.values():
        await make_target(client, amount=dollars(TEAM), scope=f"team:{id}", **span)
    for id in people.values():
        await make_target(client, amount=dollars(AGENT), scope=f"owner:{id}", **span)
    for month in ("2017-03", "2017-07", "2017-10"):
        await months_are_equal(client, month)


async def months_are_equal(client, month):
    asked = {"process": "new-business", "period": month}
    answer = await ask(client, "/v1/lights/people", **asked)
    arrivals, staff = sales_arrivals(month), rows(SALES / "sales_teams.csv")
    assert lights_of(answer["all"]) == wanted(together(arrivals, list(arrivals)), ALL)
    assert {p["name"]: lights_of(p) for p in answer["people"]} == {
        row["sales_agent"]: wanted(together(arrivals, [row["sales_agent"]]), AGENT) for row in staff
    }
    crews: dict[str, list[str]] = defaultdict(list)
    for row in staff:
        crews[row["manager"]].append(row["sales_agent"])
        crews[row["regional_office"]].append(row["sales_agent"])
    assert {t["name"]: lights_of(t) for t in answer["teams"]} == {
        name: wanted(together(arrivals, agents), TEAM) for name, agents in crews.items()
    }
    assert lights_of(await ask(client, "/v1/lights", **asked)) == lights_of(answer["all"])


STAGES = {"Reviewed": "interest", "Indication": "need", "Offer": "concept", "Closed - Won": "order"}


def pipeline_arrivals(month: str) -> dict[str, dict[str, list]]:
    """By owner and milestone; a milestone between two stages is reached with the later one."""
    deals = {row["deal_id"]: row for row in rows(PIPELINE / "pipeline_deals.csv")}
    days: dict = defaultdict(dict)
    for row in rows(PIPELINE / "stage_history.csv"):
        if row["stage"] in STAGES:
            reached = days[row["deal_id"]]
            for milestone in MILESTONES[: MILESTONES.index(STAGES[row["stage"]]) + 1]:
                reached[milestone] = min(reached.get(milestone, "9"), row["stage_date"])
    found: dict = defaultdict(lambda: defaultdict(list))
    for id, reached in days.items():
        size = deals[id]["deal_size_usd"]
        for milestone, day in reached.items():
            # The history does not say for how much was ordered.
            value = None if size == "NA" or milestone == "order" else Decimal(size)
            if day.startswith(month):
                found[deals[id]["deal_owner"]][milestone].append(value)
    return found


async def test_lights_of_a_stage_history_are_those_counted_from_the_files(client):
    await in_dollars(client)
    await pipeline(client)
    span = {"from": "2023-01", "to": "2025-12"}
    people = await everyone(client, "/v1/people")
    await make_target(client, amount=dollars(60_000_000), **span)
    for id in people.values():
        await make_target(client, amount=dollars(10_000_000), scope=f"owner:{id}", **span)
    for month in ("2024-01", "2025-05"):
        asked = {"process": "new-business", "period": month}
        answer, arrivals = await ask(client, "/v1/lights/people", **asked), pipeline_arrivals(month)
        assert sum(len(one["interest"]) for one in arrivals.values()) > 0
        assert lights_of(answer["all"]) == wanted(together(arrivals, list(arrivals)), 60_000_000)
        assert {p["name"]: lights_of(p) for p in answer["people"]} == {
            name: wanted(together(arrivals, [name]), 10_000_000) for name in people
        }
