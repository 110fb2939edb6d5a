"""What `type` of a problem leads to: its meaning and what to do, for people and for programs."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from app.api.remedies import REMEDIES
from app.core.errors import NotFound, Problem, catalogue
from app.core.texts import language_of
from app.schemas.problems import ProblemKindOut

router = APIRouter(tags=["operations"])

KINDS = {kind.code: kind for kind in catalogue()}
VARY = {"Vary": "Accept, Accept-Language"}
PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p><code>{code}</code> (HTTP {status})</p>
<p>{meaning}</p>
<p>{remedy}</p>
</body>
</html>
"""


@router.get(
    "/problems/{code}",
    response_model=ProblemKindOut,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
def read_problem(code: str, request: Request) -> Response:
    """What a kind of problem means and what to do about it. A page for browsers, else JSON."""
    if code not in KINDS:
        raise NotFound("There is no such problem.")
    language = language_of(request.headers.get("accept-language"), "en")
    kind = explained(KINDS[code], language)
    headers = VARY | {"Content-Language": language}
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(kind.model_dump(), headers=headers)
    shown = {name: escape(str(value)) for name, value in kind.model_dump().items()}
    policy = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(PAGE.format(language=language, **shown), headers=headers | policy)


def explained(kind: type[Problem], language: str) -> ProblemKindOut:
    meaning, remedy = REMEDIES[kind.code][language]
    return ProblemKindOut(
        type=f"/problems/{kind.code}",
        code=kind.code,
        status=kind.status,
        title=kind.titel if language == "de" else kind.title,
        meaning=meaning,
        remedy=remedy,
    )
