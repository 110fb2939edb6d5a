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
        "en": "{days} since the customer last moved on: {left} % of the chance on arrival is left.",
        "de": "{days} seit der letzten Bewegung des Kunden: Von der Chance bei Ankunft sind {left}"
        " % übrig.",
    },
    Because.CHANCE_GONE: {
        "en": "{days} since the customer last moved on: only {left} % of the chance on arrival is"
        " left, a dead horse.",
        "de": "{days} seit der letzten Bewegung des Kunden: Von der Chance bei Ankunft sind nur"
        " {left} % übrig, ein totes Pferd.",
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
_DAYS = {"en": ("day", "days"), "de": ("Tag", "Tage")}


def decay_text(verdict: Verdict, language: str) -> str:
    """The sentence behind a state. Days begun count and limits are cut off, so that what is over a
    limit also reads so; 0 % is left only where nothing is."""
    return _SENTENCES[verdict.because][language].format(
        days=_days(ceil(verdict.dwell_days), language),
        usual=_days(floor(verdict.slow_after or 0), language),
        limit=_days(floor(verdict.stale_after or 0), language),
        left=ceil((verdict.left or 0) * 100),
    )


def _days(count: int, language: str) -> str:
    one, many = _DAYS[language]
    return f"{count} {one if count == 1 else many}"
