from datetime import date

import pytest

from app.domain.access import Scope
from app.domain.calendars import calendar

WORKDAYS = [1, 2, 3, 4, 5]


async def read(client):
    answer = await client.get("/v1/workspace")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changed(client, **patch):
    version = (await read(client))["version"]
    tag = {"If-Match": f'"{version}"'}
    return await client.patch("/v1/workspace", json=patch, headers=tag)


async def days(client, first, last, **headers):
    asked = {"from": first, "to": last}
    answer = await client.get("/v1/workspace/calendar", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def faults(answer):
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_a_workspace_says_how_it_counts(client, workspace):
    answer = await client.get("/v1/workspace")
    room = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert room["id"] == str(workspace[0])
    assert (room["time_zone"], room["currency"], room["language"]) == ("Europe/Berlin", "EUR", "en")
    assert (room["working_days"], room["days_off"], room["hold_limit_days"]) == (None, [], 180)


async def test_a_change_is_kept_and_leaves_the_rest(client):
    answer = await changed(
        client,
        language="de",
        fiscal_start=4,
        working_days=[5, 1],
        days_off=["2026-12-24", "2026-07-01", "2026-12-24"],
    )
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    room = await read(client)
    assert room == answer.json()
    assert room["working_days"] == [1, 5]
    assert room["days_off"] == ["2026-07-01", "2026-12-24"]
    assert (room["name"], room["time_zone"]) == ("Home", "Europe/Berlin")


async def test_what_was_changed_holds_for_the_next_request(client):
    await changed(client, time_zone="Asia/Tokyo", currency="JPY", language="de")
    me = (await client.get("/v1/me")).json()["workspace"]
    assert (me["time_zone"], me["currency"], me["language"]) == ("Asia/Tokyo", "JPY", "de")


async def test_a_change_needs_the_version_it_was_made_from(client):
    assert (await client.patch("/v1/workspace", json={"name": "B"})).status_code == 428
    assert (await changed(client, name="B")).status_code == 200
    tag = {"If-Match": '"1"'}
    late = await client.patch("/v1/workspace", json={"name": "C"}, headers=tag)
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')


@pytest.mark.parametrize(
    ("patch", "pointer", "code"),
    [
        ({"time_zone": "Europe/Atlantis"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": "localtime"}, "/time_zone", "unknown_time_zone"),
        ({"currency": "EURO"}, "/currency", "unknown_currency"),
        ({"language": "fr"}, "/language", "not_one_of"),
        ({"fiscal_start": 13}, "/fiscal_start", "too_large"),
        ({"working_days": [0]}, "/working_days/0", "too_small"),
        ({"working_days": []}, "/working_days", "too_few"),
        ({"working_days": [1, 1]}, "/working_days", "not_unique"),
        ({"holiday_country": "de"}, "/holiday_country", "pattern"),
        ({"holiday_country": "XX"}, "/holiday_country", "unknown_country"),
        ({"holiday_region": "BY"}, "/holiday_region", "country_missing"),
        (
            {"holiday_country": "DE", "holiday_region": "TX"},
            "/holiday_region",
            "unknown_region",
        ),
        ({"hold_limit_days": -1}, "/hold_limit_days", "too_small"),
        ({"version": 7}, "/version", "unknown_field"),
    ],
)
async def test_a_bad_setting_is_pointed_at(client, patch, pointer, code):
    assert faults(await changed(client, **patch)) == [(pointer, code)]


@pytest.mark.parametrize(
    "field", ["name", "time_zone", "currency", "language", "fiscal_start", "days_off"]
)
async def test_null_for_what_every_workspace_has_is_refused(client, field):
    [(pointer, _)] = faults(await changed(client, **{field: None}))
    assert pointer == f"/{field}"


async def test_a_region_does_not_move_to_another_country(client):
    await changed(client, holiday_country="DE", holiday_region="BY")
    assert faults(await changed(client, holiday_country="FR")) == [
        ("/holiday_region", "unknown_region")
    ]
    assert faults(await changed(client, holiday_country=None)) == [
        ("/holiday_region", "country_missing")
    ]
    answer = await changed(client, holiday_country=None, holiday_region=None)
    assert answer.json()["holiday_country"] is None


async def test_the_currency_stays_once_rates_were_recorded_in_it(client):
    rate = {"currency": "USD", "day": "2026-01-01", "rate": "0.92"}
    await client.post("/v1/currency_rates", json=rate)
    answer = await changed(client, currency="USD")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "EUR" in answer.json()["detail"]
    assert (await changed(client, currency="EUR", name="B")).status_code == 200


async def test_without_working_days_every_day_counts(client, work):
    await changed(client, holiday_country="DE")
    seen = await days(client, "2026-05-01", "2026-05-31")
    assert (seen["working_days"], seen["days_off"]) == (31, [])
    assert await calendar(work, date(2026, 5, 1), date(2026, 6, 1)) is None


async def test_holidays_of_the_region_and_own_days_off_do_not_count(client):
    await changed(
        client,
        working_days=WORKDAYS,
        holiday_country="DE",
        holiday_region="BY",
        days_off=["2026-01-02", "2026-01-03"],
    )
    seen = await days(client, "2026-01-01", "2026-01-31")
    assert (seen["from"], seen["to"]) == ("2026-01-01", "2026-01-31")
    assert seen["days_off"] == [
        {"date": "2026-01-01", "name": "New Year's Day"},
        {"date": "2026-01-02", "name": "Day off"},
        {"date": "2026-01-06", "name": "Epiphany"},
    ]
    assert seen["working_days"] == 22 - 3


async def test_holidays_are_named_in_the_language_of_the_reader(client):
    await changed(client, working_days=WORKDAYS, holiday_country="DE", days_off=["2026-05-04"])
    seen = await days(client, "2026-05-01", "2026-05-04", **{"Accept-Language": "de"})
    assert [day["name"] for day in seen["days_off"]] == ["Erster Mai", "Betriebsfrei"]


async def test_a_calendar_reaches_over_the_turn_of_the_year(client, work):
    await changed(client, working_days=WORKDAYS, holiday_country="DE")
    found = await calendar(work, date(2026, 12, 25), date(2027, 1, 1))
    assert found is not None
    assert found.weekdays == frozenset(range(5))
    assert found.holidays == {date(2026, 12, 25), date(2026, 12, 26)}
    assert found.working_days(date(2026, 12, 25), date(2027, 1, 1)) == 4


async def test_an_empty_stretch_has_no_holidays(client, work):
    await changed(client, working_days=WORKDAYS, holiday_country="DE")
    found = await calendar(work, date(2026, 1, 1), date(2026, 1, 1))
    assert found is not None
    assert found.holidays == frozenset()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2000-01-01", "to": "2026-01-01"},
        {"from": "1066-10-14", "to": "1066-10-15"},
        {"from": "2026-01-01", "to": "2026-01-02", "until": "2026-01-03"},
        {"start": "2026-01-01", "end": "2026-01-02"},
    ],
)
async def test_a_stretch_that_is_none_is_refused(client, asked):
    assert (await client.get("/v1/workspace/calendar", params=asked)).status_code == 422


async def test_every_key_reads_the_workspace_and_admins_change_it(limited, stranger):
    clerk, admin = await limited(Scope.FORECAST_READ), await limited(Scope.ADMIN)
    assert (await changed(clerk, name="B")).status_code == 403
    assert (await changed(admin, name="B")).status_code == 200
    assert (await clerk.get("/v1/workspace/calendar")).status_code == 422
    assert (await admin.get("/v1/workspace/calendar")).status_code == 403
    assert (await stranger.get("/v1/workspace")).status_code == 401


async def test_a_change_stays_in_its_workspace(client, neighbour):
    await changed(client, name="Elsewhere")
    assert (await read(neighbour))["name"] == "Home"
