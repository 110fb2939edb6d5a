"""What the tools that others use say of the contract: its style, and what a change would break."""

import copy
import json

import pytest

from tests.contract.test_document import FILE
from tests.node import installed, needs_node, run

FOLDER = FILE.parent
RELEASED = FOLDER / "released.json"
# What a change of it would do, and the rule that must notice.
BREAKS = {
    "operation gone": lambda d: d["paths"]["/v1/accounts/{id}"].pop("delete"),
    "operation renamed": lambda d: d["paths"]["/v1/me"]["get"].update(operationId="get_me"),
    "answer gone": lambda d: d["paths"]["/v1/accounts"]["get"]["responses"].pop("200"),
    "member gone": lambda d: d["components"]["schemas"]["ProductOut"]["properties"].pop("name"),
    "member optional": lambda d: d["components"]["schemas"]["TeamOut"]["required"].remove("name"),
    "field required": lambda d: d["components"]["schemas"]["PersonIn"]["required"].append("email"),
    "text shorter": lambda d: _name(d, "AccountIn").update(maxLength=20),
    "value refused": lambda d: d["components"]["schemas"]["ExitKind"]["enum"].remove("lost"),
    "type changed": lambda d: _name(d, "OpportunityOut").update(type="integer"),
}


def _name(document, schema):
    return document["components"]["schemas"][schema]["properties"]["name"]


def redocly(*command: str) -> str:
    folder = installed(FOLDER)
    return run("node_modules/.bin/redocly", *command, "--config", "redocly.yaml", cwd=folder)


def changes(tmp_path, document) -> list[dict]:
    """Every change since the release that would break somebody."""
    place = tmp_path / "changed.json"
    place.write_text(json.dumps(document))
    told = redocly("diff", str(RELEASED), str(place), "--format", "json", "--fail-on", "none")
    found = json.loads(told[told.index("{") :])["changes"]
    return [each for each in found if each["impact"] == "major"]


@pytest.mark.long
@needs_node
@pytest.mark.timeout(240)
def test_the_document_is_clean():
    redocly("lint", FILE.name)


@needs_node
@pytest.mark.timeout(240)
def test_nothing_that_was_released_is_broken(tmp_path, contract):
    assert changes(tmp_path, contract) == [], "see openapi/CHANGES.md: what is compatible"


@needs_node
@pytest.mark.timeout(240)
def test_the_gate_sees_what_would_break_somebody(tmp_path):
    told = json.loads(RELEASED.read_text())
    broken = copy.deepcopy(told)
    for change in BREAKS.values():
        change(broken)
    assert len(changes(tmp_path, broken)) >= len(BREAKS)


def test_no_default_of_the_release_has_another_value(contract):
    """To leave something out means the same tomorrow: a rule no tool has."""
    now = dict(_defaults(contract))
    then = dict(_defaults(json.loads(RELEASED.read_text())))
    assert [place for place, value in then.items() if _moved(now, place, value)] == []


def test_a_default_that_changed_is_noticed():
    then = {"properties": {"limit": {"default": 50}}}
    now = {"properties": {"limit": {"default": 20}}}
    ((place, value),) = _defaults(then)
    assert _moved(dict(_defaults(now)), place, value)


def test_the_release_is_of_this_version_or_an_earlier_one(contract):
    released = json.loads(RELEASED.read_text())["info"]["version"]
    assert _number(released) <= _number(contract["info"]["version"])


def _number(version):
    return tuple(int(part) for part in version.split("."))


def _defaults(node, place="$"):
    if isinstance(node, dict):
        if "default" in node and not place.endswith("/properties"):
            yield place, node["default"]
        for key, part in node.items():
            if key not in ("example", "examples", "default"):
                yield from _defaults(part, f"{place}/{key}")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            name = part.get("name", number) if isinstance(part, dict) else number
            yield from _defaults(part, f"{place}/{name}")


def _moved(now, place, value):
    return place in now and now[place] != value
