"""A process proposed from the stage history of another system; nothing is stored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from app.core.customer_acts import Suggestion, suggestion
from app.core.doubts import sentence
from app.core.work import Work
from app.engine.flow.estimates import FEW, OBSERVED, Estimate, Status, status_of, wilson
from app.engine.infer import End, Proposal, Proposed, Step, infer
from app.schemas.inference import (
    ActSuggestionOut,
    DoubtOut,
    EndingOut,
    InferenceIn,
    InferenceOut,
    InferredMilestoneOut,
    NotAnActOut,
    ProcessDraftOut,
    StageRowIn,
)
from app.schemas.metrics import MetricOut, metric_out, tenths_out
from app.schemas.milestones import DefinitionOut
from app.schemas.processes import FEWEST_MILESTONES, MOST_MILESTONES
from app.schemas.ratios import chance_out, ratio_out

FORMULA = "resolved.1"  # of the decided alone: rows do not tell until when a deal was watched
LONGEST_KEY, LONGEST_NAME, MOST_DAYS = 64, 200, 3650
LEAST_RATE = Fraction(1, 10_000)
_ORDER = {
    "en": Suggestion("Order", "The customer places the order."),
    "de": Suggestion("Auftrag", "Der Kunde erteilt den Auftrag."),
}
_PROCESS = {"en": "Inferred process", "de": "Abgeleiteter Prozess"}
_ACT = {
    "en": "What the customer does, says or writes to get to '{stage}'.",
    "de": "Was der Kunde tut, sagt oder schreibt, um zu '{stage}' zu kommen.",
}
_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
_RESERVED = "none"
_END: Mapping[End, dict[str, Any]] = {
    End.WON: {"won": True},
    End.LOST: {"exit": "lost"},
}


@dataclass(frozen=True, slots=True)
class Named:
    """A proposed milestone with the words it is proposed in."""

    found: Proposed
    key: str
    words: Suggestion


def propose(work: Work, asked: InferenceIn) -> InferenceOut:
    """Milestones in order, what deals did at each, and what somebody should look at again."""
    found = infer([_step(row) for row in asked.rows])
    named = list(_named(found.milestones, work.language))
    whole = FEWEST_MILESTONES <= len(named) <= MOST_MILESTONES
    name = asked.name or _PROCESS[work.language]
    draft = [_definition(one) for one in named] if whole else []
    return InferenceOut(
        process=ProcessDraftOut(key=asked.key, name=name, milestones=draft) if whole else None,
        milestones=[_milestone(work, one, len(named)) for one in named],
        not_customer_acts=[_not_an_act(one, work.language) for one in named if _is_ours(one)],
        endings=[
            EndingOut(stage=one.stage, end=one.end, source=one.source, deals=one.deals)
            for one in found.endings
        ],
        pauses=list(found.pauses),
        stages=_mapping(found, named),
        warnings=[
            DoubtOut(
                code=one.doubt,
                stage=one.stage,
                other=one.other,
                n=one.n,
                text=sentence(one, work.language),
            )
            for one in found.warnings
        ],
        deals=found.deals,
        won=found.won,
        lost=found.lost,
        open=found.open,
        formula=FORMULA,
    )


def _step(row: StageRowIn) -> Step:
    ended = None if row.outcome is None else End(row.outcome.value)
    return Step(row.deal.strip(), row.stage.strip(), row.entered_at, row.left_at, ended)


def _named(milestones: Sequence[Proposed], language: str) -> Iterator[Named]:
    """With keys of their own, and names that none before has."""
    keys, names = {_RESERVED}, set[str]()
    for one in milestones:
        words = _words(one, language, is_order=one is milestones[-1])
        if words.name in names:
            apart = one.stages[0] if one.stages else str(one.position)
            told = f"{words.name} ({apart})"[:LONGEST_NAME]
            words = Suggestion(told, words.customer_act)
        key = _unused(_key(words.name) or f"m{one.position}", keys)
        keys.add(key)
        names.add(words.name)
        yield Named(one, key, words)


def _words(one: Proposed, language: str, *, is_order: bool) -> Suggestion:
    if is_order:
        return _ORDER[language]
    if one.seller_act is not None:
        return suggestion(one.seller_act, language)
    stage = one.stages[0]
    return Suggestion(stage, _ACT[language].format(stage=stage))


def _key(name: str) -> str:
    """
    >>> _key("Bedarf bestätigt!")
    'bedarf-bestaetigt'
    """
    plain = "".join(_LETTERS.get(letter, letter) for letter in name.casefold())
    return re.sub(r"[^a-z0-9]+", "-", plain)[: LONGEST_KEY - 4].strip("-")


def _unused(key: str, taken: set[str]) -> str:
    if key not in taken:
        return key
    return next(f"{key}-{n}" for n in range(2, len(taken) + 3) if f"{key}-{n}" not in taken)


def _definition(one: Named) -> DefinitionOut:
    """A rate and days are proposed where enough deals stand behind them."""
    rate, days = one.found.rate, one.found.median_days
    decided = one.found.advanced + one.found.lost
    known = decided >= FEW and rate is not None and rate >= LEAST_RATE
    return DefinitionOut(
        key=one.key,
        name=one.words.name,
        customer_act=one.words.customer_act,
        target_rate=chance_out(float(rate)) if known and rate else None,
        target_retention=None,
        typical_days=_whole_days(days) if known and one.found.timed >= FEW else None,
        stale_after_days=None,
        evidence_policy="optional",
        phase=None,
        owner_role=None,
        skippable=True,
        playbook=None,
        exit_reasons=[],
        criteria=[],
    )


def _whole_days(days: Fraction | None) -> int | None:
    return None if days is None else min(max(ceil(days), 1), MOST_DAYS)


def _milestone(work: Work, one: Named, last: int) -> InferredMilestoneOut:
    found = one.found
    return InferredMilestoneOut(
        position=found.position,
        key=one.key,
        stages=list(found.stages),
        entered=found.entered,
        reached=found.reached,
        share=ratio_out(found.share) or "0.0000",
        reentered=found.reentered,
        advanced=found.advanced,
        lost=found.lost,
        open=found.open,
        rate=None if found.position == last else _rate(work, found),
        median_days=None if found.median_days is None else tenths_out(float(found.median_days)),
        timed=found.timed,
    )


def _rate(work: Work, found: Proposed) -> MetricOut:
    decided = found.advanced + found.lost
    value = None if found.rate is None else float(found.rate)
    low, high = wilson(found.advanced, decided)
    status = Status.UNKNOWN if value is None else status_of(decided)
    seen = Estimate(value, status, decided, float(decided), low, high, OBSERVED, value)
    return metric_out(seen, "ratio", work.now, FORMULA)


def _is_ours(one: Named) -> bool:
    return one.found.seller_act is not None


def _not_an_act(one: Named, language: str) -> NotAnActOut:
    act = one.found.seller_act
    assert act is not None
    instead = suggestion(act, language)
    return NotAnActOut(
        stage=one.found.stages[0],
        milestone=one.key,
        seller_act=act,
        suggestion=ActSuggestionOut(name=instead.name, customer_act=instead.customer_act),
    )


def _mapping(found: Proposal, named: Sequence[Named]) -> dict[str, dict[str, Any]]:
    """Every stage with what an import is to make of it."""
    mapped: dict[str, dict[str, Any]] = {}
    for one in named:
        mapped |= {stage: {"reached": one.key} for stage in one.found.stages}
    mapped |= {one.stage: _END[one.end] for one in found.endings}
    mapped |= {stage: {"hold": True} for stage in found.pauses}
    return dict(sorted(mapped.items()))
