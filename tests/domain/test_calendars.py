"""Business hours: open or not, business days, contract clocks, and when people can meet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mayday.domain.calendars import (
    BusinessCalendar,
    NeverOpen,
    OpenHours,
    add_business_days,
    add_business_time,
    business_time_between,
    contract_deadline,
    contract_time_between,
    deadline,
    is_open,
    next_meeting_slot,
    next_opening,
)
from mayday.domain.durations import Duration, HintedError

BANK_HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 12, 25), date(2026, 12, 28)}
OFFICE = "Mon-Fri 09:00-17:30"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def desk(hours: str = OFFICE, tz: str = "Europe/London", closed: Any = BANK_HOLIDAYS) -> OpenHours:
    return BusinessCalendar(hours=hours, tz=tz, holidays=[]).with_holidays(closed)


# Open and closed


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-03-02T09:00", True),  # Monday
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T17:29:59", True),
        ("2026-03-02T17:30", False),
        ("2026-03-07T12:00", False),  # Saturday
        ("2026-04-03T12:00", False),  # Good Friday
        ("2026-07-01T08:00", True),  # summer time
        ("2026-07-01T16:30", False),
    ],
)
def test_open_or_not(at: str, open_: bool) -> None:
    assert is_open(desk(), utc(at)) is open_


def test_the_next_opening_jumps_over_a_long_weekend() -> None:
    assert next_opening(desk(), utc("2026-03-02T10:00")) == utc("2026-03-02T10:00")
    assert next_opening(desk(), utc("2026-04-02T16:30")) == utc("2026-04-07T08:00")  # Thursday evening before Easter


def test_holidays_may_be_a_function_of_the_year_and_dates_listed_by_hand_count_too() -> None:
    asked: list[int] = []

    def new_year(year: int) -> set[date]:
        asked.append(year)
        return {date(year, 1, 1)}

    hours = BusinessCalendar(hours=OFFICE, tz="UTC", holidays=["GB", "2026-12-31"]).with_holidays(new_year)
    assert next_opening(hours, utc("2026-12-30T18:00")) == utc("2027-01-04T09:00")
    assert sorted(asked) == [2026, 2027]
    assert "2026-12-31" not in hours


def test_a_desk_that_never_opens_says_so() -> None:
    always_closed = BusinessCalendar(hours=OFFICE, tz="UTC").with_holidays(
        lambda year: {date(year, 1, 1) + timedelta(days=day) for day in range(366)}
    )
    assert not is_open(always_closed, utc("2026-03-02T10:00"))
    for question in (
        lambda: next_opening(always_closed, utc("2026-03-02T10:00")),
        lambda: add_business_days(always_closed, utc("2026-03-02T10:00"), 1),
        lambda: add_business_time(always_closed, utc("2026-03-02T10:00"), timedelta(hours=1)),
        lambda: next_meeting_slot(
            always_closed, utc("2026-03-05T10:00"), Duration.parse("30m"), utc("2026-03-02T10:00")
        ),
    ):
        with pytest.raises(NeverOpen):
            question()


# Business days


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02T10:00", 1, "2026-03-03T10:00"),
        ("2026-03-06T10:00", 1, "2026-03-09T10:00"),  # Friday to Monday
        ("2026-03-06T10:00", 5, "2026-03-13T10:00"),
        ("2026-04-02T10:00", 1, "2026-04-07T10:00"),  # over Easter
        ("2026-03-02T07:00", 1, "2026-03-03T09:00"),  # before opening: starts at nine
        ("2026-03-02T20:00", 1, "2026-03-04T09:00"),  # after closing: starts at nine of the next day
        ("2026-03-07T12:00", 1, "2026-03-10T09:00"),  # Saturday: starts on Monday
        ("2026-03-27T10:00", 1, "2026-03-30T09:00"),  # ten on the wall before and after the clocks change
    ],
)
def test_business_days_keep_the_time_of_day(start: str, days: int, end: str) -> None:
    assert add_business_days(desk(), utc(start), days) == utc(end)


def test_a_time_of_day_that_the_last_day_does_not_have_ends_with_the_hours_before_it() -> None:
    short_friday = desk("Mon-Thu 09:00-12:30, 13:30-17:30, Fri 10:00-15:00", "UTC")
    assert add_business_days(short_friday, utc("2026-03-05T17:00"), 1) == utc("2026-03-06T15:00")
    assert add_business_days(short_friday, utc("2026-03-05T09:30"), 1) == utc("2026-03-06T10:00")
    assert add_business_days(short_friday, utc("2026-03-06T13:00"), 1) == utc("2026-03-09T12:30")


def test_a_night_desk_counts_the_night_to_the_day_it_began() -> None:
    nights = desk("Mon-Fri 22:00-06:00", "UTC")
    assert add_business_days(nights, utc("2026-03-06T23:00"), 1) == utc("2026-03-09T23:00")
    assert add_business_days(nights, utc("2026-03-07T02:00"), 1) == utc("2026-03-10T02:00")


def test_a_promise_in_days_runs_over_weekends_and_one_in_business_days_does_not() -> None:
    friday = utc("2026-03-06T10:00")
    assert deadline(desk(), friday, Duration.parse("3 days")) == utc("2026-03-09T10:00")
    assert deadline(desk(), friday, Duration.parse("3 business days")) == utc("2026-03-11T10:00")


def test_no_time_leads_nowhere() -> None:
    with pytest.raises(ValueError, match="anywhere"):
        add_business_days(desk(), utc("2026-03-06T10:00"), 0)
    with pytest.raises(ValueError, match="anywhere"):
        add_business_time(desk(), utc("2026-03-06T10:00"), timedelta())


# Contracts


@pytest.mark.parametrize(
    ("start", "within", "end"),
    [
        ("2026-03-02T10:00", "20m", "2026-03-02T10:20"),
        ("2026-03-02T17:20", "20m", "2026-03-03T09:10"),
        ("2026-03-06T17:20", "20m", "2026-03-09T09:10"),
        ("2026-03-02T02:10", "4h", "2026-03-02T13:00"),
        ("2026-03-02T13:30", "4h", "2026-03-02T17:30"),  # to the minute of closing, not to the next morning
        ("2026-03-02T10:00", "1d", "2026-03-04T17:00"),  # 24 open hours: 7.5 + 8.5 + 8
        ("2026-03-02T10:00", "2 business days", "2026-03-04T10:00"),
    ],
)
def test_a_contract_with_business_hours_counts_open_time(start: str, within: str, end: str) -> None:
    assert contract_deadline(desk(), utc(start), Duration.parse(within)) == utc(end)


def test_a_contract_round_the_clock_counts_all_time() -> None:
    saturday = utc("2026-03-07T02:10")
    assert contract_deadline("24x7", saturday, Duration.parse("20m")) == utc("2026-03-07T02:30")
    assert contract_deadline("24x7", saturday, Duration.parse("2 business days")) == utc("2026-03-09T02:10")
    assert contract_time_between("24x7", saturday, utc("2026-03-07T02:30")) == timedelta(minutes=20)
    assert contract_time_between("24x7", utc("2026-03-07T02:30"), saturday) == timedelta()


def test_a_pause_of_the_vendors_clock_moves_its_deadline() -> None:
    within = timedelta(hours=4)
    spent = contract_time_between(desk(), utc("2026-03-02T15:30"), utc("2026-03-02T16:30"))
    assert spent == timedelta(hours=1)
    assert contract_deadline(desk(), utc("2026-03-02T17:00"), within - spent) == utc("2026-03-03T11:30")


def test_overlapping_hours_count_once() -> None:
    assert business_time_between(
        desk("Mon-Fri 09:00-17:00, 12:00-18:00", "UTC"), utc("2026-03-02T00:00"), utc("2026-03-03T00:00")
    ) == timedelta(hours=9)
    assert business_time_between(
        desk("Mon-Fri 09:00-17:00, 10:00-12:00", "UTC"), utc("2026-03-02T00:00"), utc("2026-03-03T00:00")
    ) == timedelta(hours=8)
    assert business_time_between(
        desk("Mon-Sun 00:00-24:00, 22:00-06:00", "UTC", ()), utc("2026-03-02T00:00"), utc("2026-03-04T00:00")
    ) == timedelta(hours=48)


@pytest.mark.parametrize("hours", [OFFICE, "Mon-Sun 00:00-24:00"])
def test_years_of_open_time_are_counted_to_the_minute(hours: str) -> None:
    start, length = utc("2026-03-02T10:10"), timedelta(days=800)
    assert business_time_between(desk(hours), start, add_business_time(desk(hours), start, length)) == length


# Meetings


@pytest.mark.parametrize(
    ("earliest", "not_after", "starts", "late"),
    [
        ("2026-03-02T10:10", "2026-03-05T10:00", "2026-03-02T10:30", False),
        ("2026-03-02T10:30", "2026-03-05T10:00", "2026-03-02T10:30", False),
        ("2026-03-02T17:10", "2026-03-05T10:00", "2026-03-03T09:00", False),
        ("2026-04-02T17:00", "2026-04-05T17:00", "2026-04-07T08:00", True),  # three days that are all Easter
        ("2026-07-01T10:10", "2026-07-01T10:30", "2026-07-01T10:30", False),  # as late as it may
        ("2026-07-01T10:10", "2026-07-01T10:29", "2026-07-01T10:30", True),
    ],
)
def test_the_review_meets_within_hours_and_as_early_as_it_can(
    earliest: str, not_after: str, starts: str, late: bool
) -> None:
    slot = next_meeting_slot(desk(), utc(not_after), Duration.parse("30m"), utc(earliest))
    assert (slot.starts_at, slot.ends_at - slot.starts_at, slot.late) == (utc(starts), timedelta(minutes=30), late)


def test_half_hours_are_those_of_the_wall() -> None:
    slot = next_meeting_slot(
        desk("Mon-Fri 09:15-17:30", "Asia/Kathmandu"),
        utc("2026-03-09T00:00"),
        Duration.parse("1h"),
        utc("2026-03-02T00:00"),
    )
    assert slot.starts_at == utc("2026-03-02T03:45")  # 09:30 at an offset of 5:45


def test_a_meeting_longer_than_any_stretch_is_refused() -> None:
    with pytest.raises(NeverOpen, match="long enough"):
        next_meeting_slot(
            desk("Mon-Fri 09:00-12:00, 13:00-17:00"),
            utc("2026-03-05T00:00"),
            Duration.parse("5h"),
            utc("2026-03-02T00:00"),
        )


# Shape


def test_the_catalogs_calendar_is_read_and_written_back() -> None:
    written = {"hours": OFFICE, "tz": "Europe/London", "holidays": "GB"}
    calendar = BusinessCalendar.model_validate(written)
    assert calendar.countries == ["GB"]
    assert calendar.closed_dates == frozenset()
    assert calendar.model_dump() == written


def test_countries_and_dates_may_stand_together() -> None:
    calendar = BusinessCalendar.model_validate(
        {"hours": OFFICE, "tz": "Europe/Madrid", "holidays": ["ES-MD", "2026-12-24"]}
    )
    assert calendar.countries == ["ES-MD"]
    assert calendar.closed_dates == {date(2026, 12, 24)}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"hours": "9-5"}, "did you mean 09:00?"),
        ({"hours": ""}, "Mon-Fri 09:00-17:30"),
        ({"hours": "Mon-Fri 09:00-17:30,Sat 09:00-12:00"}, "Mon-Fri 09:00-17:30"),
        ({"hours": "Mon-Fry 09:00-17:30"}, "one of Mon"),
        ({"hours": "Mon-Fri 9:00-17:30"}, "did you mean 09:00?"),
        ({"hours": "Mon-Fri 09:00-09:00"}, "00:00-24:00"),
        ({"tz": "London"}, "Europe/London"),
        ({"holidays": "gb"}, "did you mean GB?"),
        ({"holidays": "Britain"}, "write GB"),
        ({"holidays": ["2026-02-30"]}, "2026-12-24"),
        ({"holidays": ["2026-12-24T00:00"]}, "write GB"),
    ],
)
def test_calendars_that_make_no_sense_are_refused_with_what_to_write(wrong: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        BusinessCalendar.model_validate({"hours": OFFICE, "tz": "UTC", **wrong})
    errors = [error["ctx"]["error"] for error in refusal.value.errors() if "error" in error.get("ctx", {})]
    assert any(isinstance(error, HintedError) and hint in error.hint for error in errors)


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="holiday"):
        BusinessCalendar.model_validate({"hours": OFFICE, "tz": "UTC", "holiday": "GB"})


# Properties

ZONES = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
HOURS = [
    OFFICE,
    "Mon-Thu 09:00-12:30, 13:30-17:30, Fri 09:00-15:00",
    "Mon-Sun 00:00-24:00",
    "Mon-Fri 22:00-06:00",
    "Sun 01:15-03:45",
]
desks = st.builds(desk, st.sampled_from(HOURS), st.sampled_from(ZONES))
instants = st.builds(
    lambda day, minute: utc(f"{day}T00:00") + timedelta(minutes=minute),
    st.sampled_from(["2026-03-07", "2026-03-28", "2026-04-02", "2026-10-03", "2026-10-24", "2026-10-31", "2026-12-23"]),
    st.integers(0, 5 * 1440),
)
lengths = st.integers(1, 100 * 60).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=80, deadline=None)
@given(desks, instants, lengths)
def test_open_time_added_is_the_open_time_between(hours: OpenHours, at: datetime, length: timedelta) -> None:
    end = add_business_time(hours, at, length)
    assert business_time_between(hours, at, end) == length
    assert is_open(hours, end - timedelta(microseconds=1))


@settings(max_examples=80, deadline=None)
@given(desks, instants, lengths, lengths)
def test_open_time_may_be_added_in_parts(hours: OpenHours, at: datetime, one: timedelta, two: timedelta) -> None:
    assert add_business_time(hours, add_business_time(hours, at, one), two) == add_business_time(hours, at, one + two)


@settings(max_examples=80, deadline=None)
@given(desks, instants, st.integers(1, 12))
def test_more_business_days_are_never_earlier_and_end_in_hours(hours: OpenHours, at: datetime, days: int) -> None:
    end = add_business_days(hours, at, days)
    assert at < end < add_business_days(hours, at, days + 1)
    assert is_open(hours, end) or is_open(hours, end - timedelta(microseconds=1))


@settings(max_examples=80, deadline=None)
@given(desks, instants)
def test_nothing_is_open_before_the_next_opening(hours: OpenHours, at: datetime) -> None:
    opening = next_opening(hours, at)
    assert is_open(hours, opening)
    assert business_time_between(hours, at, opening) == timedelta()


@settings(max_examples=80, deadline=None)
@given(desks, instants, st.sampled_from(["15m", "30m", "1h30m"]))
def test_a_meeting_lies_in_open_hours_and_starts_on_a_half_hour(hours: OpenHours, at: datetime, length: str) -> None:
    duration = Duration.parse(length)
    slot = next_meeting_slot(hours, at + timedelta(days=3), duration, at)
    assert at <= slot.starts_at
    assert business_time_between(hours, slot.starts_at, slot.ends_at) == duration.as_timedelta()
    assert slot.starts_at.astimezone(hours.zone).minute in (0, 30)
    assert slot.late == (slot.starts_at > at + timedelta(days=3))
