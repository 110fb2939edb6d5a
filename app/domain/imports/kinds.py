"""How each kind of field is checked and cast, as SQL expressions over the text of a cell."""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.imports.fields import MARKS, NOTE, Field, Kind
from app.domain.imports.mapping import Plan
from app.engine.currencies import DECIMALS

TYPES = {
    Kind.DECIMAL: "numeric",
    Kind.SHARE: "numeric",
    Kind.DATE: "date",
    Kind.INSTANT: "timestamptz",
    Kind.BOOLEAN: "boolean",
}
YES = "('true', 't', 'yes', 'y', '1', 'ja', 'j', 'wahr', 'x')"
NO = "('false', 'f', 'no', 'n', '0', 'nein', 'falsch')"
# What else may stand between thousands: blanks, those that do not break, apostrophes.
_APART = " \u00a0\u202f\u2019''"
NUMBERS = {
    "en": (
        rf"^[+-]?([0-9]+|[0-9]{{1,3}}([,{_APART}][0-9]{{3}})+)([.][0-9]+)?$",
        f"translate({{x}}, ',{_APART}', '')",
        "1,234.56",
    ),
    "de": (
        rf"^[+-]?([0-9]+|[0-9]{{1,3}}([.{_APART}][0-9]{{3}})+)(,[0-9]+)?$",
        f"translate({{x}}, ',.{_APART}', '.')",
        "1.234,56",
    ),
}
_CLOCK = (
    r"((, ?|[T ])[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?[AaPp][Mm])?"
    r"( ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?$"
)
_ISO = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
# How a date begins, which of its first two numbers is the month, an example. A year that comes
# first is understood everywhere.
DATES = {
    "iso": (_ISO, "", "2026-07-20"),
    "us": (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", "{first}, {second}", "7/20/2026"),
    "eu": (r"^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}", "{second}, {first}", "20.7.2026"),
}
# Replacing by pattern would cost ten times as much as taking the text apart.
_SWAPPED = """CASE WHEN length(split_part({x}, '-', 1)) = 4 THEN replace({x}, ',', '')
  ELSE concat_ws('-',
  substr({dashed}, length({first}) + length({second}) + 3, 4), {order})
  || substr({dashed}, length({first}) + length({second}) + 7) END"""
# How machines write instants is seen without an expression, which would cost the most of all.
_LIKE_A_MACHINE = (
    "translate({x}, '0123456789', '') IN ('--', '--T::Z', '-- ::', '--T::') AND ({x} LIKE"
    " '____-__-__' OR {x} LIKE '____-__-__T__:__:__Z' OR {x} LIKE '____-__-__ __:__:__'"
    " OR {x} LIKE '____-__-__T__:__:__')"
)
_ZONED = "':[0-9]{2}.*(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$'"


@dataclass(frozen=True, slots=True)
class Reading:
    """Expressions for the cells of one plan. Bind parameters: now, zone, currency."""

    plan: Plan

    def fault(self, field: Field, x: str) -> str:
        """The code of what is wrong with the text `x` (null: nothing); `x` is not null."""
        checks = self._checks(field, x)
        whens = " ".join(f"WHEN {condition} THEN '{code}'" for code, condition in checks)
        return f"CASE WHEN {x} IS NULL THEN NULL {whens} END"

    def detail(self, field: Field) -> str | None:
        """What the sentence about such a fault needs to say."""
        match field.kind:
            case Kind.DECIMAL | Kind.SHARE:
                return NUMBERS[self.plan.mapping.locale][2]
            case Kind.DATE | Kind.INSTANT:
                return DATES[self.plan.mapping.date_format][2]
            case Kind.WORD:
                return ", ".join(field.words)
        return str(field.limit)

    def cast(self, field: Field, x: str) -> str:
        """The value of a text that was found sound."""
        if field.kind not in CASTS:
            return x
        return CASTS[field.kind](self, x)

    def _checks(self, field: Field, x: str) -> tuple[tuple[str, str], ...]:
        if field.kind in CHECKS:
            return CHECKS[field.kind](self, field, x)
        return (("too_long", f"char_length({x}) > {field.limit}"),)

    def decimal(self, x: str) -> str:
        return f"CAST({self._number(x)} AS numeric)"

    def share(self, x: str) -> str:
        return f"{self.decimal(_bare(x))} / {_per(x)}"

    def day(self, x: str) -> str:
        return f"CAST(CAST({self._day(x)} AS timestamp) AS date)"

    def share_checks(self, field: Field, x: str) -> tuple[tuple[str, str], ...]:
        del field
        bare = _bare(x)
        return (
            ("not_a_decimal", f"{bare} !~ '{self._shape}'"),
            ("out_of_range", f"{self.decimal(bare)} NOT BETWEEN 0 AND {_per(x)}"),
        )

    @property
    def _shape(self) -> str:
        return NUMBERS[self.plan.mapping.locale][0]

    def _number(self, x: str) -> str:
        return NUMBERS[self.plan.mapping.locale][1].format(x=x)

    def amount_checks(self, field: Field, x: str) -> tuple[tuple[str, str], ...]:
        del field
        number = self._number(x)
        decimals = f"length(rtrim(split_part({number}, '.', 2), '0'))"
        return (
            ("not_a_decimal", f"{x} !~ '{self._shape}'"),
            ("negative", f"{x} LIKE '-%'"),
            ("amount_too_large", f"length(ltrim(split_part({number}, '.', 1), '+0')) > 18"),
            ("too_many_decimals", f"{decimals} > {self._exponent()}"),
        )

    def _exponent(self) -> str:
        column = self.plan.column("currency")
        currency = f"upper(coalesce(c.{column.cell}, :currency))" if column else ":currency"
        odd = {code: decimals for code, decimals in DECIMALS.items() if decimals != 2}  # noqa: PLR2004 - the usual two
        whens = " ".join(
            f"WHEN {currency} IN ({', '.join(repr(c) for c, d in odd.items() if d == decimals)})"
            f" THEN {decimals}"
            for decimals in sorted(set(odd.values()))
        )
        return f"CASE {whens} ELSE 2 END"

    def moment_checks(self, field: Field, x: str) -> tuple[tuple[str, str], ...]:
        begins = DATES[self.plan.mapping.date_format][0]
        machine = _LIKE_A_MACHINE.format(x=x)
        shape = f"NOT ({machine}) AND {x} !~ '{begins}{_CLOCK}' AND {x} !~ '{_ISO}{_CLOCK}'"
        day = self._day(x)
        future = (("in_future", f"{self.instant(x)} > :now"),) if field.past else ()
        return (
            ("not_a_date", f"{shape} OR NOT pg_input_is_valid({day}, 'timestamptz')"),
            ("date_out_of_range", f"substr({day}, 1, 4) NOT BETWEEN '1900' AND '2200'"),
            *future,
        )

    def _day(self, x: str) -> str:
        """Year first; a year that comes first already stays there."""
        order = DATES[self.plan.mapping.date_format][1]
        if not order:
            return f"replace({x}, ',', '')"
        dashed = f"replace(translate(left({x}, 10), './', '--') || substr({x}, 11), ',', '')"
        parts = {
            "first": f"split_part({dashed}, '-', 1)",
            "second": f"split_part({dashed}, '-', 2)",
        }
        return _SWAPPED.format(x=x, dashed=dashed, order=order.format(**parts), **parts)

    def instant(self, x: str) -> str:
        day = self._day(x)
        return (
            f"CASE WHEN {x} LIKE '%:%' AND ({x} LIKE '%Z' OR {x} ~ {_ZONED})"
            f" THEN CAST({day} AS timestamptz)"
            f" ELSE CAST({day} AS timestamp) AT TIME ZONE :zone END"
        )


def _bare(x: str) -> str:
    return f"rtrim({x}, ' %')"


def _per(x: str) -> str:
    return f"CASE WHEN {x} LIKE '%\\%' THEN 100 ELSE 1 END"


def _boolean_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading, field
    return (("not_a_boolean", f"lower({x}) NOT IN {YES} AND lower({x}) NOT IN {NO}"),)


def _currency_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading, field
    known = ", ".join(f"'{code}'" for code in DECIMALS)
    return (("unknown_currency", f"upper({x}) NOT IN ({known})"),)


def _word_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading
    words = ", ".join(f"'{word}'" for word in field.words)
    return (("not_one_of", f"lower({x}) NOT IN ({words})"),)


def _mark_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading, field
    words = ", ".join(f"'{word}'" for several in MARKS.values() for word in several)
    named = "|".join(MARKS["competitor"])
    return (
        ("not_a_mark", f"lower({x}) NOT IN ({words}) AND lower({x}) !~ '^({named}) *: *[^ ]'"),
        ("too_long", f"char_length({x}) > {NOTE}"),
    )


def _key_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading, field
    return (("pattern", f"{x} !~ '^[a-z0-9][a-z0-9_-]{{0,63}}$'"),)


def _email_checks(reading: Reading, field: Field, x: str) -> tuple[tuple[str, str], ...]:
    del reading
    return (
        ("too_long", f"char_length({x}) > {field.limit}"),
        ("not_an_email", rf"{x} !~ '^[^@\s]+@[^@\s]+$'"),
    )


CASTS: dict[Kind, Callable[[Reading, str], str]] = {
    Kind.DECIMAL: Reading.decimal,
    Kind.SHARE: Reading.share,
    Kind.DATE: Reading.day,
    Kind.INSTANT: Reading.instant,
    Kind.BOOLEAN: lambda _, x: f"lower({x}) IN {YES}",
    Kind.CURRENCY: lambda _, x: f"upper({x})",
    Kind.WORD: lambda _, x: f"lower({x})",
}
# Pairs of a code and the condition under which a text deserves it, in the order to be asked.
CHECKS: dict[Kind, Callable[[Reading, Field, str], tuple[tuple[str, str], ...]]] = {
    Kind.DECIMAL: Reading.amount_checks,
    Kind.SHARE: Reading.share_checks,
    Kind.DATE: Reading.moment_checks,
    Kind.INSTANT: Reading.moment_checks,
    Kind.BOOLEAN: _boolean_checks,
    Kind.CURRENCY: _currency_checks,
    Kind.WORD: _word_checks,
    Kind.KEY: _key_checks,
    Kind.MARK: _mark_checks,
    Kind.EMAIL: _email_checks,
}
