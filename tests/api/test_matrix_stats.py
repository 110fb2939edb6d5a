"""How well the matrix is known, who occupies it, and what that is worth."""

from decimal import Decimal

import pytest

from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import eur, make_process, post
from tests.herds import herd
from tests.white_spots import know, needs, rival, town

WON = [(1, "order")]
LOST = [(1, "lost")]


@pytest.fixture
async def known(client, engine, workspace):
    return await town(client, engine, workspace)


async def stats(client, **asked):
    return await ask(client, "/v1/matrix/stats", **asked)


def counts(group):
    return {each["status"]: each["count"] for each in group["cells"]}


def shares(found):
    return [found[name] for name in ("knowledge", "penetration", "occupation", "open_need")]


async def test_every_product_is_counted_over_all_accounts(client, known):
    press, oil = (await stats(client))["data"]
    assert (press["name"], oil["name"]) == ("Press", "Oil")
    assert counts(press) == {
        "buys": 2, "competitor": 1, "need": 1, "no_need": 0, "unknown": 0, "na": 0,
    }  # fmt: skip
    assert counts(oil) == {
        "buys": 0, "competitor": 0, "need": 1, "no_need": 1, "unknown": 1, "na": 1,
    }  # fmt: skip
    assert shares(press["by_count"]) == ["1.0000", "0.5000", "0.2500", "0.2500"]
    assert shares(oil["by_count"]) == ["0.6666", "0.0000", "0.0000", "1.0000"]
    assert oil["by_count"]["demand_rate"] == "0.5000"


async def test_what_nobody_valued_is_worth_what_is_usual_in_its_segment(client, known):
    """Presses: 1,000 and 800 in the north, 600 in the south, 800 on average.

    South: (600 + 10 · 800) / (1 + 10) = 781.82, which is what Cedar's is taken to be worth.
    Bought: 1,781.82 of 3,181.82 demanded.
    """
    press = (await stats(client))["data"][0]
    [bought] = [each for each in press["cells"] if each["status"] == "buys"]
    assert bought["value"] == eur("1781.82")
    assert (bought["estimated_value_count"], bought["missing_value_count"]) == (1, 0)
    assert press["by_value"]["penetration"] == "0.5600"  # 178,182 / 318,182 = 0.56000…
    assert press["by_value"]["occupation"] == "0.2514"  # 800 / 3,181.82
    assert press["by_value"]["open_need"] == "0.1885"  # 600 / 3,181.82


async def test_the_whole_is_the_sum_of_its_parts_however_it_is_cut(client, known):
    cut = {by: await stats(client, by=by) for by in ("product", "segment", "owner")}
    totals = [one.pop("total") for one in cut.values()]
    assert totals[0] == totals[1] == totals[2]
    for found in cut.values():
        for place, whole in enumerate(totals[0]["cells"]):
            parts = [group["cells"][place] for group in found["data"]]
            assert sum(part["count"] for part in parts) == whole["count"]
            value = sum(Decimal(part["value"]["amount"]) for part in parts)
            assert value == Decimal(whole["value"]["amount"]), whole


async def test_every_owner_has_own_cells_and_those_of_nobody_stand_apart(client, known):
    found = (await stats(client, by="owner"))["data"]
    assert [(one["name"], one["key"]) for one in found] == [
        ("Ada", known.ada["id"]), ("Ben", known.ben["id"]), (None, None),
    ]  # fmt: skip
    assert shares(found[0]["by_count"]) == ["0.7500", "0.3333", "0.3333", "0.3333"]
    assert (counts(found[0])["unknown"], counts(found[2])["na"]) == (1, 1)


async def test_a_part_is_counted_alone_but_valued_as_is_usual_everywhere(client, known):
    found = await stats(client, owner=known.ben["id"])
    [press, oil] = found["data"]
    assert (counts(press)["buys"], counts(oil)["no_need"]) == (1, 1)
    assert press["cells"][0]["value"] == eur("781.82")
    south = await stats(client, segment="south", product=known.press["id"], by="segment")
    assert [(one["key"], counts(one)["need"]) for one in south["data"]] == [("south", 1)]
    assert (await stats(client, by="owner", product=known.oil["id"]))["total"]["cells"] != []


async def test_competitors_are_told_with_their_part_of_what_is_held(
    client, engine, workspace, known
):
    """Six cells are demanded: two bought here, two needed, and two held by competitors alone."""
    await know(
        engine,
        workspace,
        (known.accounts["Birch"], known.oil, rival("Other", "300.00")),
        (known.accounts["Alder"], known.press, rival("RIVAL", "100.00")),
    )
    found = await stats(client, by="competitor")
    rival_, other = sorted(found["data"], key=lambda one: one["key"].casefold(), reverse=True)
    assert (counts(rival_)["competitor"], counts(rival_)["buys"]) == (1, 1)
    assert rival_["competitor_share"] == {"by_count": "0.5000", "by_value": "0.7272"}  # 800 / 1,100
    assert other["competitor_share"] == {"by_count": "0.5000", "by_value": "0.2727"}
    assert found["total"]["by_count"]["occupation"] == "0.3333"
    assert other["by_count"]["occupation"] == "0.1666"
    assert other["by_count"]["knowledge"] is None


