"""Public holidays by country, from the `holidays` package: what `holidays: GB` in the catalog's calendars stands for.

A country without a region means the days on which its offices are closed nearly everywhere; for the United Kingdom that
is England and Wales (gov.uk/bank-holidays lists them first), because the days common to all four nations leave out
Easter Monday and the summer bank holiday, on which most desks are closed. `GB-SCT`, `GB-NIR` name the others.
Observed days (a holiday on a Sunday, taken on Monday) are included.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Set
from datetime import date
from functools import lru_cache

import holidays

from mayday.domain.calendars import BusinessCalendar, OpenHours
from mayday.domain.durations import HintedError

__all__ = ["UnknownRegion", "check_regions", "open_hours", "public_holidays"]

USUAL_REGION = {"GB": "ENG"}


class UnknownRegion(HintedError):
    """A country or region of which no holidays are known."""


def open_hours(calendar: BusinessCalendar) -> OpenHours:
    """The calendar with the public holidays of its countries; `UnknownRegion` for one that nobody knows."""
    sources = [public_holidays(region) for region in calendar.countries]

    def of_year(year: int) -> Set[date]:
        return frozenset[date]().union(*(source(year) for source in sources))

    return calendar.with_holidays(of_year if sources else frozenset())


def check_regions(calendar: BusinessCalendar) -> None:
    """For the catalog check: `UnknownRegion` with a hint for the first country or region that nobody knows."""
    for region in calendar.countries:
        public_holidays(region)


def public_holidays(region: str) -> Callable[[int], Set[date]]:
    """The public holidays of `GB` or `ES-MD` as a function of the year; `UnknownRegion` when nobody knows them."""
    country, _, part = region.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        near = {"UK": "GB", "EN": "GB"}.get(country)
        raise UnknownRegion(
            f"no public holidays are known for {country!r}",
            f"did you mean {near}?"
            if near
            else "write the ISO 3166 code of a country, for example GB, or list the dates",
        )
    if part and part not in known[country]:
        near_part = next(iter(difflib.get_close_matches(part, known[country], n=1)), None)
        parts = ", ".join(known[country][:8]) or "none"
        raise UnknownRegion(
            f"{country} has no region {part!r} with public holidays of its own",
            f"did you mean {country}-{near_part}?" if near_part else f"its regions: {parts}",
        )
    return lambda year: _of_year(country, part or USUAL_REGION.get(country), year)


@lru_cache(maxsize=256)
def _of_year(country: str, part: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=part, years=year, expand=False))
