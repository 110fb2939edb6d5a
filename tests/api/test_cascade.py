import pytest

from app.domain.access import Scope

ARTICLE = {
    "target": {"amount": "100000.00", "currency": "EUR"},
    "rates": ["0.5", "0.5", "0.5", "0.5"],
    "milestones": ["interest", "invited", "need", "concept", "order"],
    "average_order_value": {"amount": "25000.00", "currency": "EUR"},
}
EUR = {"amount": "100000.00", "currency": "EUR"}


async def ask(client, status=200, path="/v1/cascade", **body):
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def values(client, **body):
    found = await ask(client, **body)
    return [level["required_value"]["amount"] for level in found["milestones"]]


async def counts(client, **body):
    return [level["required_count"] for level in (await ask(client, **body))["milestones"]]


async def fault(client, path="/v1/cascade", **body):
    [found] = (await ask(client, 422, path, **body))["errors"]
    return found["pointer"], found["code"]


async def test_the_article_asks_for_sixteen_times_the_order(client):
    found = await ask(client, **ARTICLE)
    assert (found["coverage"], found["warnings"]) == ("16", [])
    assert found["milestones"][0] == {
        "position": 1,
        "key": "interest",
        "required_value": {"amount": "1600000.00", "currency": "EUR"},
        "required_count": 64,
        "exact_value": "1600000/1",
        "rate": "0.5",
        "count_rate": "0.5",
        "planned_exit_value": {"amount": "800000.00", "currency": "EUR"},
        "status": "ok",
        "value_status": "ok",
        "count_status": "ok",
        "because": None,
    }


async def test_the_order_has_no_section_behind_it(client):
    order = (await ask(client, **ARTICLE))["milestones"][-1]
    assert order["required_value"] == EUR
    assert (order["required_count"], order["exact_value"]) == (4, "100000/1")
    assert (order["rate"], order["planned_exit_value"]) == (None, None)


async def test_every_requirement_is_rounded_once_from_the_exact_value(client):
    found = await values(client, target=EUR, rates=["0.35", "0.60", "0.45", "0.30"])
    assert found == ["3527336.87", "1234567.91", "740740.75", "333333.34", "100000.00"]


async def test_three_orders_at_seventy_percent_need_thirteen_at_the_start(client):
    assert await counts(client, target={"count": 3}, rates=["0.7"] * 4) == [13, 9, 7, 5, 3]


async def test_a_third_is_a_third(client):
    third = {"num": 1, "den": 3}
    found = await values(client, target=EUR | {"amount": "100.00"}, rates=[third, third])
    assert found == ["900.00", "300.00", "100.00"]


async def test_a_third_written_with_four_digits_is_not(client):
    found = await values(client, target=EUR | {"amount": "100.00"}, rates=["0.3333", "0.3333"])
    assert found == ["900.19", "300.04", "100.00"]


@pytest.mark.parametrize(
    ("amount", "currency", "first"), [("100", "JPY", "286"), ("1.000", "KWD", "2.858")]
)
async def test_amounts_have_the_decimals_of_their_currency(client, amount, currency, first):
    target = {"amount": amount, "currency": currency}
    assert await values(client, target=target, rates=["0.35"]) == [first, amount]


async def test_a_count_has_no_value_until_an_order_has_one(client):
    first = (await ask(client, target={"count": 3}, rates=["0.5"]))["milestones"][0]
    assert (first["required_value"], first["exact_value"], first["planned_exit_value"]) == (
        None,
    ) * 3
    assert (first["required_count"], first["value_status"]) == (6, "not_asked")


async def test_a_count_and_an_average_order_make_an_amount(client):
    mean = {"amount": "500.00", "currency": "EUR"}
    found = await values(client, target={"count": 3}, rates=["0.5"], average_order_value=mean)
    assert found == ["3000.00", "1500.00"]


async def test_numbers_may_convert_otherwise_than_values(client):
    body = {"target": {**EUR, "count": 4}, "rates": ["0.5"], "count_rates": ["0.25"]}
    assert await values(client, **body) == ["200000.00", "100000.00"]
    assert await counts(client, **body) == [16, 4]


async def test_value_that_grows_on_the_way_needs_less_at_the_start(client):
    found = await values(client, target=EUR, rates=["0.5", "0.5"], retention=["1", "1.25"])
    assert found == ["320000.00", "160000.00", "100000.00"]


async def test_a_rate_comes_back_without_its_zeros_and_with_all_its_digits(client):
    rates = ["0.50", "0.123456789012345678901234567", {"num": 2, "den": 3}]
    found = await ask(client, target=EUR, rates=rates)
    shown = [level["rate"] for level in found["milestones"]]
    assert shown == ["0.5", "0.123456789012345678901234567", "0.66666666666666666667", None]


async def test_coverage_without_an_end_has_twenty_digits(client):
    found = await ask(client, target=EUR, rates=["0.35", "0.60", "0.45", "0.30"])
    assert found["coverage"] == "35.273368606701940035"


