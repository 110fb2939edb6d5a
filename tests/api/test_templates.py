import pytest

from app.domain.access import Scope
from app.domain.lint import lint
from app.domain.templates import definitions, templates

KEYS = ("milestone-selling-5", "funnel-5")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("key", KEYS)
async def test_a_process_starts_from_a_template_without_a_warning(client, key, language):
    body = {"key": "mine", "name": "Mine", "template": key, "language": language}
    answer = await client.post("/v1/processes", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["warnings"] == []
    assert [one["target_rate"] for one in answer.json()["milestones"]] == ["0.5"] * 4 + [None]


@pytest.mark.parametrize("key", KEYS)
async def test_both_languages_say_the_same_with_other_words(client, key):
    english, german = (
        {one.key: one for one in definitions(key, language)} for language in ("en", "de")
    )
    assert english.keys() == german.keys()
    for name, one in english.items():
        other = german[name]
        assert one.customer_act != other.customer_act
        assert [part.key for part in one.exit_reasons] == [part.key for part in other.exit_reasons]
        assert len(one.playbook.questions) == len(other.playbook.questions)


async def test_the_five_steps_and_the_five_phases(client):
    answer = await client.get("/v1/process-templates", params={"language": "en"})
    found = {one["key"]: one["milestones"] for one in answer.json()["data"]}
    assert set(found) == set(KEYS)
    steps = [one["key"] for one in found["milestone-selling-5"]]
    assert steps == ["interest", "invited", "need", "concept", "order"]
    phases = [one["phase"] for one in found["funnel-5"]]
    assert phases == ["acquisition", "contact", "offer", "negotiation", "close"]


async def test_a_template_can_be_changed_and_sent_back(client):
    found = (await client.get("/v1/process-templates")).json()["data"][0]
    found["milestones"][0]["target_rate"] = "0.4"
    body = {"key": "mine", "name": "Mine", "milestones": found["milestones"]}
    answer = await client.post("/v1/processes", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["milestones"][0]["target_rate"] == "0.4"


async def test_the_language_is_asked_for_or_that_of_the_request(client):
    german = {"Accept-Language": "de"}
    path = "/v1/process-templates"
    asked = await client.get(path, params={"language": "en"}, headers=german)
    heard = await client.get(path, headers=german)
    assert {one["language"] for one in asked.json()["data"]} == {"en"}
    assert {one["language"] for one in heard.json()["data"]} == {"de"}


async def test_a_template_gives_way_to_what_is_stated(client):
    body = {"key": "mine", "name": "Mine", "template": "funnel-5", "currency": "JPY"}
    answer = await client.post("/v1/processes", json=body | {"market": "Japan"})
    assert (answer.json()["currency"], answer.json()["market"]) == ("JPY", "Japan")


async def test_an_unknown_template_is_refused_with_its_place(client):
    body = {"key": "mine", "name": "Mine", "template": "funnel-6"}
    answer = await client.post("/v1/processes", json=body)
    [found] = answer.json()["errors"]
    assert (found["pointer"], found["code"]) == ("/template", "unknown_template")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_section_has_reasons_of_several_kinds_and_questions(language):
    for one in templates(language):
        assert not lint(definitions(one.key, language))
        for section in one.milestones[:-1]:
            assert len({reason.kind for reason in section.exit_reasons}) >= 3
            assert section.playbook.questions


async def test_templates_need_a_key_with_the_scope(stranger, limited):
    other = await limited(Scope.ACCOUNTS_READ)
    assert (await stranger.get("/v1/process-templates")).status_code == 401
    assert (await other.get("/v1/process-templates")).status_code == 403


@pytest.mark.parametrize(
    ("act", "ours"),
    [
        ("Proposal sent", True),
        ("We presented the concept", True),
        ("Angebot gesendet", True),
        ("Wir haben das Angebot verschickt", True),
        ("The customer has sent the order", False),
        ("Der Einkauf hat die Bestellung geschickt", False),
        ("A decision-maker invites us", False),
        ("Western region's buyer says yes", False),
    ],
)
def test_an_act_of_ours_is_told_from_one_of_the_customer(act, ours):
    [first, *_] = definitions("funnel-5", "en")
    found = lint([first.model_copy(update={"customer_act": act}), first])
    assert any(one["code"] == "act_is_ours" for one in found[:1]) is ours
