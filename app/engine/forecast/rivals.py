"""What simpler methods say of open deals: flat percentages without any horizon."""

from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Places
from app.engine.forecast.passages import LOST, Passages, passages


@dataclass(frozen=True, slots=True)
class Rivals:
    """The share of closed deals that were won: of those that passed each section, and of all.

    None where no deal has closed yet.
    """

    by_section: list[float]
    overall: float | None


def rivals(facts: Facts) -> Rivals:
    seen = passages(facts)
    closed, _ = _closed(seen, facts.sections)
    overall = win_rate(seen, facts.sections) if len(closed) else None
    return Rivals([float(share) for share in stage_shares(seen, facts.sections)], overall)


def stage_shares(seen: Passages, sections: int) -> Numbers:
    """Per section won/(won + lost) among the closed deals that passed it."""
    closed, won_deals = _closed(seen, sections)
    passed = seen.section[np.isin(seen.deal, closed)]
    passed_won = seen.section[np.isin(seen.deal, won_deals)]
    whole = np.bincount(passed, minlength=sections)
    share: Numbers = np.bincount(passed_won, minlength=sections) / np.maximum(whole, 1)
    return share


def win_rate(seen: Passages, sections: int) -> float:
    """Won among all closed deals; 0 where none is."""
    closed, won_deals = _closed(seen, sections)
    return len(won_deals) / len(closed) if len(closed) else 0.0


def _closed(seen: Passages, sections: int) -> tuple[Places, Places]:
    won_deals = seen.deal[seen.to == sections]
    return np.append(won_deals, seen.deal[seen.to == LOST]), won_deals
