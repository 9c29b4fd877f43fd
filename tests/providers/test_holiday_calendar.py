"""Public holidays of the catalog's calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mayday.domain.calendars import BusinessCalendar, add_business_days, is_open
from mayday.providers.holiday_calendar import UnknownRegion, check_regions, open_hours, public_holidays


def calendar(*holidays: str) -> BusinessCalendar:
    return BusinessCalendar(hours="Mon-Fri 09:00-17:30", tz="Europe/London", holidays=list(holidays))


def test_the_united_kingdom_has_the_bank_holidays_of_england() -> None:
    days = public_holidays("GB")(2026)
    assert {date(2026, 4, 3), date(2026, 4, 6), date(2026, 8, 31), date(2026, 12, 28)} <= days
    assert date(2026, 1, 2) not in days
    assert date(2026, 1, 2) in public_holidays("GB-SCT")(2026)


def test_a_review_after_maundy_thursday_is_due_after_easter() -> None:
    hours = open_hours(calendar("GB"))
    thursday = datetime(2026, 4, 2, 9, tzinfo=UTC)
    assert add_business_days(hours, thursday, 1) == datetime(2026, 4, 7, 9, tzinfo=UTC)


def test_several_countries_and_dates_add_up() -> None:
    hours = open_hours(calendar("GB", "ES-MD", "2026-03-03"))
    noon = [datetime(2026, month, day, 12, tzinfo=UTC) for month, day in ((3, 2), (3, 3), (1, 6), (4, 6))]
    assert [is_open(hours, at) for at in noon] == [True, False, False, False]
    assert date(2027, 1, 1) in hours


def test_without_countries_only_the_listed_dates_are_closed() -> None:
    check_regions(calendar("GB", "2026-12-25"))
    assert is_open(open_hours(calendar()), datetime(2026, 12, 25, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("region", "hint"),
    [("XX", "ISO 3166"), ("EN", "did you mean GB?"), ("GB-EN", "did you mean GB-ENG?"), ("SM-1", "its regions")],
)
def test_unknown_regions_are_refused_when_the_catalog_is_checked(region: str, hint: str) -> None:
    with pytest.raises(UnknownRegion) as refusal:
        check_regions(calendar(region))
    assert hint in refusal.value.hint
