"""What each deal adds to a forecast and why, and which deals add nothing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from app.domain.facts import DealRow
from app.domain.facts.deals import AMOUNT
from app.domain.forecast_parts import Scene, exact
from app.engine.flow.facts import Places, day
from app.engine.flow.gathering import NEVER
from app.engine.flow.packed import chosen, day_of, dearest, together
from app.engine.flow.packed import whole as whole_of
from app.engine.flow.shares import units
from app.engine.forecast import COUNT_SCALE, Category, Chance, categories_of, category
from app.engine.money import exponent, round_to_minor
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
    shares, ever = scene.counted, scene.seen.ever
    mine = chosen(shares.some[scene.seen.whole.rows.deal]).tolist()
    placed = sorted((scene.seen.whole.deals[place], place) for place in mine)
    return [
        _contribution(scene, place, shares[deal], ever[place], language) for deal, place in placed
    ]


def categories(scene: Scene, left: Mapping[str, Places]) -> list[CategoryOut]:
    """How many deals, and what is known of their value, in each category."""
    deals = scene.seen.whole.rows.deal
    here = scene.seen.told.table.columns["held_until"] == NEVER
    mine = (scene.counted.some & here)[deals]
    members: dict[Category, Places] = dict.fromkeys(Category, deals[:0])
    for each, flags in categories_of(scene.seen.ever_now).items():
        members[each] = deals[flags & mine]
    members[Category.OMITTED] = together(left.values())
    return [
        CategoryOut(category=each, count=len(found), value=_sum(scene, found)[0])
        if each is not Category.CLOSED
        else CategoryOut(category=each, count=scene.won.count, value=_money(scene, scene.won.value))
        for each, found in members.items()
    ]


def left_out(scene: Scene) -> dict[str, Places]:
    """By reason the deals of the scope that add nothing now, by their index in the story."""
    deals = scene.seen.told.table.columns
    lately = (deals["exited_at"] != NEVER) & (day_of(deals["exited_at"]) >= day(scene.since))
    reasons = {
        DEAD: ~scene.living,
        DECLINED: (deals["status"] == "exited") & (deals["exit_kind"] == DECLINED) & lately,
        ON_HOLD: (deals["status"] == "open") & (deals["held_until"] != NEVER),
    }
    found, left = {}, scene.shares.some
    for name, flags in reasons.items():
        found[name] = chosen(flags & left)
        left = left & ~flags
    return found


def excluded(scene: Scene, left: Mapping[str, Places]) -> list[ExcludedOut]:
    """The deals that are left out, by reason and id; of each reason the most valuable ones."""
    told = scene.seen.told
    keys = {row.id: row.key for row in told.milestones}
    found = [(why, number) for why in left for number in _named(scene, left[why]).tolist()]
    numbers = [number for _, number in found]
    wanted = ("opportunity_id", "milestone_id", "reporting_value", "held_until")
    rows = zip(*told.table.cells(wanted, numbers), strict=True)
    return [
        ExcludedOut(
            opportunity_id=id,
            reason=reason,
            milestone=None if milestone_id is None else keys.get(milestone_id),
            value=_worth(scene, value, scene.shares[number]),
            returns_at=held_until,
        )
        for (reason, number), (id, milestone_id, value, held_until) in zip(found, rows, strict=True)
    ]


def _named(scene: Scene, numbers: Places) -> Places:
    """Those that are named, the most valuable, by their id."""
    if len(numbers) <= MOST_NAMED:
        return numbers
    columns = scene.seen.told.table.columns
    whole = units(columns[AMOUNT][numbers], exponent(scene.measure.currency))
    if whole is not None:
        return numbers[dearest(whole, MOST_NAMED)]
    worth = columns["reporting_value"]
    best = sorted(numbers.tolist(), key=lambda number: (-(worth[number] or 0), number))
    return whole_of(sorted(best[:MOST_NAMED]))


def _worth(scene: Scene, value: Decimal | None, share: Fraction) -> MoneyOut | None:
    if value is None:
        return None
    if share == 1:
        return _money(scene, value)
    mine = Fraction(value) * share
    return _money(scene, round_to_minor(mine, scene.measure.currency))


def excluded_sums(scene: Scene, left: Mapping[str, Places]) -> list[ExcludedSumOut]:
    sums = []
    for reason, found in left.items():
        value, missing = _sum(scene, found)
        if len(found):
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


def _sum(scene: Scene, found: Places) -> tuple[MoneyOut | None, int]:
    """What is known of the scope's value in these deals, and of how many nothing is."""
    currency = scene.measure.currency
    added, missing = scene.seen.told.table.total(scene.shares, found, exponent(currency))
    return None if added is None else _money(scene, round_to_minor(added, currency)), missing


def _money(scene: Scene, amount: Decimal | None) -> MoneyOut | None:
    return money_out(amount, scene.measure.currency)
