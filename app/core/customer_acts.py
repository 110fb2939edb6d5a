"""What to ask of the customer where another system's stage tells what the seller does."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.engine.infer import SellerAct


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How a milestone might be called instead, and the act of the customer that reaches it."""

    name: str
    customer_act: str


_SUGGESTIONS: Mapping[SellerAct, Mapping[str, Suggestion]] = {
    SellerAct.CONTACT: {
        "en": Suggestion("Responded", "The customer responds and says what it is about for them."),
        "de": Suggestion("Meldet sich", "Der Kunde meldet sich und nennt sein Anliegen."),
    },
    SellerAct.MEETING: {
        "en": Suggestion("Invited us", "The customer invites us to talk and names who takes part."),
        "de": Suggestion(
            "Hat eingeladen", "Der Kunde lädt uns zum Gespräch ein und sagt, wer teilnimmt."
        ),
    },
    SellerAct.QUALIFICATION: {
        "en": Suggestion(
            "Need confirmed",
            "The customer describes the need, the budget and who decides, and confirms it in"
            " writing.",
        ),
        "de": Suggestion(
            "Bedarf bestätigt",
            "Der Kunde beschreibt Bedarf, Budget und wer entscheidet, und bestätigt es"
            " schriftlich.",
        ),
    },
    SellerAct.DEMO: {
        "en": Suggestion(
            "Demonstration judged",
            "Those who decide have seen the solution and say which of their needs it meets.",
        ),
        "de": Suggestion(
            "Vorführung bewertet",
            "Die Entscheider haben die Lösung gesehen und sagen, welchen Bedarf sie deckt.",
        ),
    },
    SellerAct.PROPOSAL: {
        "en": Suggestion(
            "Proposal requested",
            "The customer asks for a proposal and says what it must contain; the next milestone is"
            " that they accept it.",
        ),
        "de": Suggestion(
            "Angebot angefordert",
            "Der Kunde fordert ein Angebot an und sagt, was es enthalten muss; der nächste"
            " Meilenstein ist, dass er es annimmt.",
        ),
    },
    SellerAct.FOLLOW_UP: {
        "en": Suggestion(
            "Took a position", "The customer answers the proposal: what fits, what is missing."
        ),
        "de": Suggestion(
            "Hat Stellung genommen", "Der Kunde antwortet auf das Angebot: was passt, was fehlt."
        ),
    },
    SellerAct.NEGOTIATION: {
        "en": Suggestion(
            "Terms named", "The customer names the terms on which they will place the order."
        ),
        "de": Suggestion(
            "Bedingungen genannt",
            "Der Kunde nennt die Bedingungen, zu denen er den Auftrag erteilt.",
        ),
    },
    SellerAct.CONTRACT: {
        "en": Suggestion(
            "Contract returned", "The customer returns the contract, signed or with changes."
        ),
        "de": Suggestion(
            "Vertrag zurückgesandt",
            "Der Kunde sendet den Vertrag zurück, unterschrieben oder mit Änderungen.",
        ),
    },
    SellerAct.DOING: {
        "en": Suggestion(
            "Reacted",
            "The customer reacts to what we did: does, says or writes something of weight.",
        ),
        "de": Suggestion(
            "Hat reagiert",
            "Der Kunde reagiert auf das, was wir getan haben: tut, sagt oder schreibt etwas von"
            " Gewicht.",
        ),
    },
    SellerAct.NO_ACT: {
        "en": Suggestion(
            "Interest shown", "The customer shows interest and names a reason for it."
        ),
        "de": Suggestion(
            "Interesse gezeigt", "Der Kunde zeigt Interesse und nennt einen Grund dafür."
        ),
    },
}


def suggestion(act: SellerAct, language: str) -> Suggestion:
    """A customer's act to put in the place of the seller's, in `en` or `de`."""
    return _SUGGESTIONS[act][language]