async def test_of_an_empty_matrix_nothing_is_known(client):
    found = await stats(client)
    assert found["data"] == []
    assert set(found["total"]["by_count"].values()) == {None}
    await post(client, "/v1/accounts", name="Alder")
    await post(client, "/v1/products", name="Press")
    [press] = (await stats(client))["data"]
    assert shares(press["by_count"]) == ["0.0000", None, None, None]
    assert press["by_value"]["knowledge"] is None
    [unknown] = [each for each in press["cells"] if each["status"] == "unknown"]
    assert (unknown["value"], unknown["missing_value_count"]) == (None, 1)


async def test_deleted_accounts_and_products_that_are_no_longer_sold_do_not_count(client, known):
    birch = known.accounts["Birch"]
    await client.delete(f"/v1/accounts/{birch['id']}", headers={"If-Match": '"1"'})
    total = (await stats(client))["total"]
    assert sum(counts(total).values()) == 6
    assert counts(total)["competitor"] == 0


async def test_foreign_money_counts_at_the_rate_of_today(client, engine, workspace, known):
    value = {"amount": "300.00", "currency": "USD"}
    said = {"need": {"value": "yes", "est_value": value}}
    await know(engine, workspace, (known.accounts["Birch"], known.oil, said))

    async def needed():
        oil = (await stats(client, product=known.oil["id"]))["data"][0]
        return oil["cells"][2]["value"]["amount"]

    assert await needed() == "400.00"  # no rate: as unknown as one that nobody stated
    rate = {"currency": "USD", "rate": "0.9", "day": "2026-07-01", "source": "ECB"}
    await post(client, "/v1/currency_rates", **rate)
    assert await needed() == "470.00"


async def test_groups_go_on_from_page_to_page(client, known):
    first = await stats(client, by="owner", limit=2)
    rest = await stats(client, by="owner", limit=2, cursor=first["next_cursor"])
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 1, None)
    assert first["total"] == rest["total"]


async def value(client, **asked):
    found = await ask(client, "/v1/matrix/value", **asked)
    return found, {each["status"]: each for each in found["data"]}


async def test_the_value_of_white_spots_is_what_asking_may_bring(client, engine, workspace, known):
    """Won 3 of 4, and of existing business 1 of 1: (1 + 10 · 3/4) / (1 + 10) = 17/22 = 0.7727.

    Needs: 800 · 17/22 = 618.18. Birch's press (800): nobody ever attacked one, so 17/22 as well.
    Birch's oil: worth 200 as usual. In the north 1 of 1 known is demanded, everywhere 1 of 2:
    (1 + 10 · 1/2) / (1 + 10) = 6/11; nobody buys oil, so adoption is 0 and asking brings nothing.
    """
    await make_process(client)
    existing = {"value": None, "business_type": "existing"}
    new = existing | {"business_type": "new"}
    await herd(engine, workspace, (0, WON, new), (0, WON, new), (0, LOST, new), (0, WON, existing))
    found, by = await value(client)
    assert found["win"] == {"chance": "0.7727", "won": 1, "decided": 1}
    assert found["displacement"] == {"chance": "0.7727", "won": 0, "decided": 0}
    assert (by["need"]["value"], by["need"]["expected_value"]) == (eur("800.00"), eur("618.18"))
    assert by["competitor"]["expected_value"] == eur("618.18")
    assert by["competitor"]["attackable_count"] == 1
    assert (by["unknown"]["value"], by["unknown"]["expected_value"]) == (eur("200.00"), eur("0.00"))
    assert found["potential_value"] == eur("1600.00")
    assert found["expected_value"] == eur("1236.36")
    assert found["white_spots_value"] == eur("0.00")


async def test_asking_is_worth_value_times_demand_times_adoption(client, engine, workspace, known):
    """Elder in the north: press usual (1,800 + 10 · 800) / 12 = 816.67; demanded by all: 1;
    bought by 1 of 2 in the north and 2 of 4 everywhere: 1/2. So 408.33, and oil brings nothing."""
    await post(client, "/v1/accounts", name="Elder", segment="north")
    _, by = await value(client, product=known.press["id"])
    assert by["unknown"]["expected_value"] == eur("408.34")  # half of 816.67, to the even cent
    assert by["unknown"]["chance"] == "0.5000"


