"""What a process will miss once it is lived: warnings at publishing, never refusals."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.schemas.milestones import MilestoneIn
from app.schemas.processes import WarningOut

SENTENCES = {
    "exit_reasons_missing": {
        "en": "The section after '{milestone}' has no exit reasons: nobody will know why deals end"
        " there.",
        "de": "Der Abschnitt nach '{milestone}' hat keine Austrittsgründe: Niemand wird wissen,"
        " warum Geschäfte dort enden.",
    },
    "owner_role_missing": {
        "en": "Nobody is named to lead through the section after '{milestone}' (owner_role).",
        "de": "Für den Abschnitt nach '{milestone}' ist niemand benannt (owner_role).",
    },
    "stale_after_days_missing": {
        "en": "The section after '{milestone}' has no stale limit: dead horses will stand there"
        " unseen.",
        "de": "Der Abschnitt nach '{milestone}' hat keine Altersgrenze: Tote Pferde bleiben dort"
        " unbemerkt stehen.",
    },
    "target_rate_missing": {
        "en": "The section after '{milestone}' has no target rate: until enough deals were decided"
        " nothing can be planned back through it.",
        "de": "Der Abschnitt nach '{milestone}' hat keine Zielrate: Bis genug Geschäfte entschieden"
        " sind, lässt sich nicht durch ihn zurückrechnen.",
    },
    "act_is_ours": {
        "en": "The act of '{milestone}' reads like something we do. A milestone is what the"
        " customer does, says or writes.",
        "de": "Die Handlung von '{milestone}' klingt nach etwas, das wir tun. Ein Meilenstein ist,"
        " was der Kunde tut, sagt oder schreibt.",
    },
    "name_is_activity": {
        "en": "The name of '{milestone}' reads like a seller's activity. Name what the customer"
        " has done.",
        "de": "Der Name von '{milestone}' klingt nach einer Tätigkeit im Verkauf. Benannt gehört,"
        " was der Kunde getan hat.",
    },
}

_OPENING = re.compile(
    r"(we|i|our|us|sales|seller|rep|wir|ich|unser\w*|vertrieb|verkäufer\w*|außendienst)\b"
)
_DOING = re.compile(
    r"\b(sent|presented|called|offered|quoted|emailed|visited|contacted|demoed|followed up|given"
    r"|gesendet|geschickt|verschickt|versendet|versandt|angerufen|präsentiert|vorgestellt"
    r"|angeboten|nachgefasst|besucht|kontaktiert|abgegeben)\b"
)
_CUSTOMER = re.compile(
    r"(customer|client|buyer|prospect|decision|account|purchas|lead\b|they\b|she\b|he\b"
    r"|kunde|kundin|entscheide|einkauf|interessent|sie\b|er\b)"
)
_ACTIVITIES = re.compile(
    r"proposal|quote|quotation|offer|presentation|demo|demonstration|(cold )?call|visit"
    r"|follow.up|negotiation|qualification|prospecting|outreach|closing"
    r"|angebot(serstellung)?|präsentation|vorführung|anruf|(kalt)?akquise|besuch"
    r"|nachfassen|verhandlung|qualifizierung|abschluss"
)


def lint(definitions: Sequence[MilestoneIn]) -> list[dict[str, Any]]:
    """Warnings to keep with the version, as code and milestone; `told` makes sentences of them."""
    last = len(definitions) - 1
    return [
        {"code": code, "milestone": definition.key}
        for index, definition in enumerate(definitions)
        for code in _codes(definition, is_order=index == last)
    ]


def told(warnings: Sequence[dict[str, Any]], language: str) -> list[WarningOut]:
    return [
        WarningOut(
            code=warning["code"],
            milestone=warning["milestone"],
            text=SENTENCES[warning["code"]][language].format(milestone=warning["milestone"]),
        )
        for warning in warnings
    ]


SECTION_CHECKS: tuple[tuple[str, Callable[[MilestoneIn], bool]], ...] = (
    ("exit_reasons_missing", lambda section: not section.exit_reasons),
    ("owner_role_missing", lambda section: section.owner_role is None),
    ("stale_after_days_missing", lambda section: section.stale_after_days is None),
    ("target_rate_missing", lambda section: section.target_rate is None),
)


def _codes(definition: MilestoneIn, *, is_order: bool) -> Iterator[str]:
    if not is_order:
        yield from (code for code, lacks in SECTION_CHECKS if lacks(definition))
    if _ours(definition.customer_act):
        yield "act_is_ours"
    name = definition.name.casefold().strip()
    if _ACTIVITIES.fullmatch(name) or _ours(name):
        yield "name_is_activity"


def _ours(act: str) -> bool:
    """A guess from a few words: it starts with us, or something was done and no customer is named.

    >>> _ours("Proposal sent"), _ours("Der Kunde hat den Auftrag geschickt"), _ours("Wir zeigen es")
    (True, False, True)
    """
    text = act.casefold().strip()
    if _OPENING.match(text):
        return True
    return bool(_DOING.search(text)) and not _CUSTOMER.search(text)
