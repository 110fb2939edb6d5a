"""What to do next, in sentences with the real numbers, in English and German."""

from collections.abc import Mapping
from fractions import Fraction

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


def suggestion_text(milestone: str, needed: Fraction | None, telling: Telling) -> str:
    """Where a late start can still begin, and with how much."""
    if not needed:
        return _NOTHING_NEEDED[telling.language]
    needed_there = telling.deals(needed, up=True)
    return _SUGGESTION[telling.language].format(milestone=milestone, needed=needed_there)
