"""People and teams beside the whole: differences that mean something, and those that do not."""

import pytest

from app.domain import observed_rates, rate_comparison
from app.domain.demo import PROCESS, Size, fill
from app.domain.rate_comparison import difference
from app.engine.flow.estimates import NOTHING, estimate
from app.schemas.observed_rates import RatesQuery
from app.schemas.rate_comparison import ComparisonQuery
from app.schemas.scopes import Subject, Whose
from tests.aims import ask, make_team
from tests.deals import MILESTONES, make_person, make_process
from tests.flows import flow

ON, OUT = (10, "order"), (10, "lost")


@pytest.fixture
async def process(client):
    """Of one section only."""
    return await make_process(client, milestones=[MILESTONES[0], MILESTONES[4]])


async def compared(client, by="owner", **more):
    return await ask(client, "/v1/rates/compare", process="new-business", by=by, **more)


async def flows(client, won, lost, **more):
    for way in [ON] * won + [OUT] * lost:
        await flow(client, way, **more)


async def people(client, *names, **more):
    return [(await make_person(client, name, **more))["id"] for name in names]


async def test_each_person_beside_everybody(client, process):
    ada, bob = await people(client, "Ada", "Bob")
    await flows(client, 3, 1, owner_id=ada)
    await flows(client, 1, 3, owner_id=bob)
    found = await compared(client)
    rates = {one["id"]: one["sections"][0] for one in found["groups"]}
    assert {id: one["count"]["observed"] for id, one in rates.items()} == {
        ada: "0.7500",
        bob: "0.2500",
    }
    assert rates[ada]["count"]["value"] == "0.5417"  # (3 + 20 · 0.5) / 24, everybody being 0.5
    assert rates[ada]["difference"]["value"] == "0.2500"
    assert found["whole"]["sections"][0]["count"]["observed"] == "0.5000"


async def test_a_few_deals_distinguish_nobody_and_rank_nobody(client, process):
    ada, bob = await people(client, "Ada", "Bob")
    await flows(client, 9, 0, owner_id=ada)
    await flows(client, 0, 9, owner_id=bob)
    found = await compared(client)
    [rates] = {tuple(one["sections"][0][name] for name in ("rank",)) for one in found["groups"]}
    assert (rates, found["minimum_n"]) == ((None,), 30)
    assert not any(one["sections"][0]["difference"]["distinguishable"] for one in found["groups"])
    assert [one["overall"]["rank"] for one in found["groups"]] == [None, None]


async def test_many_deals_distinguish_and_rank(client, process):
    ada, bob = await people(client, "Ada", "Bob")
    await flows(client, 24, 6, owner_id=ada)
    await flows(client, 9, 21, owner_id=bob)
    found = {one["id"]: one["sections"][0] for one in (await compared(client))["groups"]}
    assert (found[ada]["rank"], found[bob]["rank"]) == (1, 2)
    apart = found[ada]["difference"]
    assert (apart["value"], apart["distinguishable"]) == ("0.2500", True)
    low, high = map(float, apart["ci"])
    assert 0 < low < 0.25 < high


async def test_what_nobody_owned_is_shown_and_not_ranked(client, process):
    [ada] = await people(client, "Ada")
    await flows(client, 1, 0, owner_id=ada)
    await flows(client, 0, 31)
    found = (await compared(client))["groups"]
    assert [(one["id"], one["entered"]) for one in found] == [(ada, 1), (None, 31)]
    assert found[1]["sections"][0]["rank"] is None


async def test_teams_hold_those_below_them_and_what_was_nobodys_comes_last(client, process):
    north = (await make_team(client, "North"))["id"]
    city = (await make_team(client, "City", parent_id=north))["id"]
    await make_team(client, "Empty")
    [ada] = await people(client, "Ada", team_id=north, team_since="2026-01-01")
    [bob] = await people(client, "Bob", team_id=city, team_since="2026-01-01")
    for owner in ({"owner_id": ada}, {"owner_id": bob}, {}):
        await flows(client, 1, 0, **owner)
    found = await compared(client, "team")
    assert [(one["id"], one["team_id"], one["entered"]) for one in found["groups"]] == [
        (north, None, 2),
        (city, north, 1),
        (None, None, 1),
    ]


async def test_within_a_team_its_people_are_beside_it(client, process):
    team = (await make_team(client))["id"]
    [ada] = await people(client, "Ada", team_id=team, team_since="2026-01-01")
    [bob] = await people(client, "Bob")
    await flows(client, 1, 1, owner_id=ada)
    await flows(client, 1, 0, owner_id=bob)
    found = await compared(client, scope=f"team:{team}")
    assert [one["id"] for one in found["groups"]] == [ada]
    assert found["groups"][0]["sections"][0]["count"]["parent"]["scope"] == f"team:{team}"
    assert found["whole"]["sections"][0]["count"]["n"] == 2


async def test_comparing_needs_the_same_statements_however_many_there_are(
    client, process, statements
):
    statements.clear()
    await compared(client)
    alone = len(statements)
    for id in await people(client, "Ada", "Bob", "Cem"):
        await flows(client, 1, 1, owner_id=id)
    statements.clear()
    await compared(client)
    assert len(statements) == alone <= 14, statements


@pytest.mark.parametrize("whose", [Whose.OWNER, Whose.TEAM])
async def test_everyone_has_the_rates_he_has_when_asked_about_alone(work, whose):
    await fill(work, 7, Size(months=12, per_month=10))
    asked = {"process": PROCESS, "business_type": "new"}
    found = await rate_comparison.read(work, ComparisonQuery(by=whose.value, **asked))
    named = [one for one in found.groups if one.id is not None]
    assert len(named) > 2
    for one in named[:3]:
        alone = await observed_rates.read(work, RatesQuery(scope=Subject(whose, one.id), **asked))
        assert [a.count for a in alone.sections] == [b.count for b in one.sections]


def test_a_difference_is_scaled_from_that_to_the_rest():
    part, whole = estimate(0.75, 40, 40), estimate(0.5, 80, 80)
    found = difference(part, whole)
    assert found.value == "0.2500"
    # Newcombe for 30/40 against 10/40: 0.2852 to 0.6529; half of it, as the part is half.
    assert found.ci == ["0.1426", "0.3265"]


def test_the_whole_is_not_compared_to_itself():
    whole = estimate(0.5, 80, 80)
    found = difference(whole, whole)
    assert (found.value, found.ci, found.distinguishable) == ("0.0000", None, False)
    assert difference(NOTHING, whole).value is None
