"""What each deal adds to a forecast and why, and which deals add nothing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from app.domain.facts import DealRow
from app.domain.forecast_parts import Scene, exact
from app.engine.flow.facts import day
from app.engine.flow.gathering import NEVER
from app.engine.flow.packed import chosen, day_of, marked, named, whole
from app.engine.forecast import COUNT_SCALE, Category, Chance, category
from app.engine.leaks.amounts import divided_total
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.forecast import (
    BecauseOut,
    CategoryOut,
    ContributionOut,
    ExcludedOut,
    ExcludedSumOut,
)
from app.schemas.metrics import tenths_out
from app.schemas.ratios import chance_out, ratio_out

DEAD, DECLINED, ON_HOLD = "dead", "declined", "on_hold"
_TEXTS = {
    "en": {
        "observed": "{n} exits were seen, or to be expected, at this age.",
        "stated": "Mostly the process's target rates: only {n} exits at this age speak.",
        "returns": "On hold; it counts from its return on, as old as it was before.",
    },
    "de": {
        "observed": "{n} Austritte wurden in diesem Alter gesehen oder waren zu erwarten.",
        "stated": "Vor allem die Zielraten des Prozesses: nur {n} Austritte in diesem Alter.",
        "returns": "Zurückgestellt; zählt ab der Wiedervorlage, so alt wie zuvor.",
    },
}
_MOSTLY = 0.5
MOST_NAMED = 100  # of each reason to be left out; all are in the sums


def contributions(scene: Scene, language: str) -> list[ContributionOut]:
    """Every deal of the scope that may add something, by its id."""
    shares = scene.counted
    placed = enumerate(scene.seen.whole.deals)
    chosen, ever = sorted((deal, place) for place, deal in placed if shares[deal]), scene.seen.ever
    return [
        _contribution(scene, place, shares[deal], ever[place], language) for deal, place in chosen
    ]


def categories(scene: Scene, left: Mapping[str, Sequence[int]]) -> list[CategoryOut]:
    """How many deals, and what is known of their value, in each category."""
    whole, shares = scene.seen.whole, scene.counted
    members: dict[Category, list[int]] = {each: [] for each in Category}
    here = (scene.seen.told.table.columns["held_until"] == NEVER).tolist()
    for deal, ever in zip(whole.deals, scene.seen.ever_now, strict=True):
        if shares[deal] and here[deal]:
            members[category(ever)].append(deal)
    members[Category.OMITTED] = [number for found in left.values() for number in found]
    return [
        CategoryOut(category=each, count=len(found), value=_sum(scene, found)[0])
        if each is not Category.CLOSED
        else CategoryOut(category=each, count=scene.won.count, value=_money(scene, scene.won.value))
        for each, found in members.items()
    ]


def left_out(scene: Scene) -> dict[str, list[int]]:
    """By reason the deals of the scope that add nothing now, by their index in the story."""
    told = scene.seen.told
    deals = told.table.columns
    open_, out = deals["status"] == "open", deals["status"] == "exited"
    lately = (deals["exited_at"] != NEVER) & (day_of(deals["exited_at"]) >= day(scene.since))
    reasons = {
        DEAD: marked(len(told.deals), whole(sorted(scene.seen.dead))),
        DECLINED: out & (deals["exit_kind"] == DECLINED) & lately,
        ON_HOLD: open_ & (deals["held_until"] != NEVER),
    }
    why = named(len(told.deals), [(flags, name) for name, flags in reasons.items()])
    return {
        name: [number for number in chosen(why == name).tolist() if scene.shares[number]]
        for name in reasons
    }


def excluded(scene: Scene, left: Mapping[str, Sequence[int]]) -> list[ExcludedOut]:
    """The deals that are left out, by reason and id; of each reason the most valuable ones."""
    told = scene.seen.told
    keys = {row.id: row.key for row in told.milestones}
    found = (
        (why, number, told.deals[number]) for why in left for number in _named(scene, left[why])
    )
    return [
        ExcludedOut(
            opportunity_id=deal.opportunity_id,
            reason=reason,
            milestone=None if deal.milestone_id is None else keys.get(deal.milestone_id),
            value=_sum(scene, [number])[0],
            returns_at=deal.held_until,
        )
        for reason, number, deal in found
    ]


def _named(scene: Scene, numbers: Sequence[int]) -> Sequence[int]:
    """Those that are named, the most valuable, by their id."""
    if len(numbers) <= MOST_NAMED:
        return numbers
    worth = scene.seen.told.table.columns["reporting_value"]
    chosen = sorted(numbers, key=lambda number: (-(worth[number] or 0), number))
    return sorted(chosen[:MOST_NAMED])


def excluded_sums(scene: Scene, left: Mapping[str, Sequence[int]]) -> list[ExcludedSumOut]:
    sums = []
    for reason, found in left.items():
        value, missing = _sum(scene, found)
        if found:
            counts = {"count": len(found), "missing_value_count": missing}
            sums.append(ExcludedSumOut(reason=reason, value=value, **counts))
    return sums


def _contribution(
    scene: Scene, place: int, share: Fraction | int, ever: Chance, language: str
) -> ContributionOut:
    whole, told, measure = scene.seen.whole, scene.seen.told, scene.measure
    deal, row = told.deals[whole.deals[place]], told.milestones[whole.section[place]]
    units = whole.count[place] if measure.counts else whole.value[place]
    scale = COUNT_SCALE if measure.counts else whole.money_scale
    parts = [Fraction(each) * share / scale for each in units]
    worth = round_to_minor(Fraction(whole.worth[place]), measure.currency)
    return ContributionOut(
        opportunity_id=deal.opportunity_id,
        milestone=row.key,
        position=row.position,
        age_days=tenths_out(whole.age[place]) or "0.0",
        chances=_chances(whole.chance[place]),
        value_chances=_chances(whole.value_chance[place]),
        chance_ever=chance_out(ever.now) or "0.0000",
        value=_money(scene, deal.reporting_value),
        worth=_money(scene, worth) if whole.value_known else None,
        share=ratio_out(Fraction(share)) or "0.0000",
        contributions=[measure.rounded(part) for part in parts],
        contributions_exact=[exact(part) for part in parts],
        category=category(ever.now, omitted=deal.held_until is not None),
        because=_because(scene, place, deal, ever, language),
    )


def _because(scene: Scene, place: int, deal: DealRow, ever: Chance, language: str) -> BecauseOut:
    section = scene.seen.whole.rates.sections[scene.seen.whole.section[place]]
    seen = float(section.observed.sum())
    stated = section.stated / (section.stated + seen) if section.stated else 0.0
    code = "stated" if stated > _MOSTLY else "observed"
    if deal.held_until is not None:
        code = "returns"
    n = tenths_out(ever.evidence) or "0.0"
    return BecauseOut(
        code=code, text=_TEXTS[language][code].format(n=round(ever.evidence)), evidence=n
    )


def _chances(each: Sequence[float]) -> list[str]:
    return [chance_out(chance) or "0.0000" for chance in each]


def _sum(scene: Scene, found: Sequence[int]) -> tuple[MoneyOut | None, int]:
    """What is known of the scope's value in these deals, and of how many nothing is."""
    values = scene.seen.told.table.columns["reporting_value"]
    known = [(values[each], scene.shares[each]) for each in found if values[each] is not None]
    if found and not known:
        return None, len(found)
    added = divided_total(known)
    return (
        _money(scene, round_to_minor(added, scene.measure.currency)),
        len(found) - len(known),
    )


def _money(scene: Scene, amount: Decimal | None) -> MoneyOut | None:
    return money_out(amount, scene.measure.currency)
