"""Targets: what is asked for, what was asked for, and what that takes before the order."""

import pytest

from app.core.ids import uuid7
from tests.aims import MONTHLY, arrive, ask, make_target, make_team, refused
from tests.deals import MILESTONES, eur, make_process, post


@pytest.fixture
async def process(client):
    return await make_process(client)


async def patch(client, target, **body):
    path = f"/v1/targets/{target['id']}"
    current = await client.get(path)
    answer = await client.patch(path, json=body, headers={"If-Match": current.headers["etag"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def periods(client, target, **parameters):
    return (await ask(client, f"/v1/targets/{target['id']}/periods", **parameters))["data"]


async def amounts(client, target, **parameters):
    found = await periods(client, target, **parameters)
    return {one["period"]: one["amount"]["amount"] for one in found}


async def order(client, target, period):
    """What a target asks to arrive at the order in a period."""
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period=period)
    return found["milestones"][-1]["required_value"]["amount"]


async def set_period(client, target, period, **body):
    answer = await client.put(f"/v1/targets/{target['id']}/periods/{period}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_target_comes_back_with_its_place_and_etag(client, process):
    body = {"process_id": process["id"], "amount": eur("100000.00"), **MONTHLY}
    answer = await client.post("/v1/targets", json=body)
    target = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/targets/{target['id']}"
    assert (answer.headers["etag"], target["version"]) == ('"1"', 1)
    assert (target["scope"], target["business_type"]) == ("all", "all")
    assert (target["from"], target["to"], target["count"]) == ("2026-01", "2026-12", None)
    assert (await client.get(answer.headers["location"])).json() == target


async def test_a_quarter_and_a_year_can_name_the_span(client, process):
    target = await make_target(client, **{"from": "2026-Q1", "to": "2026"})
    assert (target["from"], target["to"]) == ("2026-01", "2026-12")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"amount": None}, "", "target_missing"),
        ({"amount": eur("-1")}, "/amount/amount", "too_small"),
        ({"from": "2026-13"}, "/from", "period_unknown"),
        ({"from": "2026-W02"}, "/from", "period_is_a_week"),
        ({"to": "2025-12"}, "/to", "ends_before_start"),
        ({"recurrence": "quarter", "to": "2026-05"}, "/to", "not_whole_periods"),
        ({"recurrence": "day"}, "/recurrence", "not_one_of"),
        ({"scope": "owner"}, "/scope", "scope_malformed"),
        ({"scope": "all:x"}, "/scope", "scope_malformed"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        (
            {"amount": {"amount": "1", "currency": "USD"}},
            "/amount/currency",
            "currency_rate_unknown",
        ),
        (
            {"average_order_value": {"amount": "1", "currency": "USD"}},
            "/average_order_value/currency",
            "currency_mismatch",
        ),
        (
            {"average_order_value": eur("0")},
            "/average_order_value/amount",
            "average_order_value_must_be_positive",
        ),
    ],
)
async def test_a_target_that_does_not_add_up_is_pointed_at(client, process, change, pointer, code):
    body = {"process_id": "new-business", "amount": eur("1.00"), **MONTHLY} | change
    answer = await client.post("/v1/targets", json=body)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


