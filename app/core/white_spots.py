"""Why a cell of the matrix deserves attention, and what to ask, in English and German."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple

from app.core.reasons import Telling
from app.engine.matrix.status import Status

Sentences = Mapping[str, str]

_SENTENCES: Mapping[str, Sentences] = {
    "needed": {
        "en": "{account} needs it and buys it nowhere.",
        "de": "{account} braucht es und kauft es nirgends.",
    },
    "needed_by": {
        "en": "{account} needs it by {day}.",
        "de": "{account} braucht es bis {day}.",
    },
    "competitor": {
        "en": "{account} buys it from {rivals}; no end of a contract is known.",
        "de": "{account} kauft es bei {rivals}; ein Vertragsende ist nicht bekannt.",
    },
    "contract_ends": {
        "en": "{account} buys it from {rivals}; the contract ends on {day}.",
        "de": "{account} kauft es bei {rivals}; der Vertrag endet am {day}.",
    },
    "contract_ended": {
        "en": "{account} buys it from {rivals}; the contract ended on {day}.",
        "de": "{account} kauft es bei {rivals}; der Vertrag endete am {day}.",
    },
    "never_asked": {
        "en": "Nobody knows whether {account} needs it.",
        "de": "Niemand weiß, ob {account} es braucht.",
    },
    "stale": {
        "en": "What is known of {account} is from {day}.",
        "de": "Was man von {account} weiß, ist vom {day}.",
    },
    "demand": {
        "en": "Of customers like this one {demand} % want it, and {adoption} % buy it from us.",
        "de": "Von Kunden wie diesem wollen es {demand} %, und {adoption} % kaufen es bei uns.",
    },
    "win_rate": {
        "en": "A need like this one is won in {share} % of cases.",
        "de": "Ein solcher Bedarf wird in {share} % der Fälle gewonnen.",
    },
    "displacement_rate": {
        "en": "A competitor is displaced in {share} % of cases.",
        "de": "Ein Wettbewerber wird in {share} % der Fälle abgelöst.",
    },
    "chance_unknown": {
        "en": "How likely it is, nothing tells yet.",
        "de": "Wie wahrscheinlich es ist, sagt noch nichts.",
    },
    "value_stated": {
        "en": "It is said to be worth {amount} a year.",
        "de": "Es soll {amount} im Jahr wert sein.",
    },
    "value_usual": {
        "en": "It is usually worth {amount} a year (stated values: {n}).",
        "de": "Es ist üblicherweise {amount} im Jahr wert (genannte Werte: {n}).",
    },
    "value_unknown": {
        "en": "Nobody ever said what it is worth.",
        "de": "Niemand hat je gesagt, was es wert ist.",
    },
    "competitor_sighted": {
        "en": "{rivals} was seen there.",
        "de": "{rivals} wurde dort gesehen.",
    },
    "not_confirmed": {
        "en": "Nobody confirmed it since {day}.",
        "de": "Seit {day} hat es niemand bestätigt.",
    },
    "goal_not_reviewed": {
        "en": "A goal it serves should have been talked about by {day}.",
        "de": "Über ein Ziel, dem es dient, sollte bis {day} gesprochen werden.",
    },
    "bought_together": {
        "en": "Customers that buy {bought} buy {wanted} {times} times as often as all.",
        "de": "Kunden, die {bought} kaufen, kaufen {wanted} {times}-mal so oft wie alle.",
    },
    "bought_by_many": {
        "en": "{share} % of those that were asked buy it from us.",
        "de": "{share} % derer, die gefragt wurden, kaufen es bei uns.",
    },
}
_NEGLECT: Mapping[str, Sentences] = {
    "existing": {
        "en": "Existing customers hold {there} % of the potential and get {given} % of the effort.",
        "de": "Bei Bestandskunden liegen {there} % des Potentials, und sie bekommen {given} % des"
        " Aufwands.",
    },
    "new": {
        "en": "New customers hold {there} % of the potential and get {given} % of the effort.",
        "de": "Bei Neukunden liegen {there} % des Potentials, und sie bekommen {given} % des"
        " Aufwands.",
    },
}
_QUESTIONS: Mapping[Status, Sentences] = {
    Status.UNKNOWN: {
        "en": "Does {account} need {product}, and from whom does it get it today?",
        "de": "Braucht {account} {product}, und von wem bekommt es das heute?",
    },
    Status.BUYS: {
        "en": "On {day} {account} bought {product} from us: does it still, and what would make it"
        " even better?",
        "de": "Am {day} kaufte {account} {product} bei uns: Ist das noch so, und was würde es noch"
        " besser machen?",
    },
    Status.COMPETITOR: {
        "en": "On {day} {account} bought {product} from {rivals}: is that still so, and until"
        " when?",
        "de": "Am {day} kaufte {account} {product} bei {rivals}: Ist das noch so, und bis wann?",
    },
    Status.NEED: {
        "en": "On {day} {account} needed {product}: does it still, and by when?",
        "de": "Am {day} brauchte {account} {product}: Ist das noch so, und bis wann?",
    },
    Status.NO_NEED: {
        "en": "On {day} {account} had no need of {product}: what has changed since?",
        "de": "Am {day} hatte {account} keinen Bedarf an {product}: Was hat sich seither geändert?",
    },
}
_AND = {"en": " and ", "de": " und "}


class Reason(NamedTuple):
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says codes in a language, with amounts of a currency."""

    language: str
    currency: str

    def reason(self, code: str, **facts: object) -> Reason:
        said = {name: self._said(fact) for name, fact in facts.items()}
        return Reason(code, _SENTENCES[code][self.language].format(**said))

    def question(self, status: Status, **facts: object) -> str:
        said = {name: self._said(fact) for name, fact in facts.items()}
        return _QUESTIONS[status][self.language].format(**said)

    def amount(self, exact: Fraction) -> str:
        return Telling(self.language, self.currency).amount(exact)

    def number(self, exact: Fraction) -> str:
        """With one decimal, cut off."""
        return Telling(self.language, None).number(Decimal(floor(exact * 10)).scaleb(-1))

    def _said(self, fact: object) -> str:
        if isinstance(fact, date):
            return Telling(self.language, None, fact).by
        if isinstance(fact, list):
            return _AND[self.language].join(fact)
        return str(fact)


def neglect(side: str, there: int, given: int, language: str) -> Reason:
    """That a kind of business gets far less effort than its potential deserves."""
    said = _NEGLECT[side][language].format(there=there, given=given)
    return Reason(f"{side}_neglected", said)


def percent(share: Fraction) -> int:
    """Cut off, not rounded: 100 % means that all of it is there."""
    return floor(share * 100)


def contract(ends: Sequence[date | None], today: date) -> tuple[str, date | None]:
    """What can be said of competitors' contracts: the first to end, unless one is not known."""
    known = [day for day in ends if day is not None]
    if not known or len(known) < len(ends):
        return "competitor", None
    first = min(known)
    return ("contract_ended" if first < today else "contract_ends"), first
