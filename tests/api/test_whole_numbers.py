"""A whole number in a body is one: not true, not a text of digits, not a fraction."""

import pytest

MONEY = {"amount": "100.00", "currency": "EUR"}
ID = "00000000-0000-0000-0000-000000000007"
TARGET = {"process_id": ID, "from": "2026-01"}
PLAN = {"target": MONEY, "rates": ["0.5"]}


@pytest.mark.parametrize("said", [True, False, "1", 1.5])
@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/targets", lambda n: TARGET | {"count": n}, "/count"),
        ("/v1/cascade", lambda n: {"target": {"count": n}, "rates": ["0.5"]}, "/target/count"),
        (
            "/v1/cascade/simulate",
            lambda n: PLAN | {"changes": [{"section": n, "rate": "0.6"}]},
            "/changes/0/section",
        ),
        ("/v1/forecast/backtest", lambda n: {"process_id": ID, "step_days": n}, "/step_days"),
        ("/v1/opportunities/search", lambda n: {"limit": n}, "/limit"),
    ],
    ids=["target", "cascade", "simulation", "backtest", "search"],
)
async def test_only_a_whole_number_is_one(client, path, body, pointer, said):
    answer = await client.post(path, json=body(said))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert answer.json()["errors"][0]["code"] in ("not_a_number", "too_small")


async def test_days_of_a_section_are_a_whole_number(client):
    milestones = [
        {"key": key, "name": key, "customer_act": "The customer says so.", "typical_days": True}
        for key in ("a", "b")
    ]
    answer = await client.post(
        "/v1/processes", json={"key": "x", "name": "X", "milestones": milestones}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/milestones/0/typical_days"
