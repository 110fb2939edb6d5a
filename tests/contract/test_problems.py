"""Every problem explains itself, in the service and in the documentation."""

import pytest

from app.api.remedies import REMEDIES
from app.core.errors import catalogue
from tests.contract import errors_page

CODES = sorted({kind.code for kind in catalogue()})


def test_every_problem_is_explained_and_nothing_else():
    assert sorted(REMEDIES) == CODES, "app/api/remedies.py says what each problem means"


def test_every_explanation_is_there_in_both_languages():
    for code, languages in REMEDIES.items():
        assert set(languages) == {"en", "de"}
        for meaning, remedy in languages.values():
            assert meaning.endswith("."), code
            assert remedy.endswith("."), code


def test_no_two_problems_share_a_code():
    kinds = list(catalogue())
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_the_page_of_errors_is_what_the_code_says():
    again = "run `uv run python -m tests.contract.errors_page` and commit docs/errors.md"
    same = errors_page.FILE.read_text() == errors_page.page()
    assert same, again


@pytest.mark.parametrize("code", CODES)
async def test_the_type_of_a_problem_leads_somewhere(stranger, code):
    answer = await stranger.get(f"/problems/{code}")
    assert answer.status_code == 200
    assert answer.json()["type"] == f"/problems/{code}"


async def test_a_problem_explains_itself_in_german(stranger):
    answer = await stranger.get("/problems/locked", headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert answer.headers["Content-Language"] == "de"
    assert answer.json()["title"] == "Es wird gerade geändert"


async def test_a_browser_gets_a_page(stranger):
    answer = await stranger.get("/problems/locked", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>Somebody else is changing it</h1>" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_an_unknown_problem_is_a_problem(stranger):
    answer = await stranger.get("/problems/<script>", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v1/deals", "/opportunities"])
async def test_an_address_with_nothing_at_it_says_where_to_look(stranger, path):
    answer = await stranger.get(path)
    assert answer.status_code == 404
    assert "described at /docs" in answer.json()["detail"]
