"""Potential that was not lifted, questions worth asking, what may be lost, what comes next."""

from fractions import Fraction

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import eur, make_process, post
from tests.herds import herd
from tests.white_spots import NO_NEED, Town, buys, know, needs, rival, town

POTENTIAL = "/v1/matrix/opportunities"
WON, LOST = [(1, "order")], [(1, "lost")]


@pytest.fixture
async def known(client, engine, workspace) -> Town:
    return await town(client, engine, workspace)


@pytest.fixture
async def history(client, engine, workspace):
    """Three of four decided opportunities of existing business were won: that is the chance."""
    await make_process(client)
    existing = {"value": None, "business_type": "existing"}
    await herd(engine, workspace, *((0, WON, existing) for _ in range(3)), (0, LOST, existing))


def cells(found):
    return [(one["account"], one["product"], one["status"]) for one in found["data"]]


def reasons(one):
    return {reason["code"]: reason["text"] for reason in one["reasons"]}


async def test_the_best_come_first_by_value_times_chance(client, known, history):
    """Dogwood's press 600 · 3/4, Birch's press 800 · 3/4 (nobody tried yet to displace anybody),
    Alder's oil 200 · 3/4, and Birch's oil, which nobody buys anywhere."""
    found = await ask(client, POTENTIAL)
    assert cells(found) == [
        ("Birch", "Press", "competitor"),
        ("Dogwood", "Press", "need"),
        ("Alder", "Oil", "need"),
        ("Birch", "Oil", "unknown"),
    ]
    assert [one["score"] for one in found["data"]] == [
        eur("600.00"), eur("450.00"), eur("150.00"), eur("0.00"),
    ]  # fmt: skip
    assert [one["value_source"] for one in found["data"]] == ["stated"] * 3 + ["segment"]
    assert (found["win"]["won"], found["win"]["decided"]) == (3, 4)


async def test_reasons_say_what_is_known_in_either_language(client, known, history):
    birch, dogwood, _, unknown = (await ask(client, POTENTIAL))["data"]
    assert reasons(birch) == {
        "contract_ends": "Birch buys it from Rival; the contract ends on 2026-10-01.",
        "displacement_rate": "A competitor is displaced in 75 % of cases.",
        "value_stated": "It is said to be worth 800.00 EUR a year.",
    }
    assert reasons(dogwood)["needed"] == "Dogwood needs it and buys it nowhere."
    assert reasons(unknown) == {
        "never_asked": "Nobody knows whether Birch needs it.",
        "demand": "Of customers like this one 54 % want it, and 0 % buy it from us.",
        "value_usual": "It is usually worth 200.00 EUR a year (stated values: 1).",
    }
    german = await ask(client, POTENTIAL, headers={"Accept-Language": "de"})
    assert reasons(german["data"][0])["contract_ends"] == (
        "Birch kauft es bei Rival; der Vertrag endet am 1.10.2026."
    )


async def test_without_any_history_the_value_ranks_and_no_score_is_made_up(client, known):
    found = await ask(client, POTENTIAL)
    assert cells(found)[0] == ("Birch", "Oil", "unknown")  # its score is known: nobody buys oil
    assert cells(found)[1:] == [
        ("Birch", "Press", "competitor"), ("Dogwood", "Press", "need"), ("Alder", "Oil", "need"),
    ]  # fmt: skip
    assert {one["score"] and one["score"]["amount"] for one in found["data"][1:]} == {None}
    assert "chance_unknown" in reasons(found["data"][1])


async def test_what_is_asked_for_is_shown_alone(client, known, history):
    for asked, names in (
        ({"status": "need"}, ["Dogwood", "Alder"]),
        ({"owner": known.ada["id"], "status": "need"}, ["Alder"]),
        ({"segment": "south"}, ["Dogwood"]),
        ({"product": known.oil["id"]}, ["Alder", "Birch"]),
        ({"account": known.accounts["Birch"]["id"]}, ["Birch", "Birch"]),
        ({"owner": str(uuid7())}, []),
    ):
        found = (await client.get(POTENTIAL, params=asked)).json()
        assert [one["account"] for one in found["data"]] == names, asked


