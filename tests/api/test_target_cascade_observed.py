"""The cascade of a target at observed rates: golden numbers by hand, and whose rates they are."""

from fractions import Fraction

import pytest

from app.core.ids import uuid7
from tests.aims import arrive, ask, make_target, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process
from tests.herds import herd

ON, OUT = (10, "invited"), (20, "lost")
JULY = {"period": "2026-07"}
ADDED = {"value_evidence", "count_evidence", "retention"}


@pytest.fixture
async def process(client):
    return await make_process(client)


@pytest.fixture
async def target(client, process):
    return await make_target(client, average_order_value=eur("10000.00"))


async def cascade(client, target, **asked):
    return await ask(client, f"/v1/targets/{target['id']}/cascade", **JULY | asked)


def first(found):
    return found["milestones"][0]


def exact(found, place=0):
    return Fraction(found["milestones"][place]["exact_value"])


async def four_of_ten(engine, workspace, **more):
    return await herd(
        engine,
        workspace,
        *[(day, [ON], more) for day in range(4)],
        *[(day, [OUT], more) for day in range(4, 10)],
    )


async def test_four_of_ten_are_drawn_to_the_target_rate(client, engine, workspace, target):
    await four_of_ten(engine, workspace)
    found = await cascade(client, target, rates="observed_shrunk")
    shown = first(found)
    assert (shown["rate"], shown["rate_source"]) == ("0.466667", "observed_shrunk")
    assert exact(found) == 100_000 / (Fraction("0.466667") * Fraction(1, 8))
    metric = shown["count_evidence"]["rate"]
    assert (metric["value"], metric["status"], metric["n"]) == ("0.4667", "low_sample", 10)
    assert shown["count_evidence"]["observed"] == "0.4000"
    assert (shown["value_evidence"]["scope"], found["source"]) == ("all", "observed_shrunk")


async def test_alone_they_say_four_of_ten(client, engine, workspace, target):
    await four_of_ten(engine, workspace)
    found = await cascade(client, target, rates="observed")
    assert (first(found)["rate"], first(found)["rate_source"]) == ("0.4", "observed")
    assert first(found)["required_value"] == eur("2000000.00")
    assert first(found)["required_count"] == 200
    evidence = first(found)["count_evidence"]
    assert (evidence["rate"]["value"], evidence["rate"]["source"]) == ("0.4000", "observed")


async def test_a_blend_lies_where_its_part_says(client, engine, workspace, target):
    await four_of_ten(engine, workspace)
    found = await cascade(client, target, rates="blend:0.25")
    assert Fraction(first(found)["rate"]) == Fraction("0.5") * 3 / 4 + Fraction("0.466667") / 4
    assert first(found)["rate_source"] == "blend"


async def test_where_nothing_was_decided_the_stated_rate_stands_in(
    client, engine, workspace, target
):
    await four_of_ten(engine, workspace)
    found = await cascade(client, target, rates="observed")
    shown = found["milestones"][1]
    assert (shown["rate"], shown["rate_source"]) == ("0.5", "default")
    assert (shown["count_evidence"]["scope"], shown["count_evidence"]["rate"]["n"]) == (None, 4)


async def test_nobody_of_three_makes_all_before_unreachable(client, engine, workspace, target):
    await herd(engine, workspace, *[(day, [ON, (30, "lost")]) for day in range(3)])
    found = await cascade(client, target, rates="observed")
    shown = [(one["status"], one["required_value"] is None) for one in found["milestones"][:3]]
    assert shown == [("unreachable", True), ("unreachable", True), ("ok", False)]
    assert first(found)["because"] == "section 2 observed 0 of 3"
    shrunk = await cascade(client, target, rates="observed_shrunk")
    assert shrunk["milestones"][1]["rate"] == "0.434783"  # (0 + 20·0.5) / 23


async def test_a_section_without_a_target_rate_takes_what_was_observed(client, engine, workspace):
    steps = [dict(step) for step in MILESTONES]
    del steps[0]["target_rate"]
    await make_process(client, milestones=steps)
    target = await make_target(client)
    assert first(await cascade(client, target))["status"] == "unknown"
    await four_of_ten(engine, workspace)
    shown = first(await cascade(client, target))
    assert (shown["rate"], shown["rate_source"]) == ("0.4", "observed")


