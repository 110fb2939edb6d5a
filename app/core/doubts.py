"""What is doubtful in a proposed process, as a sentence in English and German."""

from collections.abc import Mapping

from app.engine.infer import Doubt, Warned

_SENTENCES: Mapping[Doubt, Mapping[str, str]] = {
    Doubt.FEW_DEALS: {
        "en": "Only {n} deals: the order of the stages and all rates may be chance.",
        "de": "Nur {n} Geschäfte: Reihenfolge und alle Raten können Zufall sein.",
    },
    Doubt.NO_ORDERS: {
        "en": "No deal was won: nothing can be said about the way to the order.",
        "de": "Kein Geschäft wurde gewonnen: Über den Weg zum Auftrag ist nichts zu sagen.",
    },
    Doubt.NO_LOSSES: {
        "en": "No deal was lost: either exits were not kept or the rates are too good.",
        "de": "Kein Geschäft ging verloren: Austritte fehlen, oder die Raten sind zu gut.",
    },
    Doubt.MANY_OPEN: {
        "en": "{n} deals are still open, more than half: the rates rest on the decided ones alone.",
        "de": "{n} Geschäfte sind noch offen, mehr als die Hälfte: Die Raten beruhen nur auf den"
        " entschiedenen.",
    },
    Doubt.OUTCOMES_DIFFER: {
        "en": "{n} deals have rows with different outcomes; the last one counts.",
        "de": "{n} Geschäfte haben Zeilen mit verschiedenem Ausgang; der letzte zählt.",
    },
    Doubt.TOO_FEW_STAGES: {
        "en": "No stage is left beside the ends: there is no way to propose.",
        "de": "Außer den Enden bleibt keine Phase übrig: Es gibt keinen Weg vorzuschlagen.",
    },
    Doubt.TOO_MANY_STAGES: {
        "en": "More than 12 milestones: join those that mean the same to the customer.",
        "de": "Mehr als 12 Meilensteine: Fassen Sie zusammen, was dem Kunden dasselbe bedeutet.",
    },
    Doubt.ORDER_UNCLEAR: {
        "en": "{n} deals passed '{other}' before '{stage}': the order of the two is unclear.",
        "de": "{n} Geschäfte kamen zu '{other}' vor '{stage}': Die Reihenfolge ist unklar.",
    },
    Doubt.ORDER_UNKNOWN: {
        "en": "No dates tell where '{stage}' belongs.",
        "de": "Kein Datum sagt, wohin '{stage}' gehört.",
    },
    Doubt.END_BY_NAME: {
        "en": "'{stage}' is taken for an end because of its name alone.",
        "de": "'{stage}' gilt nur wegen des Namens als Ende.",
    },
    Doubt.NAME_CONTRADICTS: {
        "en": "The name of '{stage}' says something else than the outcomes of its deals.",
        "de": "Der Name von '{stage}' sagt etwas anderes als der Ausgang seiner Geschäfte.",
    },
    Doubt.PAUSE: {
        "en": "'{stage}' reads like waiting: deals are put on hold there, it is no milestone.",
        "de": "'{stage}' klingt nach Warten: Geschäfte ruhen dort, es ist kein Meilenstein.",
    },
    Doubt.NO_CUSTOMER_ACT: {
        "en": "'{stage}' tells what we do. A milestone is what the customer does, says or writes.",
        "de": "'{stage}' sagt, was wir tun. Ein Meilenstein ist, was der Kunde tut, sagt oder"
        " schreibt.",
    },
    Doubt.RARELY_ENTERED: {
        "en": "Hardly anybody enters '{stage}' ({n} deals): most pass it by.",
        "de": "Kaum jemand kommt zu '{stage}' ({n} Geschäfte): Die meisten überspringen es.",
    },
    Doubt.OFTEN_REENTERED: {
        "en": "{n} deals came back to '{stage}': it may not be a step that is taken once.",
        "de": "{n} Geschäfte kamen zu '{stage}' zurück: Es ist wohl kein Schritt, der einmal"
        " getan wird.",
    },
    Doubt.FEW_DECIDED: {
        "en": "Only {n} deals were decided in '{stage}': no target rate is proposed.",
        "de": "In '{stage}' wurden nur {n} Geschäfte entschieden: Es wird keine Zielrate"
        " vorgeschlagen.",
    },
}


def sentence(warned: Warned, language: str) -> str:
    """What is doubtful and why, in `en` or `de`."""
    words = {"n": warned.n, "stage": warned.stage or "", "other": warned.other or ""}
    return _SENTENCES[warned.doubt][language].format(**words)
