"""Writes docs/errors.md from the code: `uv run python -m tests.contract.errors_page`."""

from pathlib import Path

from app.api.faults import SAID
from app.api.problems import explained
from app.core.errors import catalogue

FILE = Path(__file__).parents[2] / "docs" / "errors.md"
HEAD = """\
# Errors
Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, `detail`,
`instance`, `request_id`, and `errors` where more can be said. Decide by `code`: codes never change,
new ones may come. Sentences may change; they follow `Accept-Language` (`en`, `de`).
`GET /problems/<code>` says the same as this page.

`errors` is a list of `{"pointer": "/value/currency", "code": …, "detail": …}` for the body (JSON
Pointer, RFC 6901) or `{"parameter": "limit", "code": …, "detail": …}`. What was sent is never
repeated: it may be a secret in the wrong field.

Worth sending again as it is: 503, `locked` and `idempotency-in-flight`, after `Retry-After`; a
write with the same `Idempotency-Key`, so that it cannot happen twice. Everything else needs another
request. What is not HTTP at all is answered by the server with a plain 400.

This page is written by `uv run python -m tests.contract.errors_page`.

| status | code | title | what it means | what to do |
| --- | --- | --- | --- | --- |
"""
FAULTS = """
## Codes of single faults
In `errors[].code`. Rules of the domain have codes of their own beside these.

| code | what it says |
| --- | --- |
"""


def page() -> str:
    kinds = sorted(catalogue(), key=lambda kind: (kind.status, kind.code))
    faults = sorted(dict(SAID.values()).items())
    return HEAD + "".join(map(_kind, kinds)) + FAULTS + "".join(map(_fault, faults))


def _kind(kind):
    told = explained(kind, "en")
    titles = f"{kind.title} · {kind.titel}"
    return f"| {kind.status} | `{kind.code}` | {titles} | {told.meaning} | {told.remedy} |\n"


def _fault(fault):
    code, sentence = fault
    return f"| `{code}` | {sentence} |\n"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
