"""Targets of growth, margin, orders and new customers: what amount they take, and against what."""

import pytest

from tests.aims import MONTHLY, arrive, ask, refused
from tests.deals import eur, make_process, post
from tests.sales import line, make_product, sell


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def aim(client, **said):
    return await post(client, "/v1/targets", process_id="new-business", **MONTHLY | said)


async def patch(client, target, **body):
    path = f"/v1/targets/{target['id']}"
    tag = {"If-Match": (await client.get(path)).headers["etag"]}
    answer = await client.patch(path, json=body, headers=tag)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def order(client, target, period):
    """What a target asks to arrive at the order in a period."""
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period=period)
    return found["milestones"][-1]["required_value"]["amount"]


async def refusal(client, **said):
    body = {"process_id": "new-business"} | MONTHLY | said
    answer = await client.post("/v1/targets", json=body)
    assert answer.status_code == 422, answer.text
    return answer.json()["errors"][0]


async def test_growth_is_resolved_to_an_amount_against_its_base(client):
    """June brought 800.00 and 200.50: a tenth more is 1,100.55."""
    await arrive(client, "order", "800.00", at="2026-06-10T08:00:00Z")
    await arrive(client, "order", "200.50", at="2026-06-30T21:59:00Z")
    await arrive(client, "order", "999.00", at="2026-06-30T22:00:00Z")  # July, in Berlin
    made = await aim(client, metric="growth_rate", growth_rate="0.10", base_period="2026-06")
    assert (made["metric"], made["growth_rate"], made["amount"]) == (
        "growth_rate",
        "0.10",
        eur("1100.55"),
    )
    base = made["base"]
    assert (base["period"], base["order_value"], base["gross_margin"]) == (
        "2026-06",
        eur("1000.50"),
        None,
    )
    assert (base["n"], base["missing_count"]) == (2, 0)
    assert base["formula"].startswith("growth.1")
    assert await order(client, made, "2026-08") == "1100.55"
    lights = await ask(client, "/v1/lights", process="new-business", period="2026-08")
    assert lights["milestones"][-1]["required_value"] == eur("1100.55")


async def test_what_is_ordered_in_the_base_later_moves_no_target(client):
    await arrive(client, "order", "1000.00", at="2026-06-10T08:00:00Z")
    made = await aim(client, metric="growth_rate", growth_rate="0.5", base_period="2026-06")
    await arrive(client, "order", "1000.00", at="2026-06-11T08:00:00Z")
    path = f"/v1/targets/{made['id']}"
    assert (await ask(client, path))["amount"] == eur("1500.00")
    again = await patch(client, made, growth_rate="-0.25")
    assert (again["amount"], again["base"]["order_value"]) == (eur("1500.00"), eur("2000.00"))
    assert again["growth_rate"] == "-0.25"


async def test_a_margin_takes_the_orders_that_leave_it(client):
    """Of 1,000.00 are left 300.00 in June: 600.00 take 2,000.00."""
    press = await make_product(client)
    june = "2026-06-10T08:00:00Z"
    await sell(client, line(press, "1000.00", "700.00"), at=june)
    await sell(client, amount="500.00", at=june)
    made = await aim(
        client, metric="gross_margin", gross_margin=eur("600.00"), base_period="2026-06"
    )
    assert (made["gross_margin"], made["amount"]) == (eur("600.00"), eur("2000.00"))
    base = made["base"]
    assert (base["order_value"], base["gross_margin"]) == (eur("1000.00"), eur("300.00"))
    assert (base["n"], base["missing_count"]) == (1, 1)
    assert await order(client, made, "2026-08") == "2000.00"
    less = await patch(client, made, gross_margin=eur("300.01"))
    assert less["amount"] == eur("1000.04")  # 1,000.0333… upwards


async def test_orders_and_new_customers_are_numbers(client):
    orders = await aim(client, metric="order_count", count=6)
    assert (orders["count"], orders["amount"], orders["base"]) == (6, None, None)
    new = await aim(client, metric="new_customers", count=3, business_type="new")
    cascade = await ask(client, f"/v1/targets/{new['id']}/cascade", period="2026-08")
    assert cascade["milestones"][-1]["required_count"] == 3
    assert cascade["target"]["metric"] == "new_customers"


async def test_what_does_not_fit_a_metric_names_what_does(client):
    june = {"base_period": "2026-06"}
    growth = {"metric": "growth_rate", "growth_rate": "0.1"}
    margin = {"metric": "gross_margin", "gross_margin": eur("1.00")}
    for said, code in (
        ({"metric": "order_count", "amount": eur("1.00"), "count": 1}, "metric_misfit"),
        (growth, "metric_misfit"),
        (growth | june | {"amount": eur("1.00")}, "metric_misfit"),
        ({"amount": eur("1.00")} | june, "metric_misfit"),
        ({"metric": "new_customers", "count": 1}, "new_business_only"),
        (growth | june, "base_unknown"),
        (growth | {"base_period": "2025"}, "base_of_other_length"),
        (growth | {"base_period": "2026-07"}, "base_not_over"),
        (margin | june, "margin_unknown"),
    ):
        assert (await refusal(client, **said))["code"] == code, said
    told = await refusal(client, **growth, **june)
    assert (told["pointer"], "metric order_value" in told["detail"]) == ("/base_period", True)


async def test_a_change_states_what_its_metric_states(client):
    made = await aim(client, metric="order_count", count=6)
    path, tag = f"/v1/targets/{made['id']}", {"If-Match": '"1"'}
    sent = {"json": {"amount": eur("1.00")}, "headers": tag}
    assert await refused(client, "PATCH", path, **sent) == ("/amount", "metric_misfit")
    assert (await patch(client, made, count=7))["count"] == 7


async def test_a_share_of_a_growing_target_is_an_amount(client):
    await arrive(client, "order", "1000.00", at="2026-06-10T08:00:00Z")
    made = await aim(client, metric="growth_rate", growth_rate="0.5", base_period="2026-06")
    ada = await post(client, "/v1/people", name="Ada")
    body = {"by": "equal", "to": [{"scope": f"owner:{ada['id']}"}]}
    answer = await client.post(f"/v1/targets/{made['id']}/allocate", json=body)
    [child] = answer.json()["children"]
    assert (child["metric"], child["amount"], child["base"]) == (
        "order_value",
        eur("1500.00"),
        None,
    )
