"""What to do next, in sentences with the real numbers, in English and German."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from app.core.reasons import Telling

Sentences = Mapping[str, str]

_SUGGESTION: Sentences = {
    "en": "The first milestone that is still in time is {milestone}: {needed} must stand there"
    " now.",
    "de": "Noch rechtzeitig ist als erster der Meilenstein {milestone}: Dort müssen jetzt {needed} "
    "stehen.",
}
_NOTHING_NEEDED: Sentences = {
    "en": "Nothing more is needed for this period.",
    "de": "Für diesen Zeitraum wird nichts mehr gebraucht.",
}

_GAP: Sentences = {
    "en": "{milestone} needs {needed} more; {candidates} at {before}.",
    "de": "{milestone} braucht noch {needed}; {candidates} bei {before}.",
}
_GAP_FEED: Sentences = {
    "en": "{milestone} needs {needed} more, and nothing stands before it: find new opportunities.",
    "de": "{milestone} braucht noch {needed}, und davor steht nichts: neue Geschäftsmöglichkeiten"
    " finden.",
}
_ARRIVALS = {"en": ("{} arrival", "{} arrivals"), "de": ("{} Ankunft", "{} Ankünfte")}
_CANDIDATES = {
    "en": ("{} candidate stands", "{} candidates stand"),
    "de": ("{} Kandidat steht", "{} Kandidaten stehen"),
}


def suggestion_text(milestone: str, needed: Fraction | None, telling: Telling) -> str:
    """Where a late start can still begin, and with how much."""
    if not needed:
        return _NOTHING_NEEDED[telling.language]
    needed_there = telling.deals(needed, up=True)
    return _SUGGESTION[telling.language].format(milestone=milestone, needed=needed_there)


def gap_text(
    milestone: str,
    before: str | None,
    lack: tuple[Fraction | None, Fraction | None],
    candidates: int,
    language: str,
    currency: str,
) -> str:
    """What a milestone still needs, by value and by number, and how many stand before it."""
    value, count = lack
    amount = None if value is None else Telling(language, currency).amount(value, up=True)
    number = None if count is None else _arrivals(ceil(count), language)
    needed = " ≈ ".join(part for part in (number, amount) if part is not None)
    sentences = _GAP_FEED if before is None else _GAP
    there = _CANDIDATES[language][candidates != 1].format(candidates)
    return sentences[language].format(
        milestone=milestone, needed=needed, candidates=there, before=before
    )


def _arrivals(count: int, language: str) -> str:
    return _ARRIVALS[language][count != 1].format(count)