async def test_an_implausible_yield_is_warned_of(client):
    found = await ask(client, target=EUR, rates=["0.01", "0.01", "0.5"])
    assert found["warnings"] == ["implausible_yield"]


async def test_what_is_won_and_what_is_open_lowers_the_requirements(client):
    won, credit = EUR | {"amount": "40000.00"}, EUR | {"amount": "10000.00"}
    net = (await ask(client, target=EUR, rates=["0.5"], won=won, open_credit=credit))["net"]
    assert (net["gap"]["amount"], net["needed"]["amount"]) == ("60000.00", "50000.00")
    needed = [level["required_value"]["amount"] for level in net["milestones"]]
    assert (needed, net["target_met"]) == (["100000.00", "50000.00"], False)


async def test_a_target_that_is_met_needs_nothing_more(client):
    net = (await ask(client, target=EUR, rates=["0.5"], won=EUR))["net"]
    assert net["target_met"] is True
    assert {level["required_value"]["amount"] for level in net["milestones"]} == {"0.00"}


async def test_what_is_left_of_a_mere_count_is_no_amount(client):
    found = await fault(client, target={"count": 3}, rates=["0.5"], won=EUR)
    assert found == ("/won", "target_has_no_amount")


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("0", "rate_must_be_positive"),
        ("-0.5", "rate_must_be_positive"),
        ("1.01", "rate_above_one"),
        ("half", "rate_malformed"),
        ("1e-2", "rate_malformed"),
        (0.5, "rate_malformed"),
        ({"num": 1, "den": 0}, "rate_malformed"),
    ],
)
async def test_a_rate_that_means_nothing_is_pointed_at(client, rate, code):
    assert await fault(client, target=EUR, rates=["0.5", rate]) == ("/rates/1", code)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"rates": []}, "/rates", "too_few"),
        ({"rates": ["0.5"] * 12}, "/rates", "too_many"),
        ({"milestones": ["a", "b"]}, "/milestones", "keys_do_not_match"),
        ({"milestones": ["a", "b", "a"]}, "/milestones", "keys_repeated"),
        ({"count_rates": ["0.5"]}, "/count_rates", "lengths_differ"),
        ({"retention": ["1"]}, "/retention", "lengths_differ"),
        ({"target": {}}, "/target", "target_missing"),
        ({"target": {"amount": "1.00"}}, "/target", "currency_missing"),
        ({"target": {"amount": "1.001", "currency": "EUR"}}, "/target", "too_many_decimals"),
        ({"target": {"amount": "-1", "currency": "EUR"}}, "/target/amount", "too_small"),
        ({"won": {"amount": "1", "currency": "USD"}}, "/won/currency", "currency_mismatch"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        (
            {"average_order_value": {"amount": "0", "currency": "EUR"}},
            "/average_order_value/amount",
            "average_order_value_must_be_positive",
        ),
    ],
)
async def test_a_request_that_does_not_add_up_is_pointed_at(client, change, pointer, code):
    body = {"target": EUR, "rates": ["0.5", "0.5"]} | change
    assert await fault(client, **body) == (pointer, code)


async def test_a_simulation_shows_before_after_and_every_lever(client):
    rates = ["0.35", "0.60", "0.45", "0.30"]
    changes = [{"section": 3, "rate": "0.50"}]
    found = await ask(client, path="/v1/cascade/simulate", target=EUR, rates=rates, changes=changes)
    levers = [lever["order_value_per_point"]["amount"] for lever in found["levers"]]
    assert levers == ["2857.14", "1666.67", "2222.22", "3333.33"]
    assert found["before"]["milestones"][0]["required_value"]["amount"] == "3527336.87"
    assert found["after"]["milestones"][0]["required_value"]["amount"] == "3174603.18"
    assert found["after"]["milestones"][2]["rate"] == "0.5"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([{"section": 2, "rate": "0.5"}], "section_unknown"),
        ([{"section": 1, "rate": "0.5"}, {"section": 1, "rate": "0.6"}], "section_repeated"),
    ],
)
async def test_a_simulation_changes_each_section_once(client, changes, code):
    path = "/v1/cascade/simulate"
    found = await fault(client, path, target=EUR, rates=["0.5"], changes=changes)
    assert found == (f"/changes/{len(changes) - 1}/section", code)


async def test_a_cascade_reads_nothing_of_the_workspace(client, statements):
    await ask(client, **ARTICLE)
    assert not [sql for sql in statements if "process" in sql or "target" in sql]


@pytest.mark.parametrize("path", ["/v1/cascade", "/v1/cascade/simulate"])
async def test_a_cascade_needs_a_key_for_forecasts(stranger, limited, path):
    assert (await stranger.post(path, json=ARTICLE)).status_code == 401
    other = await limited(Scope.ACCOUNTS_READ)
    assert (await other.post(path, json=ARTICLE)).status_code == 403
