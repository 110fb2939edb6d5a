"""What the documents tell readers to type works, and is answered as they say."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.tours import ROOT, Step, differences, documents, shown, steps

# What readers type is short; here a problem must not pass for an answer, and `uv run` is what runs
# the tests already.
SHELL = """
set -o pipefail
curl() { command curl --silent --show-error --fail-with-body --max-time 20 "$@"; }
uv() { shift; "$@"; }
"""
DOCUMENTS = documents()
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


@pytest.mark.timeout(240)
def test_every_command_in_the_documents_is_answered_as_shown(demo, tmp_path):
    """One test for all documents: the demo takes its time to come up."""
    faults = []
    for document in DOCUMENTS:
        tour = list(steps(document))
        for step, (code, answer) in zip(tour, _walked(tour, demo, tmp_path), strict=True):
            if (code != 0) is not step.fails:
                faults.append(f"{step.place} ended with {code}: {answer}")
            else:
                faults += [f"{step.place} {told}" for told in differences(step, answer)]
    assert not faults, "\n".join(faults)


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


def _walked(tour, demo, folder):
    """Exit code and output of every step, all in one shell: one uses what others have set."""
    kept = [f"{folder}/{n}" for n, _ in enumerate(tour)]
    script = SHELL + "".join(
        f"{{ {step.script}\n}} > {place}.out 2> {place}.err\necho $? > {place}.code\n"
        for place, step in zip(kept, tour, strict=True)
    )
    subprocess.run(["bash", "-c", script], cwd=ROOT, env=demo.environment, timeout=120, check=False)  # noqa: S603, S607 - our own documents
    for place in kept:
        said = [Path(f"{place}.{kind}").read_text() for kind in ("code", "out", "err")]
        yield int(said[0]), said[1] or said[2]
