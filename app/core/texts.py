"""Sentences for people, in English and German. Codes never change; sentences may."""

LANGUAGES = ("en", "de")


def language_of(accept: str | None, default: str) -> str:
    """The language of the answer, from `Accept-Language` (RFC 9110), else the workspace's.

    >>> language_of("fr, de-AT;q=0.8, en;q=0.7", "en")
    'de'
    """
    wishes = (_wish(part) for part in (accept or "").split(","))
    known = [(quality, tag) for quality, tag in wishes if tag in LANGUAGES and quality > 0]
    return max(known, key=lambda wish: wish[0])[1] if known else default


def _wish(part: str) -> tuple[float, str]:
    tag, _, quality = part.strip().partition(";q=")
    try:
        return float(quality or 1), tag.split("-")[0].lower()
    except ValueError:
        return 0.0, ""
