"""What is wrong with a request, in our own codes and words.

The validation library's codes and sentences change with its versions; clients match on ours.
"""

from collections.abc import Sequence
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

from app.core.errors import Fault, Invalid, MalformedBody, Problem, UnknownParameter

# As many are told one by one: an answer is not to be much longer than what was sent.
MOST = 100
LIBRARY = frozenset(get_args(ErrorType))
# What the library found -> our code and sentence; {…} is filled from what it knows of the limit.
SAID: dict[str, tuple[str, str]] = {
    "missing": ("missing", "is required"),
    "extra_forbidden": ("unknown_field", "there is no such field"),
    "string_type": ("not_a_string", "must be a string"),
    "string_too_long": ("too_long", "has at most {max_length} characters"),
    "string_too_short": ("too_short", "has at least {min_length} characters"),
    "string_pattern_mismatch": ("pattern", "must match {pattern}"),
    "string_unicode": ("not_unicode", "must be valid Unicode"),
    "list_type": ("not_a_list", "must be a list"),
    "too_long": ("too_many", "has at most {max_length} entries"),
    "too_short": ("too_few", "has at least {min_length} entries"),
    "dict_type": ("not_an_object", "must be an object"),
    "model_type": ("not_an_object", "must be an object"),
    "model_attributes_type": ("not_an_object", "must be an object"),
    "enum": ("not_one_of", "must be one of {expected}"),
    "literal_error": ("not_one_of", "must be one of {expected}"),
    "uuid_parsing": ("not_a_uuid", "must be a UUID"),
    "uuid_type": ("not_a_uuid", "must be a UUID"),
    "int_type": ("not_a_number", "must be a whole number"),
    "int_parsing": ("not_a_number", "must be a whole number"),
    "int_parsing_size": ("too_large", "has too many digits"),
    "int_from_float": ("not_a_number", "must be a whole number"),
    "bool_type": ("not_a_boolean", "must be true or false"),
    "bool_parsing": ("not_a_boolean", "must be true or false"),
    "greater_than": ("too_small", "must be more than {gt}"),
    "greater_than_equal": ("too_small", "must be at least {ge}"),
    "less_than": ("too_large", "must be less than {lt}"),
    "less_than_equal": ("too_large", "must be at most {le}"),
    "timezone_aware": ("time_zone_missing", "must say its time zone, such as a closing Z"),
    "datetime_type": ("not_an_instant", "must be an instant such as 2026-07-20T09:30:00Z"),
    "datetime_parsing": ("not_an_instant", "must be an instant such as 2026-07-20T09:30:00Z"),
    "datetime_from_date_parsing": (
        "not_an_instant",
        "must be an instant such as 2026-07-20T09:30:00Z",
    ),
    "datetime_object_invalid": ("not_an_instant", "must be an instant that exists"),
    "date_type": ("not_a_date", "must be a date such as 2026-07-20"),
    "date_parsing": ("not_a_date", "must be a date such as 2026-07-20"),
    "date_from_datetime_parsing": ("not_a_date", "must be a date such as 2026-07-20"),
    "date_from_datetime_inexact": ("not_a_date", "must be a date such as 2026-07-20"),
    "decimal_type": ("not_a_decimal", "must be a decimal number"),
    "decimal_parsing": ("not_a_decimal", "must be a decimal number"),
    "decimal_max_digits": ("too_many_digits", "has at most {max_digits} digits"),
    "decimal_max_places": ("too_many_decimals", "has at most {decimal_places} decimals"),
    "decimal_whole_digits": ("too_many_digits", "has too many digits before the point"),
    "finite_number": ("not_a_decimal", "must be a finite number"),
}


def refusal(found: Sequence[Any]) -> Problem:
    """The problem for what the validation found: all of it, each with its place."""
    if any(fault["type"] == "json_invalid" for fault in found):
        return MalformedBody("The body is not valid JSON.")
    faults = [_fault(fault) for fault in found]
    strange = [fault for fault in faults if fault["code"] == "unknown_parameter"]
    kind = UnknownParameter if len(strange) == len(faults) else Invalid
    first = faults[0]
    where = first.get("parameter") or first.get("pointer") or "body"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return kind(f"{where}: {first['detail']}{more}", faults=faults[:MOST])


def _fault(found: Any) -> Fault:
    """Where and what; never the rejected input, which may be a secret in the wrong field."""
    place, *path = found["loc"]
    code, detail = _said(found)
    if place == "body":
        pointer = "".join(f"/{_escaped(step)}" for step in path)
        return {"pointer": pointer, "code": code, "detail": detail}
    name = str(path[0]) if path else str(place)
    if code == "unknown_field":
        code, detail = "unknown_parameter", "there is no such parameter"
    return {"parameter": name, "code": code, "detail": detail}


def _said(found: Any) -> tuple[str, str]:
    kind, limits = found["type"], found.get("ctx", {})
    if kind in SAID:
        code, sentence = SAID[kind]
        return code, sentence.format_map(limits)
    if kind in LIBRARY:
        return "invalid", "is not valid here"
    return kind, str(found["msg"])  # one of our own, raised by a schema


def _escaped(step: object) -> str:
    """JSON pointer, RFC 6901."""
    return str(step).replace("~", "~0").replace("/", "~1")
