"""Why a light shows what it shows, as a sentence with the real numbers, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from app.engine.lights import Focus, Reason, Verdict
from app.engine.money import ceil_to_minor, round_to_minor

Sentences = Mapping[str, str]

# {have} arrived, {all} is required in the whole period, {due} by {day}.
_SENTENCES: Mapping[Reason, Sentences] = {
    Reason.NOTHING_REQUIRED: {
        "en": "Nothing is required here.",
        "de": "Hier ist nichts gefordert.",
    },
    Reason.REACHED: {
        "en": "Arrived {have} of {all} required ({done} %): reached.",
        "de": "Eingetroffen {have} von geforderten {all} ({done} %): erreicht.",
    },
    Reason.ON_PACE: {
        "en": "Arrived {have} of {due} due by {day} ({pace} %): on pace.",
        "de": "Eingetroffen {have} von {due}, die bis {day} fällig sind ({pace} %): im Plan.",
    },
    Reason.NOT_YET_REACHED: {
        "en": "Arrived {have} of {all} required ({done} %): on pace, not yet reached.",
        "de": "Eingetroffen {have} von geforderten {all} ({done} %): im Plan, noch nicht erreicht.",
    },
    Reason.BEHIND_PACE: {
        "en": "Arrived {have} of {due} due by {day} ({pace} %): behind pace.",
        "de": "Eingetroffen {have} von {due}, die bis {day} fällig sind ({pace} %): im Rückstand.",
    },
    Reason.FAR_BEHIND_PACE: {
        "en": "Arrived {have} of {due} due by {day} ({pace} %): far behind pace.",
        "de": "Eingetroffen {have} von {due}, die bis {day} fällig sind ({pace} %): "
        "weit im Rückstand.",
    },
    Reason.MISSED_NARROWLY: {
        "en": "Arrived {have} of {all} required ({done} %): narrowly missed.",
        "de": "Eingetroffen {have} von geforderten {all} ({done} %): knapp verfehlt.",
    },
    Reason.MISSED: {
        "en": "Arrived {have} of {all} required ({done} %): missed.",
        "de": "Eingetroffen {have} von geforderten {all} ({done} %): verfehlt.",
    },
    Reason.NO_TARGET: {
        "en": "No target is set for this.",
        "de": "Dafür ist kein Ziel gesetzt.",
    },
    Reason.RATE_UNKNOWN: {
        "en": "The requirement is unknown: section {section} has no success rate.",
        "de": "Die Anforderung ist unbekannt: Abschnitt {section} hat keine Erfolgsrate.",
    },
    Reason.UNREACHABLE: {
        "en": "No feed is large enough: section {section} lets nothing through.",
        "de": "Kein Nachschub reicht aus: Abschnitt {section} lässt nichts durch.",
    },
    Reason.NO_DATA: {
        "en": "Something arrived, but no value of it is known.",
        "de": "Es ist etwas eingetroffen, aber kein Wert davon ist bekannt.",
    },
    Reason.TOO_EARLY: {
        "en": "Arrived {have} of {all} required: too early in the period to judge.",
        "de": "Eingetroffen {have} von geforderten {all}: zu früh im Zeitraum für ein Urteil.",
    },
}
_TODAY = {"en": "today", "de": "heute"}
_FEED = {
    "en": "Feed the first milestone {milestone}: {short} short, worth {worth} at the order.",
    "de": "Den ersten Meilenstein {milestone} versorgen: Es fehlen {short}, das sind {worth} im "
    "Auftrag.",
}
_FOCUS = {
    "en": "Work on section {section}, up to {milestone}: {short} short there, worth {worth} at the"
    " order.",
    "de": "Am Abschnitt {section} bis {milestone} arbeiten: Dort fehlen {short}, das sind {worth} "
    "im Auftrag.",
}
_MARKS = {"en": str.maketrans("", ""), "de": str.maketrans(",.", ".,")}
_DEALS = {
    "en": ("opportunity", "opportunities"),
    "de": ("Geschäftsmöglichkeit", "Geschäftsmöglichkeiten"),
}
_DAY = {"en": "{0.year}-{0.month:02}-{0.day:02}", "de": "{0.day}.{0.month}.{0.year}"}


@dataclass(frozen=True, slots=True)
class Telling:
    """How to say it: in which language, as money of a currency or (None) as a number of deals.

    `day` is the day up to which things were due, None for today.
    """

    language: str
    currency: str | None
    day: date | None = None

    def amount(self, exact: Fraction, *, up: bool = False) -> str:
        """
        >>> Telling("de", "EUR").amount(Fraction(1234567, 10))
        '123.456,70 EUR'
        """
        if self.currency is None:
            return self.number(Decimal(ceil(exact)) if up else _tenths(exact))
        rounded = ceil_to_minor if up else round_to_minor
        return f"{self.number(rounded(exact, self.currency))} {self.currency}"

    def deals(self, exact: Fraction, *, up: bool = False) -> str:
        """The amount, with the noun that a mere number needs."""
        said = self.amount(exact, up=up)
        if self.currency is not None:
            return said
        one, many = _DEALS[self.language]
        return f"{said} {one if said == '1' else many}"

    def number(self, amount: Decimal) -> str:
        return f"{amount:,f}".translate(_MARKS[self.language])

    @property
    def by(self) -> str:
        if self.day is None:
            return _TODAY[self.language]
        return _DAY[self.language].format(self.day)


def reason_text(verdict: Verdict, telling: Telling, section: int | None = None) -> str:
    """The sentence behind a light; `section` is the one that blocks the requirement.

    Shares are cut off, not rounded: 100 % means that all of it is there.
    """
    zero = Fraction(0)
    return _SENTENCES[verdict.reason][telling.language].format(
        have=telling.amount(verdict.arrived or zero),
        all=telling.deals(verdict.required or zero, up=True),
        due=telling.deals(verdict.expected or zero),
        day=telling.by,
        done=_percent(verdict.attainment),
        pace=_percent(verdict.pace),
        section=section,
    )


def focus_text(focus: Focus, milestone: str, telling: Telling) -> str:
    """Where to act first, and what it is worth."""
    sentences = _FOCUS if focus.section else _FEED
    return sentences[telling.language].format(
        section=focus.section,
        milestone=milestone,
        short=telling.deals(focus.shortfall),
        worth=telling.deals(focus.order_worth),
    )


def _percent(share: Fraction | None) -> int:
    return floor((share or 0) * 100)


def _tenths(exact: Fraction) -> Decimal:
    """Deals due by today are seldom whole."""
    tenths = round(exact * 10)
    return Decimal(tenths // 10) if tenths % 10 == 0 else Decimal(tenths).scaleb(-1)