async def test_a_contract_that_binds_for_longer_than_a_year_is_left_alone(
    client, engine, workspace, known
):
    birch = known.accounts["Birch"]
    bound = rival("Rival", "800.00", "2027-07-21")
    await know(engine, workspace, (birch, known.press, bound))
    found = await ask(client, POTENTIAL, product=known.press["id"])
    assert [one["account"] for one in found["data"]] == ["Dogwood"]
    bound["competitors"]["value"].append({"name": "Other", "annual_value": None, "since": None})
    await know(engine, workspace, (birch, known.press, bound))
    found = await ask(client, POTENTIAL, product=known.press["id"])
    assert "Birch" in [one["account"] for one in found["data"]]


async def test_the_list_goes_on_from_page_to_page(client, engine, workspace, known, history):
    whole = await ask(client, POTENTIAL)
    seen, cursor = [], {}
    while cursor is not None:
        page = await ask(client, POTENTIAL, limit=1, **cursor)
        seen += cells(page)
        cursor = page["next_cursor"] and {"cursor": page["next_cursor"]}
    assert seen == cells(whole)
    page = await ask(client, POTENTIAL, limit=1)
    asked = {"cursor": page["next_cursor"], "status": "need"}
    assert await refused(client, "GET", POTENTIAL, params=asked) == ("cursor", "invalid_cursor")


