"""`backcast cascade`: what must arrive at every milestone, without a database or a server."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn

from app.cli import voice
from app.cli.failures import Misuse
from app.cli.tables import table
from app.engine.cascade import BadRate, Cascade, Level, Refused, Section, cascade, rate
from app.engine.money import exponent, is_currency

SUMMARY = "Print what every milestone must receive so that the target arrives at the order."
PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]+)?")
FRACTION = re.compile(r"([0-9]{1,40})/([0-9]{1,40})")
NOTHING = "-"
Cell = str | int | Decimal | Fraction | None
FAULTS = {
    "rate_malformed": "is not a rate: write it as 0.5 or 1/3",
    "rate_must_be_positive": "must be above 0: through a section of rate 0 nothing ever arrives",
    "rate_above_one": "is above 1: no more can arrive than was there (50 % is 0.5)",
    "too_many_milestones": "a process has at most 12 milestones, that is 11 rates",
    "keys_do_not_match": "name one milestone more than there are rates: the last is the order",
    "keys_repeated": "every milestone needs a name of its own",
    "average_order_value_must_be_positive": "the average order value must be above 0",
}
IMPLAUSIBLE = "warning: next to nothing arrives at these rates; is one of them mistyped?"


def run(arguments: Sequence[str]) -> int:
    asked = parser().parse_args(arguments)
    found = answer(asked)
    voice.answer((as_json if asked.json else as_table)(found, asked.currency))
    return 0


def parser() -> ArgumentParser:
    """argparse, because it is there in no time."""
    found = Parser(prog="backcast cascade", description=SUMMARY, allow_abbrev=False)
    found.add_argument("target", help="what shall arrive at the order, such as 100000")
    found.add_argument("rates", nargs="+", help="rate of each section in order: 0.5 or 1/3")
    found.add_argument("--currency", default="EUR", help="ISO 4217 code (default: EUR)")
    found.add_argument("--count", action="store_true", help="the target is a number of orders")
    found.add_argument("--average", help="average order value: gives counts to amounts and back")
    found.add_argument("--milestones", help="their names, with commas between")
    found.add_argument("--json", action="store_true", help="print the answer of POST /v1/cascade")
    return found


class Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message} (see `{self.prog} --help`)")


def answer(asked: Namespace) -> Cascade:
    if not is_currency(asked.currency):
        raise Misuse(f"{asked.currency[:20]!r} is not an ISO 4217 code, such as EUR")
    sections = [_section(number, text) for number, text in enumerate(asked.rates, start=1)]
    target = (_count if asked.count else _amount)("target", asked.target, asked.currency)
    value, count = (None, target) if asked.count else (target, None)
    average = asked.average and _amount("average", asked.average, asked.currency)
    names = asked.milestones and [name.strip() for name in asked.milestones.split(",")]
    try:
        return cascade(value, count, sections, names, average)
    except Refused as error:
        raise Misuse(FAULTS[error.code]) from error


def as_table(found: Cascade, currency: str) -> str:
    shown = [
        (head, read)
        for head, read in _columns(currency)
        if any(read(level) is not None for level in found.levels)
    ]
    rows = [[_text(read(level)) for _, read in shown] for level in found.levels]
    lines = [table([head for head, _ in shown], rows, numbers=[0, *range(2, len(shown))])]
    if found.coverage is not None:
        lines.append(f"coverage {_text(found.coverage)}: the first milestone over the order")
    if "implausible_yield" in found.warnings:
        lines.append(IMPLAUSIBLE)
    return "\n".join(lines)


def as_json(found: Cascade, currency: str) -> str:
    from app.schemas.cascade import cascade_out

    money = found.levels[-1].value is not None
    return cascade_out(found, currency if money else None).model_dump_json(indent=2)


def _columns(currency: str) -> list[tuple[str, Callable[[Level], Cell]]]:
    return [
        ("#", lambda level: level.position),
        ("milestone", lambda level: level.key),
        (f"required {currency}", lambda level: level.required_value(currency)),
        ("required count", lambda level: level.required_count),
        ("rate", lambda level: level.rate),
        (f"planned exits {currency}", lambda level: level.planned_exit_value(currency)),
    ]


def _text(cell: Cell) -> str:
    """
    >>> [_text(cell) for cell in (None, 1600, Decimal("1600.00"), Fraction(1, 2), Fraction(1, 3))]
    ['-', '1,600', '1,600.00', '0.5', '0.3333']
    """
    match cell:
        case None:
            return NOTHING
        case str():
            return cell
        case Fraction():
            rounded = Decimal(round(cell * 10_000)).scaleb(-4)
            return f"{rounded.normalize():f}" if Fraction(rounded) == cell else f"{rounded:f}"
    return f"{cell:,}"


def _section(number: int, text: str) -> Section:
    parts = FRACTION.fullmatch(text)
    try:
        share = rate((int(parts[1]), int(parts[2])) if parts else text)
    except BadRate as error:
        raise Misuse(f"rate {number}, {text[:40]!r}, {FAULTS[error.code]}") from error
    return Section(share, share)


def _amount(what: str, text: str, currency: str) -> Fraction:
    places = exponent(currency)
    if not PLAIN.fullmatch(text):
        raise Misuse(f"the {what}, {text[:40]!r}, is not an amount: write it as 100000 or 99.95")
    if len(text.partition(".")[2]) > places:
        raise Misuse(f"the {what}, {text[:40]!r}, is too fine: {currency} has {places} decimals")
    return Fraction(text)


def _count(what: str, text: str, _: str) -> Fraction:
    if not (PLAIN.fullmatch(text) and "." not in text):
        raise Misuse(f"the {what}, {text[:40]!r}, is not a number of orders: write it as 4")
    return Fraction(text)