async def test_a_chance_that_nothing_tells_is_unknown_and_not_none(client, known):
    found, by = await value(client)
    assert found["win"] == {"chance": None, "won": 0, "decided": 0}
    assert (by["need"]["expected_value"], by["need"]["chance"]) == (None, None)
    assert found["potential_value"] == eur("1600.00")
    assert by["buys"]["expected_value"] == eur("0.00")


async def test_a_long_contract_cannot_be_attacked(client, engine, workspace, known):
    birch = known.accounts["Birch"]
    await know(engine, workspace, (birch, known.press, rival(value="800.00", until="2027-07-21")))
    found, by = await value(client)
    assert (by["competitor"]["attackable_count"], by["competitor"]["count"]) == (0, 1)
    assert found["potential_value"] == eur("800.00")


async def test_orders_at_cells_of_competitors_tell_how_often_they_are_displaced(
    client, engine, workspace, known, clock
):
    """Two attacks on Birch's press, one won; all decided: 1 of 2, none of it existing business.

    Displacement: (1 + 10 · 1/2) / (2 + 10) = 1/2. An order of another product is no attack.
    """
    await make_process(client)
    clock.forward(days=1)
    about = {"account_id": known.accounts["Birch"]["id"]}
    for product, word in ((known.press, "order"), (known.press, "lost"), (known.oil, "order")):
        deal = await post(
            client,
            "/v1/opportunities",
            name=word,
            process_id="new-business",
            product_ids=[product["id"]],
            **about,
        )
        await ended(client, deal, word)
    found, _ = await value(client)
    assert (found["displacement"]["won"], found["displacement"]["decided"]) == (1, 2)


async def ended(client, deal, word):
    if word == "order":
        body = {"milestone": "order", "act": "wrote", "what": "order", "amount": eur("10.00")}
        answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json=body)
    else:
        body = {"kind": "lost", "reason": "price"}
        answer = await client.post(f"/v1/opportunities/{deal['id']}/exit", json=body)
    assert answer.status_code == 200, answer.text


async def test_coverage_tells_what_was_assessed_and_what_was_used(client, known):
    """Alder and Cedar buy: 2 · 2 cells, all of them known; Alder's need for oil is open."""
    found = await ask(client, "/v1/matrix/coverage")
    assert (found["existing_accounts"], found["applicable_cells"], found["known_cells"]) == (
        2,
        4,
        4,
    )
    assert (found["coverage_known"], found["coverage_worked"]) == ("1.0000", "0.0000")
    await make_process(client)
    deal = await post(
        client,
        "/v1/opportunities",
        name="Oil for Alder",
        process_id="new-business",
        account_id=known.accounts["Alder"]["id"],
        product_ids=[known.oil["id"]],
    )
    found = await ask(client, "/v1/matrix/coverage")
    assert (found["need_cells"], found["open_cells"], found["worked_cells"]) == (1, 1, 1)
    await ended(client, deal, "lost")
    found = await ask(client, "/v1/matrix/coverage")
    assert (found["open_cells"], found["coverage_worked"]) == (0, "1.0000")
    nobody = await ask(client, "/v1/matrix/coverage", segment="nowhere")
    assert (nobody["coverage_known"], nobody["coverage_worked"]) == (None, None)


PLACES = ("stats", "value", "coverage")


@pytest.mark.parametrize("place", PLACES)
async def test_the_statements_are_as_many_however_many_cells(
    client, engine, workspace, known, statements, place
):
    seen = []
    for _ in range(2):
        statements.clear()
        await ask(client, f"/v1/matrix/{place}", owner=known.ada["id"])
        seen.append(len(statements))
        more = [await post(client, "/v1/accounts", name=f"More {n}") for n in range(5)]
        await know(engine, workspace, *((one, known.press, needs("1.00")) for one in more))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("place", PLACES)
async def test_another_workspace_sees_nothing(client, neighbour, limited, stranger, known, place):
    path = f"/v1/matrix/{place}"
    own = await ask(neighbour, path)
    asked = await ask(neighbour, path, owner=known.ada["id"], product=known.press["id"])
    for answer in (own, asked):
        assert str(known.press["id"]) not in str(answer)
        assert "1000.00" not in str(answer)
    assert (await stranger.get(path)).status_code == 401
    other = await limited(Scope.ACCOUNTS_READ)
    assert (await other.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("asked", "fault"),
    [({"by": "colour"}, ("by", "not_one_of")), ({"owner": "ada"}, ("owner", "not_a_uuid"))],
)
async def test_what_means_nothing_is_refused(client, asked, fault):
    assert await refused(client, "GET", "/v1/matrix/stats", params=asked) == fault
