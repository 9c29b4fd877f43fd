"""Wall-clock times: what 09:00 means on ordinary days and on the two odd ones of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayday.domain.wallclock import (
    Span,
    WallClockError,
    Window,
    in_utc,
    instant_of,
    open_spans,
    parse_clock,
    parse_days,
    parse_hours,
    parse_moment,
    wall_of,
    zone,
)

ZONES = [
    "UTC",
    "Europe/London",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
]


walls = st.datetimes(datetime.fromisoformat("2011-01-01"), datetime.fromisoformat("2030-01-01"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("place", "wall", "instant"),
    [
        ("UTC", "2026-03-29T01:30", "2026-03-29T01:30"),
        ("Europe/London", "2026-07-01T09:00", "2026-07-01T08:00"),
        ("Europe/London", "2026-01-01T09:00", "2026-01-01T09:00"),
        # clocks go forward: 01:00 to 02:00 does not occur, all of it is the instant of the jump
        ("Europe/London", "2026-03-29T00:59", "2026-03-29T00:59"),
        ("Europe/London", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00"),
        ("Europe/London", "2026-03-29T02:00", "2026-03-29T01:00"),
        ("Europe/Madrid", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # a jump of half an hour
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00"),  # a day that Samoa never had
        # clocks go back: the first of two
        ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("Europe/London", "2026-10-25T02:00", "2026-10-25T02:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
    ],
)
def test_a_wall_clock_time_is_one_instant(place: str, wall: str, instant: str) -> None:
    assert instant_of(datetime.fromisoformat(wall), zone(place)) == utc(instant)


@given(
    st.sampled_from(ZONES),
    walls,
    st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_later_on_the_wall_is_never_earlier(place: str, wall: datetime, more: timedelta) -> None:
    where = zone(place)
    assert instant_of(wall, where) <= instant_of(wall + more, where)


@given(st.sampled_from(ZONES), walls)
def test_reading_the_wall_at_an_instant_gives_the_time_back_unless_it_is_missing(place: str, wall: datetime) -> None:
    where = zone(place)
    read = wall_of(instant_of(wall, where), where)
    assert read == wall or (read > wall and read.second == 0)


def test_only_aware_times_are_instants() -> None:
    with pytest.raises(ValueError, match="naive"):
        in_utc(datetime.fromisoformat("2026-01-01"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("London", "did you mean Europe/London?"),
        ("Europe/Lodon", "did you mean Europe/London?"),
        ("New York", "did you mean America/New_York?"),
        ("America/Argentina", "did you mean America/Argentina/"),
        ("EST", "an area and a city"),
        ("../etc/passwd", "an area and a city"),
        ("", "an area and a city"),
    ],
)
def test_unknown_zones_are_refused_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(WallClockError) as refusal:
        zone(name)
    assert hint in refusal.value.hint


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("09:00", 540), ("23:59", 1439), ("24:00", 1440)])
def test_clock(text: str, minutes: int) -> None:
    assert parse_clock(text) == minutes


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("9:00", "did you mean 09:00?"),
        ("9am", "did you mean 09:00?"),
        ("5.30 pm", "did you mean 17:30?"),
        ("9", "did you mean 09:00?"),
        ("24:01", "24-hour clock"),
        ("25:00", "24-hour clock"),
        ("noon", "24-hour clock"),
        ("", "24-hour clock"),
    ],
)
def test_other_clocks_are_refused(text: str, hint: str) -> None:
    with pytest.raises(WallClockError) as refusal:
        parse_clock(text)
    assert hint in refusal.value.hint


def test_hours() -> None:
    assert parse_hours("09:00-17:30") == (540, 1050)
    assert parse_hours("00:00-24:00") == (0, 1440)
    assert parse_hours("22:00-06:00") == (1320, 1800)
    for wrong in ("09:00", "09:00-09:00", "24:00-06:00", "09:00 to 17:00", "9-17"):
        with pytest.raises(WallClockError):
            parse_hours(wrong)


def test_days() -> None:
    assert parse_days("Mon-Fri") == {0, 1, 2, 3, 4}
    assert parse_days("Sat,Sun") == parse_days("Sat-Sun") == {5, 6}
    assert parse_days("Mon-Wed, Fri") == {0, 1, 2, 4}
    assert parse_days("Fri-Mon") == {4, 5, 6, 0}
    with pytest.raises(WallClockError, match="did you mean Mon"):
        parse_days("monday")
    for wrong in ("", "Mon-Wed-Fri", "Mon,", "weekdays"):
        with pytest.raises(WallClockError):
            parse_days(wrong)


def test_moments() -> None:
    assert (
        parse_moment("2026-12-24T09:00")
        == parse_moment("2026-12-24 09:00:00")
        == datetime.fromisoformat("2026-12-24T09:00")
    )
    assert parse_moment("2026-12-24") == datetime.fromisoformat("2026-12-24")
    assert parse_moment("2026-12-24T09:00Z") == parse_moment("2026-12-24T10:00+01:00") == utc("2026-12-24T09:00")
    for wrong in (
        "2026-02-30",
        "24.12.2026",
        "2026-12-24T25:00",
        "2026-12-24T09:00+99:99",
        "tomorrow",
        "2026-12-24T9:00",
    ):
        with pytest.raises(WallClockError):
            parse_moment(wrong)


def test_a_night_belongs_to_the_day_it_starts_on() -> None:
    friday_night = Window(frozenset({4}), 22 * 60, 30 * 60)
    spans = list(open_spans([friday_night], zone("UTC"), utc("2026-03-07T05:00"), utc("2026-03-07T05:01")))
    assert spans == [Span(utc("2026-03-06T22:00"), utc("2026-03-07T06:00"), date(2026, 3, 6))]
    assert not list(open_spans([friday_night], zone("UTC"), utc("2026-03-08T05:00"), utc("2026-03-08T05:01")))


def test_closed_days_and_swallowed_windows_have_no_spans() -> None:
    early = Window(frozenset(range(7)), 60, 90)  # 01:00 to 01:30, which London skips on the 29th
    spans = open_spans(
        [early], zone("Europe/London"), utc("2026-03-28T00:00"), utc("2026-03-31T00:00"), {date(2026, 3, 30)}
    )
    assert [span.day.day for span in spans] == [28]
