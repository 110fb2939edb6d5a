"""Documents hold together: links, pictures, and the way their answers are compared."""

import re

import pytest

from tests.docs.tours import ROOT, Step, differences, shown, steps

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


def test_the_readme_is_a_tour():
    tour = list(steps(ROOT / "README.md"))
    assert len(tour) > 5
    assert all(step.shown for step in tour if "\ncurl" in f"\n{step.script}")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_pictures_fetch_nothing(picture):
    drawn = picture.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "<svg" in drawn
    assert not re.search(r"https?:|url\((?!#)|<script|xlink|href", drawn)


@pytest.mark.parametrize(
    "document",
    sorted(
        page
        for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
        if "node_modules" not in page.parts
    ),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\((?!https?:)([^)#\s]*)", document.read_text()):
        assert (document.parent / link).exists(), link


def test_an_ellipsis_stands_for_a_member_an_element_or_a_value():
    assert shown('{"a": …, "b": [1, …], …}') == {"a": "…", "b": [1, "…"], "…": "…"}


@pytest.mark.parametrize(
    ("mark", "told", "answered"),
    [
        ("exact", '{"a": 1, …}', '{"a": 2}'),
        ("exact", '{"a": 1}', '{"a": 1, "b": 2}'),
        ("exact", '{"a": "x … z"}', '{"a": "x y"}'),
        ("exact", '[…, {"a": 1, …}, …]', '[{"a": 2}, {"b": 1}]'),
        ("exact", "[…, 3]", "[3, 2]"),
        ("today", '{"a": 1}', '{"a": "1"}'),
        ("today", "[1]", "[]"),
        (None, '{"a": 1}', '{"a": null}'),
        (None, '{"a": true}', '{"a": 1}'),
        (None, '{"a": 1}', "{}"),
    ],
)
def test_an_answer_that_is_not_what_is_shown_is_found_out(mark, told, answered):
    assert differences(Step("here", "", "json", mark, told), answered)
