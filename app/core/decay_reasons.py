"""Why an opportunity is fresh, slow, stale or dead, as a sentence in English and German."""

from collections.abc import Mapping
from math import ceil, floor

from app.engine.decay import Because, Verdict

_SENTENCES: Mapping[Because, Mapping[str, str]] = {
    Because.IN_TIME: {
        "en": "{days} since the customer last moved on: in time.",
        "de": "{days} seit der letzten Bewegung des Kunden: in der Zeit.",
    },
    Because.SLOWER_THAN_CONVERTERS: {
        "en": "{days} since the customer last moved on: three of four of those who moved on from"
        " here took {usual} at most.",
        "de": "{days} seit der letzten Bewegung des Kunden: Drei von vier, die von hier"
        " weiterkamen, brauchten höchstens {usual}.",
    },
    Because.CHANCE_FADED: {
        "en": "{days} since the customer last moved on: {left} of the chance on arrival is left.",
        "de": "{days} seit der letzten Bewegung des Kunden: Von der Chance bei Ankunft sind {left}"
        " übrig.",
    },
    Because.CHANCE_GONE: {
        "en": "{days} since the customer last moved on: {left} of the chance on arrival is left,"
        " a dead horse.",
        "de": "{days} seit der letzten Bewegung des Kunden: Von der Chance bei Ankunft sind {left}"
        " übrig, ein totes Pferd.",
    },
    Because.OVER_LIMIT: {
        "en": "{days} since the customer last moved on: more than the {limit} allowed here.",
        "de": "{days} seit der letzten Bewegung des Kunden: mehr als die Grenze hier ({limit}).",
    },
    Because.NO_EVIDENCE: {
        "en": "{days} since the customer last moved on: there is neither a limit here nor enough"
        " history to judge that.",
        "de": "{days} seit der letzten Bewegung des Kunden: Es gibt hier weder eine Grenze noch"
        " genug Geschichte für ein Urteil.",
    },
}
_PERCENT = 0.01
_LITTLE = {"en": "less than 1 %", "de": "weniger als 1 %"}
_DAYS = {"en": ("day", "days"), "de": ("Tag", "Tage")}


def decay_text(verdict: Verdict, language: str) -> str:
    """The sentence behind a state. Whole days count, unless what is over a limit would then not
    read so; 0 % is left only where nothing is."""
    usual, limit = floor(verdict.slow_after or 0), floor(verdict.stale_after or 0)
    over = {Because.SLOWER_THAN_CONVERTERS: usual, Because.OVER_LIMIT: limit}
    days = floor(verdict.dwell_days)
    if days <= over.get(verdict.because, -1):
        days = ceil(verdict.dwell_days)
    return _SENTENCES[verdict.because][language].format(
        days=_days(days, language),
        usual=_days(usual, language),
        limit=_days(limit, language),
        left=_part(verdict.left or 0, language),
    )


def _part(share: float, language: str) -> str:
    return _LITTLE[language] if 0 < share < _PERCENT else f"{ceil(share * 100)} %"


def _days(count: int, language: str) -> str:
    one, many = _DAYS[language]
    return f"{count} {one if count == 1 else many}"
