"""What the world sees of a workspace: how it counts money and time."""

import re
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.sight import Peers
from app.schemas.base import Currency, Day, In, Name, Out
from app.schemas.patch import ABSENT

# Zones of the machine rather than of the IANA.
NO_PLACE = {"localtime", "Factory"}
LONGEST = 3660
EVERY_ORIGIN = "*"
# Lower case, no default port, no path; other schemes are those of apps and browser extensions.
_ORIGIN = re.compile(
    r"(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://"
    r"([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - NO_PLACE)


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("unknown_time_zone", "this is not an IANA time zone")
    return name


def _week(days: list[int]) -> list[int]:
    if len(set(days)) < len(days):
        raise PydanticCustomError("not_unique", "a weekday can be named once")
    return sorted(days)


def _sorted(days: list[date]) -> list[date]:
    return sorted(set(days))


TimeZone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin"])]
Weekday = Annotated[int, Field(ge=1, le=7, strict=True)]
WorkingDays = Annotated[
    list[Weekday],
    Field(min_length=1, max_length=7, description="1 Monday … 7 Sunday. null: every day counts."),
    AfterValidator(_week),
]
Country = Annotated[
    str, Field(pattern="^[A-Z]{2}$", description="ISO 3166, such as DE.", examples=["DE"])
]
Region = Annotated[
    str,
    Field(min_length=1, max_length=60, description="A part of the country.", examples=["BY"]),
]
DaysOff = Annotated[list[Day], Field(max_length=1000), AfterValidator(_sorted)]


def _origin(said: str) -> str:
    """As browsers write it: nothing else would ever be equal to what they send."""
    if said != EVERY_ORIGIN and _ORIGIN.fullmatch(said) is None:
        raise PydanticCustomError(
            "not_an_origin", "must be `*` or an origin such as https://sales.example.com"
        )
    return said


def _distinct(origins: list[str]) -> list[str]:
    return sorted(set(origins))


Origins = Annotated[
    list[Annotated[str, Field(max_length=300), AfterValidator(_origin)]],
    Field(
        max_length=100,
        description="Origins of the web pages that may use keys of this workspace in a browser:"
        " scheme, host and port as browsers send them. `*`: every page.",
        examples=[["https://sales.example.com"]],
    ),
    AfterValidator(_distinct),
]


class WorkspacePatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    name: Name = ABSENT
    time_zone: TimeZone = ABSENT
    currency: Currency = ABSENT
    language: Literal["en", "de"] = ABSENT
    fiscal_start: Annotated[int, Field(ge=1, le=12, strict=True)] = ABSENT
    working_days: WorkingDays | None = ABSENT
    holiday_country: Country | None = ABSENT
    holiday_region: Region | None = ABSENT
    days_off: DaysOff = ABSENT
    hold_limit_days: Annotated[int, Field(ge=0, le=3650, strict=True)] = ABSENT
    group_orders_count: Annotated[bool, Field(strict=True)] = ABSENT
    peer_visibility: Peers = ABSENT
    allowed_origins: Origins = ABSENT


class WorkspaceOut(Out):
    id: UUID
    name: str
    time_zone: str
    currency: Annotated[str, Field(description="The currency in which everything is summed.")]
    language: str
    fiscal_start: Annotated[int, Field(description="The month in which the fiscal year begins.")]
    working_days: list[int] | None
    holiday_country: str | None
    holiday_region: str | None
    days_off: list[date]
    hold_limit_days: Annotated[int, Field(description="How long holds may stop an age.")]
    group_orders_count: Annotated[
        bool,
        Field(
            description="Whether an order of one company of a group makes all of them existing"
            " customers. Opportunities that are decided stay as they are."
        ),
    ]
    peer_visibility: Annotated[
        str,
        Field(
            description="What people are shown of each other: `none`, `aggregate` (sums of teams"
            " and of all) or `named`. Their own numbers they always see."
        ),
    ]
    allowed_origins: Annotated[
        list[str], Field(description="Origins of the web pages that may ask. `*`: every page.")
    ]
    version: int
    created_at: datetime
    updated_at: datetime


class CalendarQuery(In):
    start: Annotated[date, Field(alias="from", ge=date(1900, 1, 1), description="First day.")]
    end: Annotated[date, Field(alias="to", le=date(2199, 12, 31), description="Last day.")]

    @model_validator(mode="after")
    def has_days(self) -> Self:
        days = (self.end - self.start).days + 1
        if not 1 <= days <= LONGEST:
            raise PydanticCustomError(
                "bad_stretch", "from one day to {longest} days later", {"longest": LONGEST}
            )
        return self


class DayOffOut(Out):
    date: date
    name: str


class CalendarOut(Out):
    """From and to are the first and the last day, both included."""

    start: Annotated[date, Field(serialization_alias="from")]
    end: Annotated[date, Field(serialization_alias="to")]
    working_days: Annotated[int, Field(description="How many of these days count.")]
    days_off: Annotated[
        list[DayOffOut],
        Field(description="Holidays and own days off that fall on a weekday of work."),
    ]
