"""What to do next, in sentences with the real numbers, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
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
_TOO_LATE: Sentences = {
    "en": "It is too late for every milestone before {milestone}: most of what arrives there now"
    " would order only after the period. Still missing: {needed}.",
    "de": "Für jeden Meilenstein vor {milestone} ist es zu spät: Was dort jetzt eintrifft, wird"
    " meist erst nach dem Zeitraum bestellt. Noch fehlen: {needed}.",
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
_BEHIND: Sentences = {
    "en": "{milestone} is {needed} behind; {candidates} at {before}.",
    "de": "{milestone} liegt um {needed} zurück; {candidates} bei {before}.",
}
_BEHIND_FEED: Sentences = {
    "en": "{milestone} is {needed} behind, and nothing stands before it: find new opportunities.",
    "de": "{milestone} liegt um {needed} zurück, und davor steht nichts: neue"
    " Geschäftsmöglichkeiten finden.",
}
_ARRIVALS = {"en": ("{} arrival", "{} arrivals"), "de": ("{} Ankunft", "{} Ankünfte")}
_CANDIDATES = {
    "en": ("{} candidate stands", "{} candidates stand"),
    "de": ("{} Kandidat steht", "{} Kandidaten stehen"),
}


def suggestion_text(
    milestone: str, needed: Fraction | None, telling: Telling, *, is_order: bool = False
) -> str:
    """Where a late start can still begin, and with how much; at the order nothing can."""
    if not needed:
        return _NOTHING_NEEDED[telling.language]
    needed_there = telling.deals(needed, up=True)
    sentences = _TOO_LATE if is_order else _SUGGESTION
    return sentences[telling.language].format(milestone=milestone, needed=needed_there)


@dataclass(frozen=True, slots=True)
class Lack:
    """What a milestone lacks, by value and by number, and how many `candidates` stand at the one
    `before`; the first has none before it."""

    milestone: str
    before: str | None
    value: Fraction | None
    count: Fraction | None
    candidates: int


def gap_text(lack: Lack, language: str, currency: str) -> str:
    """What is still needed in the whole period."""
    return _told(lack, _GAP_FEED if lack.before is None else _GAP, language, currency)


def behind_text(lack: Lack, language: str, currency: str) -> str:
    """What should have arrived by now and has not."""
    return _told(lack, _BEHIND_FEED if lack.before is None else _BEHIND, language, currency)


def _told(lack: Lack, sentences: Sentences, language: str, currency: str) -> str:
    value, count = lack.value, lack.count
    amount = Telling(language, currency).amount(value, up=True) if value else None
    number = _arrivals(ceil(count), language) if count else None
    return sentences[language].format(
        milestone=lack.milestone,
        needed=" ≈ ".join(part for part in (number, amount) if part is not None),
        candidates=_CANDIDATES[language][lack.candidates != 1].format(lack.candidates),
        before=lack.before,
    )


def _arrivals(count: int, language: str) -> str:
    return _ARRIVALS[language][count != 1].format(count)