async def test_gained_value_counts_from_ten_conversions_on(client, engine, workspace, target):
    """Ten of ten advanced, each worth 1,000 there and then."""
    await herd(engine, workspace, *[(day, [ON]) for day in range(10)])
    found = await cascade(client, target, rates="observed")
    assert (first(found)["rate"], first(found)["retention"]) == ("1", "1")
    assert exact(found) == exact(found, 1)


async def test_the_ends_of_the_interval_move_the_requirement(client, engine, workspace, target):
    await four_of_ten(engine, workspace)
    found = await cascade(client, target, rates="observed")
    [section] = found["sensitivity"]
    assert (section["section"], section["value_interval"]) == (1, ["0.1682", "0.6873"])
    low, high = (section[end][0]["required_value"]["amount"] for end in ("low", "high"))
    needed = first(found)["required_value"]["amount"]
    assert float(low) > float(needed) > float(high)
    assert section["low"][1] == section["high"][1]  # what comes after does not move


async def test_target_rates_have_no_interval_and_ask_for_no_deals(client, target, statements):
    statements.clear()
    found = await cascade(client, target)
    assert (found["sensitivity"], found["rates_of"], found["rollup_gap"]) == ([], None, None)
    assert (found["source"], first(found)["rate_source"]) == ("target", "target")
    assert not any("known_events" in one for one in statements)


@pytest.fixture
async def team(client, engine, workspace, process):
    """A team of two; Ada's ten deals bring four on, Ben's ten bring eight."""
    team = await make_team(client)
    ada, ben = [await make_person(client, name, team_id=team["id"]) for name in ("Ada", "Ben")]
    for person, on in ((ada, 4), (ben, 8)):
        steps = [[ON]] * on + [[OUT]] * (10 - on)
        more = {"owner_id": person["id"]}
        await herd(engine, workspace, *[(day, one, more) for day, one in enumerate(steps)])
    return team, ada, ben


async def targets_of(client, team):
    whole = await make_target(client, scope=f"team:{team[0]['id']}")
    own = [
        await make_target(
            client,
            scope=f"owner:{person['id']}",
            amount=eur(amount),
            parent_id=whole["id"],
        )
        for person, amount in zip(team[1:], ("33333.33", "66666.67"), strict=True)
    ]
    return whole, own


async def test_peoples_requirements_sum_to_the_teams_exactly(client, team):
    whole, own = await targets_of(client, team)
    of_team = await cascade(client, whole, rates="observed_shrunk")
    found = [await cascade(client, one, rates="observed_shrunk") for one in own]
    for place in range(5):
        assert sum(exact(one, place) for one in found) == exact(of_team, place)
    assert {one["rates_of"] for one in found} == {f"team:{team[0]['id']}"}


async def test_at_their_own_rates_they_do_not_and_the_gap_is_told(client, team):
    whole, own = await targets_of(client, team)
    asked = {"rates": "observed_shrunk", "rate_scope": "owner"}
    shared = [await cascade(client, one, rates="observed_shrunk") for one in own]
    alone = [await cascade(client, one, **asked) for one in own]
    of_team = await cascade(client, whole, **asked)
    gap = sum(exact(a) - exact(b) for a, b in zip(alone, shared, strict=True))
    assert alone[0]["rates_of"] == f"owner:{team[1]['id']}"
    assert Fraction(of_team["rollup_gap"][0]["value"]["amount"]) == round(gap, 2)
    assert of_team["rollup_gap"][-1]["value"] == eur("0.00")
    assert Fraction(alone[0]["rollup_gap"][0]["value"]["amount"]) == round(
        exact(alone[0]) - exact(shared[0]), 2
    )


async def test_without_peoples_targets_below_there_is_no_gap_to_tell(client, target):
    assert (await cascade(client, target, rate_scope="owner"))["rollup_gap"] is None