async def test_what_is_ranked_by_is_what_is_shown(client, engine, workspace, known, history):
    """PostgreSQL orders, the engine says the score: they must not disagree by a cent."""
    more = [await post(client, "/v1/accounts", name=f"More {n}") for n in range(12)]
    told = [(one, known.press, needs(f"{7 * n + 1}.37")) for n, one in enumerate(more[:6])]
    told += [(one, known.oil, buys(f"{9 * n + 1}.11")) for n, one in enumerate(more[3:9])]
    await know(engine, workspace, *told)
    found = await ask(client, POTENTIAL, limit=200)
    scores = [Fraction(one["score"]["amount"]) for one in found["data"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 4 + 2 * 12 - 6


async def test_everybody_is_told_the_few_questions_that_may_bring_most(
    client, engine, workspace, known, clock
):
    """Elder and Fir are new in the north; every press in the north is demanded, 1 of 2 is ours."""
    for name in ("Elder", "Fir"):
        await post(client, "/v1/accounts", name=name, segment="north", owner_id=known.ben["id"])
    found = await ask(client, "/v1/matrix/next-questions", per_person=3)
    assert [(one["owner"], len(one["questions"])) for one in found["data"]] == [
        ("Ben", 3), ("Ada", 1),
    ]  # fmt: skip
    first = found["data"][0]["questions"][0]
    assert (first["product"], first["score"], first["known_on"]) == ("Press", eur("408.34"), None)
    assert first["question"] == (
        f"Does {first['account']} need Press, and from whom does it get it today?"
    )
    mine = await ask(client, "/v1/matrix/next-questions", owner=known.ada["id"])
    assert [one["owner"] for one in mine["data"]] == ["Ada"]
    meeting = {"account": known.accounts["Birch"]["id"]}
    [ada] = (await ask(client, "/v1/matrix/next-questions", **meeting))["data"]
    assert [one["product"] for one in ada["questions"]] == ["Oil"]


async def test_what_was_known_long_ago_is_asked_again_for_a_part_of_it(client, known, clock):
    """730 days later half of every answer is gone. Cedar's press is worth 781.82; in the south 2 of
    2 presses are demanded, everywhere 4 of 4, and (1 + 10 · 1/2) / 12 = 1/2 of them bought here."""
    clock.forward(days=730)
    found = await ask(client, "/v1/matrix/next-questions", owner=known.ben["id"])
    [ben] = found["data"]
    press, oil = ben["questions"]
    assert (press["status"], press["known_on"]) == ("buys", "2026-07-20")
    assert press["score"] == eur("195.46")  # 781.82 · 1 · 1/2 · 1/2 = 195.455
    assert press["question"].startswith("On 2026-07-20 Cedar bought Press from us")
    assert reasons(press)["stale"] == "What is known of Cedar is from 2026-07-20."
    assert (oil["status"], oil["score"]) == ("no_need", eur("0.00"))


async def test_what_is_bought_is_at_risk_when_a_competitor_is_seen_or_nobody_asks(
    client, engine, workspace, known, clock
):
    path = "/v1/matrix/at-risk"
    assert (await ask(client, path))["data"] == []
    await know(engine, workspace, (known.accounts["Alder"], known.press, rival("Rival")))
    found = await ask(client, path)
    assert (found["count"], found["value"]) == (1, eur("1000.00"))
    assert reasons(found["data"][0]) == {"competitor_sighted": "Rival was seen there."}
    clock.forward(days=100)
    found = await ask(client, path, days=99)
    assert [one["account"] for one in found["data"]] == ["Alder", "Cedar"]
    assert reasons(found["data"][1]) == {"not_confirmed": "Nobody confirmed it since 2026-07-20."}
    assert found["value"] == eur("1781.82")
    first = await ask(client, path, days=99, limit=1)
    rest = await ask(client, path, days=99, limit=1, cursor=first["next_cursor"])
    assert [cells(first)[0][0], cells(rest)[0][0], first["count"]] == ["Alder", "Cedar", 2]


async def test_a_goal_that_nobody_talks_about_puts_at_risk_what_serves_it(client, known, clock):
    goal = {"text": "Half the scrap", "since": "2026-05-01", "review_every_days": 80}
    path = f"/v1/accounts/{known.accounts['Cedar']['id']}/goals"
    await post(client, path, **goal, product_ids=[known.press["id"]])
    assert (await ask(client, "/v1/matrix/at-risk"))["data"] == []
    clock.forward(days=1)
    [one] = (await ask(client, "/v1/matrix/at-risk"))["data"]
    assert (one["account"], list(reasons(one))) == ("Cedar", ["goal_not_reviewed"])


async def test_what_others_buy_together_is_the_next_product(client, engine, workspace):
    """Of those that buy oil three of four buy belts, of all that were asked three of eight:
    (3 + 10 · 3/8) / (4 + 10) = 27/56 = 0.4821, a lift of 9/7 = 1.2857; observed 2."""
    oil, belt = [await post(client, "/v1/products", name=name) for name in ("Oil", "Belt")]
    some = [await post(client, "/v1/accounts", name=f"Firm {n}") for n in range(9)]
    told = [(one, oil, buys("10.00")) for one in [*some[:4], some[8]]]
    told += [(one, belt, buys("100.00")) for one in some[:3]]
    told += [(one, belt, NO_NEED) for one in some[3:8]]
    await know(engine, workspace, *told)
    path = f"/v1/matrix/accounts/{some[8]['id']}/next-products"
    [offer] = (await ask(client, path))["data"]
    assert (offer["product"], offer["chance"], offer["score"]) == ("Belt", "0.4821", eur("48.21"))
    because = offer["because"]
    assert (because["product"], because["n"], because["both"]) == ("Oil", 4, 3)
    assert (because["lift"], because["observed_lift"]) == ("1.2857", "2.0000")
    assert reasons(offer)["bought_together"] == (
        "Customers that buy Oil buy Belt 1.2 times as often as all."
    )
    lonely = await post(client, "/v1/accounts", name="Lonely")
    offers = (await ask(client, f"/v1/matrix/accounts/{lonely['id']}/next-products"))["data"]
    assert [(one["product"], one["because"]) for one in offers] == [("Belt", None), ("Oil", None)]
    assert reasons(offers[0])["bought_by_many"] == "37 % of those that were asked buy it from us."


async def test_how_far_an_account_is_used_and_known(client, engine, workspace, known, clock):
    """Alder: buys 1,000 of 1,200 demanded. Confirmed was all of it, until a year has passed."""
    alder = known.accounts["Alder"]
    [one] = (await ask(client, "/v1/matrix/accounts", account=alder["id"]))["data"]
    assert one["potential_used"] == {
        "by_count": "0.5000",
        "by_value": "0.8333",
        "demanded_count": 2,
        "demanded_value": eur("1200.00"),
    }
    assert one["expectation_known"] == {
        "share": "1.0000",
        "confirmed_count": 2,
        "applicable_count": 2,
    }
    assert (one["goal_count"], one["review_due"]) == (0, None)
    every = (await ask(client, "/v1/matrix/accounts"))["data"]
    assert [each["expectation_known"]["share"] for each in every] == [
        "1.0000", "0.5000", "1.0000", "1.0000",
    ]  # fmt: skip
    assert [each["potential_used"]["by_count"] for each in every] == [
        "0.5000", "0.0000", "1.0000", "0.0000",
    ]  # fmt: skip
    clock.forward(days=365)
    assert {
        each["expectation_known"]["share"]
        for each in (await ask(client, "/v1/matrix/accounts", months=11))["data"]
    } == {"0.0000"}


async def test_the_energy_follows_the_attention_and_a_mismatch_is_told(
    client, engine, workspace, known, clock
):
    """Potential: Alder (which buys) needs 200; Birch 800 and Dogwood 600 are new business: 1/8.
    All effort goes to existing business: new business has 7/8 of the potential and none of it."""
    await make_process(client)
    path = "/v1/focus/balance"
    assert (await ask(client, path))["mismatch"] is None
    about = {"process_id": "new-business", "account_id": known.accounts["Alder"]["id"]}
    await post(
        client,
        "/v1/opportunities",
        name="Oil",
        value=eur("50.00"),
        business_type="existing",
        **about,
    )
    found = await ask(client, path)
    new, existing, unknown = found["data"]
    assert (existing["effort_share"], new["effort_share"]) == ("1.0000", "0.0000")
    assert (existing["open_value"], existing["open_share"]) == (eur("50.00"), "1.0000")
    assert (existing["potential_value"], new["potential_value"]) == (eur("200.00"), eur("1400.00"))
    assert (existing["potential_share"], new["potential_share"]) == ("0.1250", "0.8750")
    assert (unknown["potential_count"], unknown["open_count"]) == (0, 0)
    assert (found["mismatch"]["code"], found["mismatch"]["gap"]) == ("new_neglected", "0.8750")
    assert found["mismatch"]["text"] == (
        "New customers hold 87 % of the potential and get 0 % of the effort."
    )
    clock.forward(days=91)
    assert (await ask(client, path))["data"][1]["effort_count"] == 0
    nobody = await ask(client, path, owner=known.ben["id"])
    assert {one["potential_count"] for one in nobody["data"]} == {0}


PLACES = ("opportunities", "next-questions", "at-risk", "accounts")


@pytest.mark.parametrize(
    "place", [f"/v1/matrix/{place}" for place in PLACES] + ["/v1/focus/balance"]
)
async def test_the_statements_are_as_many_however_many_cells(
    client, engine, workspace, known, statements, place
):
    seen = []
    for _ in range(2):
        statements.clear()
        await ask(client, place)
        seen.append(len(statements))
        more = [await post(client, "/v1/accounts", name=f"More {n}") for n in range(5)]
        await know(engine, workspace, *((one, known.press, buys("1.00")) for one in more))
        await know(engine, workspace, *((one, known.press, rival("Rival")) for one in more))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("place", PLACES)
async def test_another_workspace_sees_nothing(client, neighbour, limited, stranger, known, place):
    path = f"/v1/matrix/{place}"
    assert (await ask(neighbour, path))["data"] == []
    asked = {"account": known.accounts["Alder"]["id"], "owner": known.ada["id"]}
    assert (await ask(neighbour, path, **asked))["data"] == []
    assert (await stranger.get(path)).status_code == 401
    other = await limited(Scope.ACCOUNTS_READ)
    assert (await other.get(path)).status_code == 403


async def test_the_next_products_of_a_foreign_account_are_those_of_none(client, neighbour, known):
    answers = [
        await neighbour.get(f"/v1/matrix/accounts/{id}/next-products")
        for id in (known.accounts["Alder"]["id"], uuid7())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize(
    ("place", "asked", "fault"),
    [
        ("opportunities", {"status": "buys"}, ("status", "not_one_of")),
        ("next-questions", {"per_person": 21}, ("per_person", "too_large")),
        ("at-risk", {"days": 0}, ("days", "too_small")),
        ("accounts", {"months": 121}, ("months", "too_large")),
    ],
)
async def test_what_means_nothing_is_refused(client, place, asked, fault):
    assert await refused(client, "GET", f"/v1/matrix/{place}", params=asked) == fault


@pytest.mark.parametrize("asked", [{}, {"segment": "south"}])
async def test_a_short_first_page_is_the_beginning_of_a_long_one(client, known, history, asked):
    """Of white spots a first page looks only at the best places; ties are told apart as ever."""
    for n in range(3):
        await post(client, "/v1/accounts", name=f"Elm {n}", segment=("north", "south", None)[n])
        await post(client, "/v1/products", name=f"Saw {n}")
    whole = (await ask(client, POTENTIAL, limit=100, **asked))["data"]
    assert len(whole) > 6
    for limit in range(1, len(whole)):
        assert (await ask(client, POTENTIAL, limit=limit, **asked))["data"] == whole[:limit]
