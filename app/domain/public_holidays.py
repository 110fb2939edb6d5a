"""Public holidays of countries and their regions, as the `holidays` library knows them."""

from datetime import date
from functools import lru_cache

import holidays

from app.core.errors import Invalid

LANGUAGES = {"en": "en_US", "de": "de"}


def check(country: str | None, region: str | None) -> None:
    """`Invalid` when the library does not know the country, or not this region of it."""
    if country is None:
        if region is not None:
            raise Invalid.at("/holiday_region", "country_missing", "A region needs its country.")
        return
    regions = _regions(country)
    if regions is None:
        detail = f"The holidays of {country} are not known here."
        raise Invalid.at("/holiday_country", "unknown_country", detail)
    if region is not None and region not in regions:
        detail = f"{country} has no holidays of a region {region!r}; known: {', '.join(regions)}."
        raise Invalid.at("/holiday_region", "unknown_region", detail)


@lru_cache(maxsize=512)
def of_year(country: str, region: str | None, year: int, language: str) -> dict[date, str]:
    """The holidays with their names; in the country's own words where it is not translated."""
    found = holidays.country_holidays(
        country, subdiv=region, years=year, language=LANGUAGES[language]
    )
    return dict(sorted(found.items()))


def _regions(country: str) -> tuple[str, ...] | None:
    """The regions with holidays of their own; None when the country is unknown."""
    # Asked one by one: a list of all countries would load 250 modules.
    try:
        return holidays.country_holidays(country).subdivisions
    except NotImplementedError:
        return None
