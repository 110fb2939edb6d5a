"""What the name of another system's stage hints at, in English and German; never proof."""

import re
from enum import StrEnum


class End(StrEnum):
    WON = "won"
    LOST = "lost"
    OPEN = "open"


class SellerAct(StrEnum):
    """What a stage is about when it tells what we do, or nothing that anybody does."""

    NEGOTIATION = "negotiation"
    CONTRACT = "contract"
    FOLLOW_UP = "follow_up"
    DEMO = "demo"
    PROPOSAL = "proposal"
    MEETING = "meeting"
    QUALIFICATION = "qualification"
    CONTACT = "contact"
    DOING = "doing"
    NO_ACT = "no_act"


_LOST = re.compile(
    r"\b(lost|verloren\w*|rejected|declined|refused|abgelehnt|ablehnung|cancell?ed|abandoned"
    r"|abgesagt|absage|storniert|abgebrochen|gescheitert|disqualified|unqualified|unqualifiziert"
    r"|dead|tot|no (interest|decision|need|budget)"
    r"|kein(e|en)? (interesse|bedarf|entscheidung|budget)"
    r"|(not|nicht) (won|gewonnen|bestellt|beauftragt|ordered|sold|verkauft|interested))\b"
)
_WON = re.compile(
    r"\b(won|gewonnen\w*|sold|verkauft|ordered|bestellt|beauftragt|auftragseingang"
    r"|order (placed|received)|auftrag (erhalten|erteilt|eingegangen|gewonnen))\b"
)
_PAUSE = re.compile(
    r"\b(on hold|paused?|pausiert|zurückgestellt|ruhend|ruht|nurturing|nurture|parked|geparkt"
    r"|wiedervorlage|postponed|verschoben|dormant)\b"
)
# What only a customer does; and a customer who is named first is the one who acts.
_CUSTOMER = re.compile(
    r"\b(accept(s|ed)|approv(es|ed|al)|confirm(s|ed)|request(s|ed)|asked|asks|signed|signs|agreed"
    r"|replied|responded|attended|returned|judged|bought|invited us|chosen|selected"
    r"|angenommen|akzeptiert|angefordert|angefragt|\w*anfrage|bestätigt|unterschrieben"
    r"|unterzeichnet|zugesagt|freigegeben|eingeladen|geantwortet|teilgenommen|entschieden"
    r"|ausgewählt|bewertet|zurückgesandt|bestellt|beauftragt)\b"
    r"|^(the |der |die )?(customer|client|buyer|kunde|kundin|interessent\w*)"
    r" (?!\w+ed\b|ge\w+(t|en)\b|an\w*(rufen|sprochen|schrieben)\b|kontakt|besuch)"
)
_ACTS: tuple[tuple[SellerAct, re.Pattern[str]], ...] = tuple(
    (act, re.compile(rf"\b({words})"))
    for act, words in (
        (SellerAct.NEGOTIATION, r"negotiat|\w*verhandl|bargain|clos(e|ing)\b|abschluss\b"),
        (SellerAct.CONTRACT, r"contract\b|vertrag|paperwork"),
        (SellerAct.FOLLOW_UP, r"follow(ed|ing)?[ -]?up|chas(e|ed|ing)\b|nachfass|nachgefasst"),
        (SellerAct.DEMO, r"demo|present|präsent|\w*vorführ|pitch|value prop|showcase|vorgestellt"),
        (
            SellerAct.PROPOSAL,
            r"propos(al|e)|quot(e|ation|ed|ing)\b|offer|\w*angebot|kostenvoranschlag",
        ),
        (SellerAct.MEETING, r"meeting|appointment|visit|\w*termin\b|besuch|\w*gespräch|workshop"),
        (SellerAct.QUALIFICATION, r"(pre)?qualif|(vor)?qualifi|discover|analy|\w*analyse|assess"),
        (
            SellerAct.CONTACT,
            r"contact|\w*kontakt|call|anruf|angerufen|angeschrieben|e?-?mailed|outreach|cold|akquise"
            r"|\w*akquise|prospecting|approach|ansprache",
        ),
        (
            SellerAct.DOING,
            r"sent\b|\w*(geschickt|gesendet|sandt|schickt|sendet)\b|submitted|delivered|prepar"
            r"|develop|erstell|abgegeben|vorbereit|scheduled|geplant",
        ),
        (
            SellerAct.NO_ACT,
            r"(new|open|neu|offen|leads?|backlog|in progress|working|active|aktiv|in bearbeitung"
            r"|in arbeit|pipeline|funnel|to ?do|stage \d+|phase \d+|unassigned)$",
        ),
    )
)


def end_by_name(stage: str) -> End | None:
    """
    >>> [end_by_name(name) for name in ("Closed Won", "Nicht gewonnen", "Won over the champion?")]
    [<End.WON: 'won'>, <End.LOST: 'lost'>, <End.WON: 'won'>]
    """
    name = _plain(stage)
    if _LOST.search(name):
        return End.LOST
    return End.WON if _WON.search(name) else None


def is_pause(stage: str) -> bool:
    return _PAUSE.search(_plain(stage)) is not None


def seller_act(stage: str) -> SellerAct | None:
    """What we do, where the name tells that; None where a customer acts or nothing is recognised.

    >>> seller_act("Angebot verschickt").value, seller_act("Angebot angefordert")
    ('proposal', None)
    """
    name = _plain(stage)
    if _CUSTOMER.search(name):
        return None
    return next((act for act, words in _ACTS if words.search(name)), None)


def _plain(stage: str) -> str:
    """
    >>> _plain(" 3. Proposal_sent / Quote (20 %)")
    'proposal sent quote 20'
    """
    words = re.sub(r"[\W_]+", " ", stage.casefold()).strip()
    return re.sub(r"^\d+ (?=\D)", "", words)