async def test_a_person_is_drawn_to_the_team_and_the_team_to_all(client, team):
    """All 12/20 drawn to .5: .55; the team's same 12/20 to that: .575; Ada's 4/10 to it: .51667."""
    _, own = await targets_of(client, team)
    found = await cascade(client, own[0], rates="observed_shrunk", rate_scope="owner")
    assert first(found)["rate"] == "0.516667"
    assert first(found)["count_evidence"]["scope"] == f"owner:{team[1]['id']}"


async def test_somebody_without_deals_has_the_teams_rate(client, team):
    new = await make_person(client, "Cem", team_id=team[0]["id"])
    target = await make_target(client, scope=f"owner:{new['id']}")
    found = await cascade(client, target, rates="observed_shrunk", rate_scope="owner")
    assert (first(found)["rate"], first(found)["rate_source"]) == ("0.575", "observed_shrunk")
    assert first(found)["count_evidence"]["scope"] == f"team:{team[0]['id']}"


async def test_a_target_for_new_business_takes_the_rates_of_new_business(
    client, engine, workspace, process
):
    for kind, on in (("new", 2), ("existing", 9)):
        steps = [[ON]] * on + [[OUT]] * (10 - on)
        more = {"business_type": kind}
        await herd(engine, workspace, *[(day, one, more) for day, one in enumerate(steps)])
    target = await make_target(client, business_type="new")
    found = await cascade(client, target, rates="observed")
    assert first(found)["rate"] == "0.2"
    assert first(found)["value_evidence"]["business_type"] == "new"


async def test_the_past_is_told_as_it_was_known(client, engine, workspace, target, clock):
    deals = await four_of_ten(engine, workspace)
    then = {"rates": "observed_shrunk", "as_of": clock.now.isoformat()}
    path = f"/v1/targets/{target['id']}/cascade"
    before = await client.get(path, params=JULY | then | {"phased": True, "net": True})
    clock.forward(days=3)
    await change(client, {"id": deals[0]}, name="Another name")
    await arrive(client, "order", "500.00", at="2026-07-01T08:00:00Z")  # told of late
    after = await client.get(path, params=JULY | then | {"phased": True, "net": True})
    assert (before.status_code, after.content) == (200, before.content)


async def test_however_many_deals_there_are_the_statements_are_as_many(
    client, engine, workspace, team, statements
):
    whole, _ = await targets_of(client, team)
    asked = {"rates": "observed_shrunk", "rate_scope": "owner", "phased": True, "net": True}
    counts = []
    for _ in range(2):
        statements.clear()
        await cascade(client, whole, **asked)
        counts.append(len(statements))
        await four_of_ten(engine, workspace)
        more = await make_person(client, "Dora", team_id=team[0]["id"])
        scope = f"owner:{more['id']}"
        await make_target(client, scope=scope, parent_id=whole["id"], amount=eur("1.00"))
    assert counts[0] == counts[1], counts


async def test_another_workspace_is_told_nothing(client, neighbour, target):
    for id in (target["id"], uuid7()):
        answer = await neighbour.get(f"/v1/targets/{id}/cascade", params={"rates": "observed"})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"rates": "blend"}, ("rates", "not_one_of")),
        ({"rates": "blend:0"}, ("rates", "not_one_of")),
        ({"rates": "blend:1.5"}, ("rates", "not_one_of")),
        ({"rates": "blend:x"}, ("rates", "not_one_of")),
        ({"rate_scope": "all"}, ("rate_scope", "not_one_of")),
        ({"phased": "true", "period": "2026-W30"}, ("period", "period_is_a_week")),
    ],
)
async def test_what_means_nothing_is_refused(client, target, asked, fault):
    path = f"/v1/targets/{target['id']}/cascade"
    assert await refused(client, "GET", path, params=JULY | asked) == fault


async def test_rates_that_are_stated_are_answered_as_ever(client, engine, workspace, target):
    """Everything that was there before the observed rates came is there with the same words."""
    before = await cascade(client, target)
    await four_of_ten(engine, workspace)
    after = await cascade(client, target, phased=True, net=True)
    for one, other in zip(before["milestones"], after["milestones"], strict=True):
        assert {k: v for k, v in one.items() if k not in ADDED} == {
            k: v for k, v in other.items() if k not in ADDED
        }
