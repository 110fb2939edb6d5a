"""Two forms of a log: objects for programs, words for people; never a body, never a key."""

import io
import json
import logging
import logging.config

import pytest

from app.cli.logs import Objects, Words, plan
from app.core.lines import Lines, say

LINE = {
    "request_id": "0198a5a0-0000-7000-8000-000000000000",
    "method": "GET",
    "route": "/v1/lights",
    "status": 200,
    "ms": 12.3,
    "workspace": None,
    "key": "0198a5a0-1111-7000-8000-000000000000",
}


def record(message, error=None):
    known = (type(error), error, None) if error else None
    return logging.LogRecord("backcast.errors", logging.ERROR, "", 0, message, (), known)


@pytest.mark.parametrize("form", ["json", "text"])
def test_either_form_is_one_that_logging_takes(form):
    logging.config.DictConfigurator(plan("INFO", form))


def test_what_went_wrong_is_one_object_on_one_line():
    said = Objects().format(record("request 7", ValueError("two\nlines")))
    assert "\n" not in said
    told = json.loads(said)
    assert (told["level"], told["logger"], told["message"]) == (
        "error",
        "backcast.errors",
        "request 7",
    )
    assert "ValueError: two\nlines" in told["traceback"]


def test_a_request_is_a_sentence_for_people():
    assert Words().format(record(json.dumps(LINE))) == (
        "GET /v1/lights 200 12.3 ms request_id=0198a5a0-0000-7000-8000-000000000000"
        " key=0198a5a0-1111-7000-8000-000000000000"
    )


@pytest.fixture
def heard():
    """A log of its own, and what was written of it."""
    log, written = logging.getLogger("backcast.heard"), io.StringIO()
    log.propagate, log.handlers = False, [Lines(written)]
    log.setLevel("INFO")
    return log, written


def test_a_line_is_written_as_its_record_would_be(heard):
    log, written = heard
    log.info("100 % of {it}")
    say(log, "100 % of {it}")
    assert written.getvalue() == "100 % of {it}\n" * 2


def test_whoever_else_listens_hears_of_every_line(heard):
    log, written = heard
    also = io.StringIO()
    log.addHandler(logging.StreamHandler(also))
    say(log, "a line")
    assert written.getvalue() == also.getvalue() == "a line\n"


def test_a_line_that_cannot_be_written_stops_nobody(heard, capsys):
    log, written = heard
    written.close()
    say(log, "a line")
    assert "Logging error" in capsys.readouterr().err
