# ruff: noqa: INP001 - a script's part beside its picture, no package
"""The picture of a forecast: months in their parts, and what age does to a deal's chance."""

from collections.abc import Iterator
from typing import Any

WIDTH, HEIGHT, TOP, FLOOR = 900, 380, 64, 318
BARS, DOTS = (64, 470), (560, 868)  # from left to right
PARTS = (
    ("won", "ordered already", "#1b7f4b"),
    ("from_open", "from open deals", "#2f6fb3"),
    ("from_future_arrivals", "from deals to come", "#a9cbea"),
)
MILESTONES = ("#c8741a", "#8a63b8", "#2f6fb3", "#1b7f4b", "#b03a48", "#5b6770")
OLDEST, HIGHEST = 180, 0.6
INK, FAINT = "#24292f", "#d0d7de"


def picture(answer: Any) -> str:
    """An answer of `GET /v1/forecast?periods=6&explain=true` as SVG."""
    drawn = [*_frame(), *_months(answer["periods"]), *_deals(answer["contributions"])]
    return "\n".join([_OPEN, *drawn, "</svg>\n"])


_OPEN = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    ' font-family="system-ui, sans-serif" font-size="12">'
    "<title>A forecast of the demo, month by month, and its deals by age</title>"
)


def _frame() -> Iterator[str]:
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>'
    yield _text(BARS[0], 30, "Expected orders, EUR", size=15)
    yield _text(DOTS[0], 30, "Chance of an order, each dot an open deal", size=15)
    for left, right in (BARS, DOTS):
        yield _line(left, FLOOR, right, FLOOR)


def _months(periods: Any) -> Iterator[str]:
    most = max(_amount(period["p90"]) for period in periods) * 1.05
    wide = (BARS[1] - BARS[0]) / len(periods)
    for number, period in enumerate(periods):
        left = BARS[0] + wide * (number + 0.18)
        yield from _month(period, left, wide * 0.64, most)
    for number, (_, name, colour) in enumerate(PARTS):
        left = BARS[0] + number * 130
        yield f'<rect x="{left}" y="40" width="10" height="10" fill="{colour}"/>'
        yield _text(left + 15, 49, name)


def _month(period: Any, left: float, wide: float, most: float) -> Iterator[str]:
    """A bar of its parts; the line beside it holds four of five outcomes."""
    heights = [0.0]
    for part, _, colour in PARTS:
        heights.append(heights[-1] + _amount(period[part]) / most * (FLOOR - TOP))
        low, high = heights[-2:]
        place = f'x="{left:.1f}" y="{FLOOR - high:.1f}" width="{wide:.1f}"'
        yield f'<rect {place} height="{high - low:.1f}" fill="{colour}"/>'
    middle = left + wide / 2
    low, high = (FLOOR - _amount(period[end]) / most * (FLOOR - TOP) for end in ("p10", "p90"))
    yield _line(middle, low, middle, high, INK)
    for end in (low, high):
        yield _line(middle - 5, end, middle + 5, end, INK)
    yield _text(middle, FLOOR + 18, period["period"], anchor="middle")
    told = f"{_amount(period['expected']) / 1000:.0f}k"
    yield _text(middle, FLOOR + 36, told, anchor="middle", weight="bold")


def _deals(contributions: Any) -> Iterator[str]:
    keys = {each["position"]: each["milestone"] for each in contributions}
    for number, position in enumerate(sorted(keys)):
        left = DOTS[0] + number * 84
        yield f'<circle cx="{left + 5}" cy="45" r="5" fill="{MILESTONES[number]}"/>'
        yield _text(left + 14, 49, keys[position])
    for each in contributions:
        age, chance = float(each["age_days"]), float(each["chance_ever"])
        if age <= OLDEST:
            across = DOTS[0] + age / OLDEST * (DOTS[1] - DOTS[0])
            colour = MILESTONES[sorted(keys).index(each["position"])]
            place = f'cx="{across:.1f}" cy="{_up(min(chance, HIGHEST)):.1f}"'
            yield f'<circle {place} r="3.5" fill="{colour}" fill-opacity="0.65"/>'
    for chance in (0.2, 0.4, 0.6):
        yield _text(DOTS[0] - 8, _up(chance) + 4, f"{chance:.0%}", anchor="end")
    for day in range(30, OLDEST + 1, 30):
        across = DOTS[0] + day / OLDEST * (DOTS[1] - DOTS[0])
        yield _text(across, FLOOR + 18, str(day), anchor="middle")
    yield _text(DOTS[1], FLOOR + 36, "days since the customer last moved on", anchor="end")


def _up(chance: float) -> float:
    return FLOOR - chance / HIGHEST * (FLOOR - TOP)


def _amount(money: Any) -> float:
    return float(money["amount"])


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = FAINT) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="1.5"/>'


def _text(
    x: float, y: float, said: str, *, size: int = 12, anchor: str = "start", weight: str = "normal"
) -> str:
    how = f'font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{INK}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {how}>{said}</text>'
