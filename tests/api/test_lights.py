"""Lights: what was required, what arrived, and what that means today."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import MONTHLY, arrive, ask, make_target, refused
from tests.deals import MILESTONES, change, eur, make_deal, make_process, post, tell

HERE = {"process": "new-business", "period": "2026-07"}
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
async def process(client):
    return await make_process(client)


async def lights(client, headers=None, **more):
    return await ask(client, "/v1/lights", headers=headers, **(HERE | more))


async def light(client, key="interest", **more):
    found = await lights(client, **more)
    return next(one for one in found["milestones"] if one["key"] == key)


async def patch(client, path, **body):
    current = await client.get(path)
    answer = await client.patch(path, json=body, headers={"If-Match": current.headers["etag"]})
    assert answer.status_code == 200, answer.text


async def test_the_lights_of_a_month_under_way(client, process):
    target = await make_target(client)
    await arrive(client, "interest", "500000.00")
    found = await lights(client)
    assert (found["period"], found["elapsed"], found["closed"]) == ("2026-07", "0.6129", False)
    assert (found["target_id"], found["business_type"]) == (target["id"], "all")
    assert [one["key"] for one in found["milestones"]] == [one["key"] for one in MILESTONES]
    first = found["milestones"][0]
    assert (first["required_value"], first["actual_value"]) == (
        eur("1600000.00"),
        eur("500000.00"),
    )
    assert (first["required_count"], first["actual_count"]) == (None, 1)
    assert (first["attainment"], first["pace"]) == ("0.3125", "0.5098")
    assert (first["light"], first["reached"]) == ("red", False)


@pytest.mark.parametrize(
    ("amount", "light_now", "code"),
    [
        ("1600000.00", "green", "reached"),
        ("981000.00", "green", "on_pace"),
        ("980000.00", "amber", "behind_pace"),
        ("785000.00", "amber", "behind_pace"),
        ("784000.00", "red", "far_behind_pace"),
    ],
)
async def test_the_pace_decides_while_the_month_is_under_way(
    client, process, amount, light_now, code
):
    await make_target(client)
    await arrive(client, "interest", amount)
    shown = await light(client)
    assert (shown["light"], shown["reason"]["code"]) == (light_now, code)


async def test_strictly_only_what_is_reached_is_green(client, process):
    await make_target(client)
    await arrive(client, "interest", "1599999.99")
    strict = await light(client, mode="strict")
    assert (strict["light"], strict["reason"]["code"]) == ("amber", "not_yet_reached")


@pytest.mark.parametrize(
    ("amount", "light_then", "code"),
    [("80000.00", "amber", "missed_narrowly"), ("79999.99", "red", "missed")],
)
async def test_a_closed_month_is_measured_against_all_that_was_required(
    client, process, clock, amount, light_then, code
):
    await make_target(client)
    await arrive(client, "order", amount)
    clock.forward(days=20)
    shown = await light(client, "order")
    assert (shown["light"], shown["reason"]["code"]) == (light_then, code)


async def test_more_than_everything_is_shown_as_more_than_everything(client, process):
    await make_target(client)
    await arrive(client, "order", "130000.00")
    assert (await light(client, "order"))["attainment"] == "1.3000"


async def test_the_reason_is_a_sentence_with_the_real_numbers(client, process):
    await make_target(client)
    await arrive(client, "interest", "500000.00")
    english, german = await light(client), await light(client, headers=GERMAN)
    assert english["reason"]["text"] == (
        "Arrived 500,000.00 EUR of 980,645.16 EUR due by today (50 %): far behind pace."
    )
    assert german["reason"] == {
        "code": "far_behind_pace",
        "text": "Eingetroffen 500.000,00 EUR von 980.645,16 EUR, die bis heute fällig sind (50 %): "
        "weit im Rückstand.",
    }


async def test_without_a_target_lights_are_grey_and_arrivals_are_shown(client, process):
    await arrive(client, "interest", "500.00")
    shown = await light(client)
    assert (shown["light"], shown["reason"]["code"]) == ("grey", "no_target")
    assert (shown["actual_value"], shown["required_value"]) == (eur("500.00"), None)
    assert shown["attainment"] is None


async def test_before_an_unknown_rate_lights_are_grey(client):
    await make_process(client, milestones=[{**MILESTONES[0], "target_rate": None}, MILESTONES[4]])
    await make_target(client)
    shown = await light(client)
    assert (shown["light"], shown["reason"]["code"]) == ("grey", "rate_unknown")
    assert "section 1" in shown["reason"]["text"]
    assert (await light(client, "order"))["light"] == "red"


async def test_the_first_days_of_a_month_are_too_early(client, process, clock):
    clock.now = clock.now.replace(day=2)
    await make_target(client, average_order_value=eur("50000.00"))
    assert (await light(client, "order"))["reason"]["code"] == "too_early"
    assert (await light(client, "interest"))["light"] == "red"


async def test_a_month_to_come_is_too_early(client, process):
    await make_target(client)
    assert (await light(client, period="2026-08"))["reason"]["code"] == "too_early"


async def test_an_unknown_value_counts_in_number_only(client, process):
    await make_target(client, count=4)
    await arrive(client, "interest", None)
    shown = await light(client)
    assert (shown["actual_value"], shown["actual_count"]) == (None, 1)
    assert (shown["missing_value_count"], shown["value_light"]) == (1, "grey")
    await arrive(client, "interest", "10.00")
    assert (await light(client))["actual_value"] == eur("10.00")


async def test_an_unverified_arrival_of_unknown_value_is_not_worth_nothing(client, process):
    await arrive(client, "interest", None, evidence=[])
    shown = await light(client)
    assert (shown["unverified_value"], shown["unverified_count"]) == (None, 1)
    [alone] = (await lights(client))["unassigned"]
    assert (alone["value"], alone["count"]) == (None, 1)


async def test_nothing_arrived_is_a_known_nothing(client, process):
    await make_target(client)
    shown = await light(client)
    assert (shown["actual_value"], shown["actual_count"]) == (eur("0.00"), 0)
    assert shown["average_value"] is None


async def test_the_worse_side_decides_unless_one_is_asked_for(client, process):
    await make_target(client, count=4)
    await arrive(client, "order", "100000.00")
    both = await light(client, "order")
    assert (both["value_light"], both["count_light"], both["light"]) == ("green", "red", "red")
    assert both["concentration"] == "1.0000"
    assert both["reason"]["text"] == (
        "Arrived 1 of 2.5 opportunities due by today (40 %): far behind pace."
    )
    assert (await light(client, "order", light_basis="value"))["light"] == "green"


async def test_partial_orders_count_in_value_only(client, process):
    await make_target(client, count=4)
    deal = await arrive(client, "order", "1000.00")
    await tell(client, deal, "reach", milestone="order", amount=eur("500.00"))
    shown = await light(client, "order")
    assert (shown["actual_value"], shown["actual_count"]) == (eur("1500.00"), 1)
    assert shown["average_value"] == eur("1500.00")


async def test_a_later_milestone_brings_the_earlier_ones_with_it(client, process):
    await make_target(client)
    await arrive(client, "need", "1000.00")
    found = await lights(client)
    assert [one["actual_count"] for one in found["milestones"]] == [1, 1, 1, 0, 0]


async def test_an_arrival_belongs_to_the_month_it_happened_in_where_the_workspace_is(
    client, process
):
    await make_target(client)
    await arrive(client, "interest", "100.00", at="2026-06-30T22:30:00Z")  # July in Berlin
    await arrive(client, "interest", "10.00", at="2026-06-30T21:30:00Z")
    assert (await light(client))["actual_value"] == eur("100.00")
    assert (await light(client, period="2026-06"))["actual_value"] == eur("10.00")


async def test_unverified_arrivals_count_where_evidence_is_optional(client, process):
    await make_target(client)
    await arrive(client, "interest", "100.00", evidence=[])
    shown = await light(client)
    assert shown["actual_value"] == shown["unverified_value"] == eur("100.00")


async def test_unverified_arrivals_are_only_shown_where_evidence_is_required(client):
    steps = [dict(step) for step in MILESTONES]
    steps[0]["evidence_policy"] = "required"
    await make_process(client, milestones=steps)
    await make_target(client)
    await arrive(client, "invited", "100.00", evidence=[])  # implies the first without evidence
    first, second = (await lights(client))["milestones"][:2]
    assert (first["actual_value"], first["actual_count"]) == (eur("0.00"), 0)
    assert (first["unverified_value"], first["unverified_count"]) == (eur("100.00"), 1)
    assert second["actual_value"] == eur("100.00")


async def test_the_focus_is_where_the_lack_costs_most(client, process):
    await make_target(client)
    await arrive(client, "interest", "1600000.00")
    focus = (await lights(client))["focus"]
    assert (focus["section"], focus["milestone"]) == (1, "invited")
    assert focus["shortfall_value"] == eur("490322.58")
    assert focus["order_worth_value"] == eur("61290.32")
    assert focus["text"] == (
        "Work on section 1, up to Invited: 490,322.58 EUR short there, worth 61,290.32 EUR at"
        " the order."
    )


async def test_the_focus_is_the_feed_when_nothing_comes_in(client, process):
    await make_target(client, amount=None, count=4)
    focus = (await lights(client, headers=GERMAN))["focus"]
    assert (focus["section"], focus["shortfall_value"], focus["shortfall_count"]) == (
        0,
        None,
        "39.2258",
    )
    assert focus["text"].startswith("Den ersten Meilenstein Interest versorgen: Es fehlen 39,2 ")


async def test_new_business_is_not_paid_for_by_existing_business(client, process):
    await make_target(client, business_type="new")
    await arrive(client, "interest", "100.00", business_type="new")
    await arrive(client, "interest", "900.00", business_type="existing")
    found = await lights(client)
    assert found["business_type"] == "new"
    assert found["milestones"][0]["actual_value"] == eur("100.00")
    existing = await light(client, business_type="existing")
    assert (existing["actual_value"], existing["light"]) == (eur("900.00"), "grey")


async def test_a_target_for_all_business_comes_before_a_narrower_one(client, process):
    await make_target(client, business_type="new")
    whole = await make_target(client, business_type="all")
    found = await lights(client)
    assert (found["business_type"], found["target_id"]) == ("all", whole["id"])


async def test_a_target_in_the_beat_of_the_period_is_chosen(client, process):
    year = await make_target(client, recurrence="year")
    month = await make_target(client)
    assert (await lights(client))["target_id"] == month["id"]
    assert (await lights(client, period="2026"))["target_id"] == year["id"]


async def test_losing_a_deal_changes_no_light(client, process):
    await make_target(client)
    deal = await arrive(client, "interest", "100.00")
    before = (await lights(client))["milestones"]
    await tell(client, deal, "exit", kind="lost")
    assert (await lights(client))["milestones"] == before


async def test_what_never_happened_is_taken_out_of_closed_months_as_well(client, process):
    deal = await arrive(client, "interest", "100.00", at="2026-06-10T08:00:00Z")
    await tell(client, deal, "void", milestone="interest", reason="wrong customer")
    assert (await light(client, period="2026-06"))["actual_count"] == 0


async def test_a_closed_month_stays_the_same_to_the_byte_after_a_new_rate(client, process, clock):
    dollars, day = {"amount": "100.00", "currency": "USD"}, {"currency": "USD", "day": "2026-01-01"}
    await post(client, "/v1/currency_rates", rate="0.90", **day)
    await make_target(client, amount=dollars)
    deal = await make_deal(client, value=dollars, created_at="2026-06-02T08:00:00Z")
    at = "2026-06-10T08:00:00Z"
    await tell(client, deal, "reach", milestone="interest", occurred_at=at)
    before = await client.get("/v1/lights", params=HERE | {"period": "2026-06"})
    clock.forward(hours=1)
    await post(client, "/v1/currency_rates", rate="0.50", **day)
    await change(client, deal, name="Another name")  # derives its arrivals anew
    after = await client.get("/v1/lights", params=HERE | {"period": "2026-06"})
    first, *_, order = before.json()["milestones"]
    assert (first["actual_value"], order["required_value"]) == (eur("90.00"), eur("90.00"))
    asked = [answer.json()["as_of"].encode() for answer in (before, after)]
    assert after.content.replace(asked[1], b"") == before.content.replace(asked[0], b"")


async def test_a_value_without_a_rate_is_counted_and_told_of(client, process):
    await make_target(client)
    deal = await make_deal(client, value={"amount": "5", "currency": "JPY"})
    await tell(client, deal, "reach", milestone="interest")
    shown = await light(client)
    assert (shown["actual_value"], shown["actual_count"]) == (None, 1)
    assert (shown["unconverted_count"], shown["missing_value_count"]) == (1, 0)


async def test_what_was_known_then_and_what_was_true_then(client, process, clock):
    await make_target(client)
    then = clock.now
    clock.forward(days=2)
    await arrive(client, "interest", "100.00", at="2026-07-19T08:00:00Z")  # told of late
    await arrive(client, "interest", "7.00", at="2026-07-21T08:00:00Z")
    known = await lights(client, as_of=then.isoformat())
    true = await lights(client, effective_at=then.isoformat())
    now = await lights(client)
    seen = [found["milestones"][0]["actual_value"]["amount"] for found in (known, true, now)]
    assert seen == ["0.00", "100.00", "107.00"]
    assert [found["elapsed"] for found in (known, true, now)] == ["0.6129", "0.6129", "0.6774"]
    assert "due by 2026-07-20" in known["milestones"][0]["reason"]["text"]


async def test_a_target_set_later_was_not_there_before(client, process, clock):
    then = clock.now
    clock.forward(hours=1)
    await make_target(client)
    assert (await light(client, as_of=then.isoformat()))["reason"]["code"] == "no_target"


async def test_the_working_calendar_sets_the_pace(client, process):
    await patch(client, "/v1/workspace", working_days=[1, 2, 3, 4, 5])
    assert (await lights(client))["elapsed"] == "0.5652"  # 13 of 23 working days


async def test_lights_need_the_same_statements_however_much_there_is(client, process, statements):
    await make_target(client)
    statements.clear()
    await lights(client)
    alone = len(statements)
    for number in range(3):
        await arrive(client, "need", f"{number + 1}.00")
    statements.clear()
    await lights(client)
    assert len(statements) == alone == 9, statements


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"period": "soon"}, ("period", "period_unknown")),
        ({"scope": "team:x"}, ("scope", "scope_malformed")),
        ({"mode": "slow"}, ("mode", "not_one_of")),
        ({"as_of": "2026-08-01T00:00:00Z"}, ("as_of", "in_future")),
        ({"effective_at": "2026-08-01T00:00:00Z"}, ("effective_at", "in_future")),
        ({"colour": "red"}, ("colour", "unknown_parameter")),
    ],
)
async def test_a_question_that_means_nothing_is_refused(client, process, parameters, fault):
    assert await refused(client, "GET", "/v1/lights", params=HERE | parameters) == fault


@pytest.mark.parametrize("path", ["/v1/lights", "/v1/lights/people"])
async def test_lights_are_for_those_who_may_see_them(
    client, neighbour, stranger, limited, process, path
):
    assert (await stranger.get(path, params=HERE)).status_code == 401
    other = await limited(Scope.PROCESSES_READ)
    assert (await other.get(path, params=HERE)).status_code == 403
    theirs, nobodys = [
        await neighbour.get(path, params={"process": id}) for id in (process["id"], uuid7())
    ]
    assert theirs.status_code == nobodys.status_code == 404


async def test_without_a_period_the_current_month_is_meant(client, process):
    found = await ask(client, "/v1/lights", process=process["id"])
    assert found["period"] == "2026-07"
    assert MONTHLY["from"] < found["period"] < MONTHLY["to"]