async def test_one_subject_has_one_target_from_the_same_period_on(client, process):
    await make_target(client)
    body = {"process_id": process["id"], "count": 4, **MONTHLY}
    answer = await client.post("/v1/targets", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    await make_target(client, business_type="new")


@pytest.mark.parametrize("kind", ["team", "owner"])
async def test_a_target_for_somebody_unknown_is_not_found(client, process, kind):
    body = {"process_id": process["id"], "count": 4, "scope": f"{kind}:{uuid7()}", **MONTHLY}
    assert (await client.post("/v1/targets", json=body)).status_code == 404


async def test_another_workspace_finds_nothing(client, neighbour, process):
    target = await make_target(client)
    for path in ("", "/periods", "/cascade"):
        theirs, nobodys = [
            await neighbour.get(f"/v1/targets/{id}{path}") for id in (target["id"], uuid7())
        ]
        assert theirs.status_code == nobodys.status_code == 404


async def test_the_list_is_filtered_and_needs_no_statement_per_target(client, process, statements):
    await make_target(client)
    team = await make_team(client)
    wanted = await make_target(client, scope=f"team:{team['id']}", business_type="new")
    found = await ask(client, "/v1/targets", process="new-business", business_type="new")
    assert [one["id"] for one in found["data"]] == [wanted["id"]]
    found = await ask(client, "/v1/targets", scope=f"team:{team['id']}")
    assert [one["id"] for one in found["data"]] == [wanted["id"]]
    statements.clear()
    assert len((await ask(client, "/v1/targets"))["data"]) == 2
    assert len(statements) == 2, statements


async def test_a_change_needs_the_version_that_was_read(client, process):
    target = await make_target(client)
    path = f"/v1/targets/{target['id']}"
    assert (await client.patch(path, json={"count": 3})).status_code == 428
    stale = await client.patch(path, json={"count": 3}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412


async def test_what_is_not_named_in_a_change_stays(client, process):
    target = await make_target(client, count=4)
    changed = await patch(client, target, count=5)
    assert (changed["amount"], changed["count"], changed["version"]) == (eur("100000.00"), 5, 2)
    assert (await patch(client, target, count=None))["count"] is None


async def test_a_target_must_go_on_asking_for_something(client, process):
    target = await make_target(client)
    answer = await client.patch(
        f"/v1/targets/{target['id']}", json={"amount": None}, headers={"If-Match": '"1"'}
    )
    assert answer.json()["errors"][0]["code"] == "target_missing"


async def test_closed_months_keep_the_target_of_their_time(client, process, clock):
    target = await make_target(client)
    clock.forward(days=20)  # 9 August
    await patch(client, target, amount=eur("150000.00"))
    found = await amounts(client, target, **{"from": "2026-06", "to": "2026-09"})
    assert found == {
        "2026-06": "100000.00",
        "2026-07": "100000.00",
        "2026-08": "150000.00",
        "2026-09": "150000.00",
    }


async def test_what_was_asked_for_can_be_asked_as_of_then(client, process, clock):
    target = await make_target(client)
    before = clock.now.isoformat()
    clock.forward(hours=1)
    await patch(client, target, amount=eur("150000.00"))
    span = {"from": "2026-08", "to": "2026-08"}
    assert await amounts(client, target, **span) == {"2026-08": "150000.00"}
    assert await amounts(client, target, as_of=before, **span) == {"2026-08": "100000.00"}


async def test_a_target_can_be_extended_but_not_cut_out_of_closed_periods(client, process):
    target = await make_target(client, to="2026-08")
    assert (await patch(client, target, to="2027-03"))["to"] == "2027-03"
    assert (await patch(client, target, to=None))["to"] is None
    found = await refused(
        client,
        "PATCH",
        f"/v1/targets/{target['id']}",
        json={"to": "2026-04"},
        headers={"If-Match": '"3"'},
    )
    assert found == ("/to", "period_closed")


async def test_a_deleted_target_is_gone_and_can_be_set_anew(client, process):
    target = await make_target(client)
    path = f"/v1/targets/{target['id']}"
    assert (await client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(path)).status_code == 404
    await make_target(client)


async def test_one_month_can_have_its_own_amount_and_lose_it_again(client, process):
    target = await make_target(client, count=4)
    own = await set_period(client, target, "2026-08", amount=eur("30000.00"))
    assert (own["source"], own["amount"], own["count"]) == ("override", eur("30000.00"), 4)
    again = await set_period(client, target, "2026-08")
    assert (again["source"], again["amount"]) == ("recurring", eur("100000.00"))


async def test_a_quarter_is_the_sum_of_its_months(client, process):
    target = await make_target(client)
    await set_period(client, target, "2026-08", amount=eur("30000.00"))
    assert await order(client, target, "2026-Q3") == "230000.00"


async def test_the_months_of_a_quarter_add_up_to_it(client, process):
    target = await make_target(client, recurrence="quarter")
    found = [await order(client, target, f"2026-0{month}") for month in (7, 8, 9)]
    assert found == ["33333.34", "33333.33", "33333.33"]


async def test_a_week_gets_its_days_of_the_month(client, process):
    target = await make_target(client, amount=eur("31000.00"))
    assert await order(client, target, "2026-W30") == "7000.00"


async def test_a_target_given_once_is_one_period(client, process):
    target = await make_target(client, recurrence="once", **{"from": "2026-03", "to": "2026-07"})
    [only] = await periods(client, target)
    assert (only["period"], only["amount"]) == ("2026-03..2026-07", eur("100000.00"))
    assert await order(client, target, "2026-07") == "20000.00"


@pytest.mark.parametrize("period", ["2026-Q3", "2027-01", "2026-W30"])
async def test_only_periods_of_the_target_have_an_amount_of_their_own(client, process, period):
    target = await make_target(client)
    path = f"/v1/targets/{target['id']}/periods/{period}"
    found = await refused(client, "PUT", path, json={"count": 1})
    assert found == ("period", "not_a_period_of_target")


async def test_an_own_amount_is_in_the_currency_of_the_target(client, process):
    target = await make_target(client)
    body = {"amount": {"amount": "1", "currency": "JPY"}}
    path = f"/v1/targets/{target['id']}/periods/2026-08"
    found = await refused(client, "PUT", path, json=body)
    assert found == ("/amount/currency", "currency_mismatch")


async def test_an_amount_in_another_currency_keeps_the_rate_of_its_planning(client, process, clock):
    rate = {"currency": "USD", "day": "2026-01-01"}
    await post(client, "/v1/currency_rates", rate="0.90", **rate)
    target = await make_target(client, amount={"amount": "100000.00", "currency": "USD"})
    clock.forward(hours=1)
    await post(client, "/v1/currency_rates", rate="0.50", **rate)
    [july] = await periods(client, target, **{"from": "2026-07", "to": "2026-07"})
    assert (july["reporting_amount"], july["fx"]["rate"]) == (eur("90000.00"), "0.90")
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period="2026-07")
    assert found["milestones"][-1]["required_value"] == eur("90000.00")
    assert [fx["date"] for fx in found["fx"]] == ["2026-01-01"]


async def test_a_stored_target_has_the_cascade_of_the_article(client, process):
    mean = eur("25000.00")
    target = await make_target(client, average_order_value=mean)
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period="2026-07")
    first = found["milestones"][0]
    assert (first["key"], first["rate_source"], first["rate"]) == ("interest", "target", "0.5")
    assert (first["required_value"], first["required_count"]) == (eur("1600000.00"), 64)
    assert (first["exact_value"], found["coverage"]) == ("1600000/1", "16")
    assert (found["as_of"], found["period"]) == ("2026-07-20T09:30:00Z", "2026-07")


