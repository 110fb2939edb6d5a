"""The contract to read: the document itself, and a page that shows it without any other host."""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from app.core.errors import NotFound

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent / "static"
# Swagger UI draws its icons from data: addresses; the page itself has no inline script or style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {".js": "text/javascript", ".css": "text/css"}
FOREVER = "public, max-age=31536000, immutable"
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backcast API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{swagger-ui.css}">
</head>
<body>
<div id="contract"></div>
<noscript>Without JavaScript: <a href="openapi.json">openapi.json</a></noscript>
<script src="{swagger-ui-bundle.js}"></script>
<script src="{start.js}"></script>
</body>
</html>
"""

# As it was committed with the code it describes (`tests/contract/test_document.py` holds the two
# together): in the wheel beside the package, in a checkout in its own folder. To put it together
# anew would take a server seconds, and memory that it never gives back.
SHIPPED = (
    Path(__file__).parents[1] / "openapi.json",
    Path(__file__).parents[2] / "openapi" / "openapi.json",
)


# Not async: reading the document takes a moment, in which others shall be served.
@router.get("/openapi.json")
def read_openapi(request: Request) -> Response:
    """This document."""
    body = _contract(request.app)
    headers = {"ETag": f'"{_digest(body)}"', "Cache-Control": "no-cache"}
    if headers["ETag"] in _tags(request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/docs")
def read_docs() -> HTMLResponse:
    """The contract for reading and trying out."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return HTMLResponse(_page(), headers=headers)


@router.get("/docs/{name}")
def read_asset(name: str) -> Response:
    """A part of the page; its address changes with its content."""
    if name not in assets():
        raise NotFound("The page has no such part.")
    kind = KINDS[Path(name).suffix]
    return Response(
        (STATIC / name).read_bytes(), media_type=kind, headers={"Cache-Control": FOREVER}
    )


@cache
def assets() -> dict[str, str]:
    """The parts of the page, and a digest of each."""
    parts = sorted(path for path in STATIC.iterdir() if path.suffix in KINDS)
    return {path.name: _digest(path.read_bytes()) for path in parts}


@cache
def _page() -> str:
    # Relative, so that the page works below any prefix a proxy puts before it.
    return re.sub(r"\{(\S+)\}", lambda found: f"docs/{found[1]}?v={assets()[found[1]]}", PAGE)


def _contract(app: FastAPI) -> bytes:
    shipped = next((path for path in SHIPPED if path.exists()), None)
    if shipped is not None:
        return shipped.read_bytes()
    return json.dumps(app.openapi(), ensure_ascii=False).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _tags(headers: Iterable[str]) -> set[str]:
    """The ETags of If-None-Match; a weak one matches as well (RFC 9110, 13.1.2)."""
    return {tag.strip().removeprefix("W/") for header in headers for tag in header.split(",")}