async def test_before_a_section_without_a_rate_nothing_is_known(client):
    steps = [dict(step) for step in MILESTONES]
    del steps[1]["target_rate"]
    await make_process(client, milestones=steps)
    target = await make_target(client)
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period="2026-07")
    shown = [(one["status"], one["required_value"]) for one in found["milestones"]]
    assert shown[:2] == [("unknown", None), ("unknown", None)]
    assert shown[2] == ("ok", eur("400000.00"))
    assert (found["coverage"], found["milestones"][1]["rate_source"]) == (None, None)


async def test_a_closed_month_keeps_the_rates_of_its_time(client, process, clock):
    target = await make_target(client)
    clock.forward(days=20)
    steps = [step | {"target_rate": "0.25"} for step in MILESTONES[:-1]]
    body = {"milestones": [*steps, MILESTONES[-1]]}
    await post(client, f"/v1/processes/{process['id']}/versions", **body)
    path = f"/v1/targets/{target['id']}/cascade"
    july, august = [await ask(client, path, period=p) for p in ("2026-07", "2026-08")]
    assert (july["coverage"], july["process_version"]) == ("16", 1)
    assert (august["coverage"], august["process_version"]) == ("256", 2)


async def test_the_feed_tells_what_each_day_must_bring(client, process):
    target = await make_target(client, amount=eur("31000.00"), count=31)
    await arrive(client, "interest", "6000.00")
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period="2026-07")
    feed = found["feed_rate"]
    assert (feed["days"], feed["period_days"], feed["remaining_days"]) == ("calendar_days", 31, 12)
    assert (feed["value_per_day"], feed["count_per_day"]) == (eur("16000.00"), "16.0000")
    assert (feed["value_per_week"], feed["count_per_week"]) == (eur("112000.00"), "112.0000")
    assert (feed["remaining_value"], feed["remaining_count"]) == (eur("490000.00"), 495)
    assert feed["remaining_value_per_day"] == eur("40833.34")


async def test_the_feed_counts_working_days_where_they_are_set(client, process):
    current = await client.get("/v1/workspace")
    await client.patch(
        "/v1/workspace",
        json={"working_days": [1, 2, 3, 4, 5]},
        headers={"If-Match": current.headers["etag"]},
    )
    target = await make_target(client)
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", period="2026-07")
    feed = found["feed_rate"]
    assert (feed["days"], feed["period_days"], feed["remaining_days"]) == ("working_days", 23, 10)
    assert feed["count_per_day"] is None


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"rates": "blend:2"}, ("rates", "not_one_of")),
        ({"rates": "guessed"}, ("rates", "not_one_of")),
        ({"period": "2027-01"}, ("period", "outside_of_target")),
        ({"period": "soon"}, ("period", "period_unknown")),
        ({"as_of": "2027-01-01T00:00:00Z"}, ("as_of", "in_future")),
    ],
)
async def test_a_cascade_that_cannot_be_told_says_why(client, process, parameters, fault):
    target = await make_target(client)
    path = f"/v1/targets/{target['id']}/cascade"
    assert await refused(client, "GET", path, params=parameters) == fault
