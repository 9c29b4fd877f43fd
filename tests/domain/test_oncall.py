"""Who is on call: rotations, layers, overrides, gaps, and the weeks in which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from mayday.domain.oncall import (
    ExternalSchedule,
    Gap,
    LocalSchedule,
    OnCall,
    Override,
    Schedule,
    gaps,
    next_handoff,
    on_call,
    shifts,
    with_overrides,
)
from tests.domain.rotations import custom, daily, schedule, weekly

SCHEDULE: TypeAdapter[LocalSchedule | ExternalSchedule] = TypeAdapter(Schedule)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(roster: LocalSchedule, at: str) -> str | None:
    return on_call(roster, utc(at)).person


def told(roster: LocalSchedule, begin: str, end: str) -> list[tuple[str, str, str]]:
    """Shifts as (person, start, end) in UTC, short enough to read."""
    return [
        (shift.person, f"{shift.starts_at:%m-%d %H:%M}", f"{shift.ends_at:%m-%d %H:%M}")
        for shift in shifts(roster, utc(begin), utc(end))
    ]


# Turns


def test_weeks_are_counted_from_the_first_monday_of_2024() -> None:
    roster = schedule(layers=[weekly("ana", "raj", "lee")])
    assert who(roster, "2024-01-01T09:00") == "ana"
    assert who(roster, "2024-01-01T08:59:59") == "lee"
    assert who(roster, "2024-01-08T09:00") == "raj"
    assert who(roster, "2026-03-02T09:00") == "lee"  # 113 weeks later, and 113 leaves 2 when divided by 3
    assert who(roster, "2023-12-20T00:00") == "raj"


def test_the_incoming_person_is_on_call_at_the_handoff() -> None:
    roster = schedule()
    assert who(roster, "2024-01-01T08:00") == "ana"
    assert on_call(roster, utc("2024-01-02T07:59:59")) == OnCall(
        person="ana", source="layer", layer=1, until=utc("2024-01-02T08:00")
    )
    assert who(roster, "2024-01-02T08:00") == "raj"


def test_a_weekday_later_in_the_week_begins_in_that_week() -> None:
    roster = schedule(layers=[weekly("ana", "raj", at="Wed 12:00")])
    assert who(roster, "2024-01-03T12:00") == "ana"
    assert who(roster, "2024-01-03T11:59") == "raj"


def test_twelve_hour_turns() -> None:
    roster = schedule(layers=[custom("ana", "raj", every="12h", start="2026-03-02T08:00")])
    assert told(roster, "2026-03-02T00:00", "2026-03-03T12:00") == [
        ("ana", "03-02 08:00", "03-02 20:00"),
        ("raj", "03-02 20:00", "03-03 08:00"),
        ("ana", "03-03 08:00", "03-03 12:00"),
    ]


def test_two_week_turns_without_a_start() -> None:
    roster = schedule(layers=[custom("ana", "raj", every="2w", handoff="Tue 10:00")])
    assert next_handoff(roster, utc("2024-01-02T10:00")).model_dump() == {  # type: ignore[union-attr]
        "at": utc("2024-01-16T10:00"),
        "outgoing": "ana",
        "incoming": "raj",
    }


def test_with_a_start_the_first_person_begins_and_nobody_before() -> None:
    roster = schedule(layers=[weekly("ana", "raj", start="2026-03-04")])  # a Wednesday: a short first turn
    assert who(roster, "2026-03-04T08:59") is None
    assert told(roster, "2026-03-01T00:00", "2026-03-20T00:00") == [
        ("ana", "03-04 09:00", "03-09 09:00"),
        ("raj", "03-09 09:00", "03-16 09:00"),
        ("ana", "03-16 09:00", "03-20 00:00"),
    ]


def test_a_start_may_carry_an_offset() -> None:
    roster = schedule("Europe/Madrid", [custom("ana", "raj", every="3d", start="2026-03-02T08:00Z", handoff="09:00")])
    assert told(roster, "2026-03-01T00:00", "2026-03-09T00:00") == [
        ("ana", "03-02 08:00", "03-05 08:00"),
        ("raj", "03-05 08:00", "03-08 08:00"),
        ("ana", "03-08 08:00", "03-09 00:00"),
    ]


def test_one_person_is_on_call_for_ever() -> None:
    roster = schedule(layers=[weekly("ana")])
    assert on_call(roster, utc("2026-03-02T02:10")) == OnCall(person="ana", source="layer", layer=1, until=None)
    assert next_handoff(roster, utc("2026-03-02T02:10")) is None
    assert len(shifts(roster, utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))) == 1


# Clocks


@pytest.mark.parametrize(
    ("tz", "day", "lengths"),
    [
        ("Europe/London", "2026-03-28", [23, 24]),
        ("Europe/London", "2026-10-24", [25, 24]),
        ("Europe/Madrid", "2026-03-28", [23, 24]),
        ("Europe/Madrid", "2026-10-24", [25, 24]),
        ("America/New_York", "2026-03-07", [23, 24]),
        ("America/New_York", "2026-10-31", [25, 24]),
        ("Australia/Lord_Howe", "2026-10-03", [23.5, 24]),
        ("Australia/Lord_Howe", "2026-04-04", [24.5, 24]),
    ],
)
def test_the_shift_over_the_change_of_clocks_is_shorter_or_longer(tz: str, day: str, lengths: list[float]) -> None:
    roster = schedule(tz, [daily("ana", "raj")])
    noon = utc(f"{day}T00:00") + timedelta(hours=12)
    first = next_handoff(roster, noon - timedelta(hours=36))
    assert first
    found = []
    at = first.at
    while at < noon + timedelta(days=2):
        following = next_handoff(roster, at)
        assert following
        found.append((following.at - at) / timedelta(hours=1))
        at = following.at
    assert lengths[0] in found
    assert all(length in lengths for length in found)


@pytest.mark.parametrize(
    ("handoff", "on", "instant"),
    [
        ("01:30", "2026-03-29", "2026-03-29T01:00"),  # does not occur: when the clocks jump
        ("01:30", "2026-10-25", "2026-10-25T00:30"),  # occurs twice: the first
    ],
)
def test_a_handoff_in_the_odd_hour_happens_once(handoff: str, on: str, instant: str) -> None:
    roster = schedule("Europe/London", [daily("ana", "raj", at=handoff)])
    begin = utc(f"{on}T00:00") - timedelta(hours=6)
    handoffs = {shift.starts_at for shift in shifts(roster, begin, begin + timedelta(hours=24))} - {begin}
    assert handoffs == {utc(instant)}


def test_after_a_handoff_the_same_time_on_the_wall_does_not_bring_the_old_shift_back() -> None:
    roster = schedule("Europe/London", [daily("ana", "raj", at="01:30")])
    incoming = who(roster, "2026-10-25T00:30")  # 01:30, the first
    assert who(roster, "2026-10-25T00:29") != incoming
    assert who(roster, "2026-10-25T01:15") == incoming  # 01:15, the second
    assert next_handoff(roster, utc("2026-10-25T01:15")).at == utc("2026-10-26T01:30")  # type: ignore[union-attr]


def test_hourly_turns_in_the_hour_that_occurs_twice_take_two() -> None:
    roster = schedule("Europe/London", [custom("ana", "raj", "lee", every="1h", start="2026-10-24")])
    lengths = [
        (shift.ends_at - shift.starts_at) / timedelta(hours=1)
        for shift in shifts(roster, utc("2026-10-24T23:00"), utc("2026-10-25T04:00"))
    ]
    assert lengths == [1, 2, 1, 1]


def test_hourly_turns_lose_the_one_in_the_missing_hour() -> None:
    roster = schedule("Europe/London", [custom("ana", "raj", "lee", every="1h", start="2026-03-28")])
    people = [shift.person for shift in shifts(roster, utc("2026-03-29T00:00"), utc("2026-03-29T03:00"))]
    assert people == ["ana", "lee", "ana"]


# Layers


def test_the_last_listed_layer_wins_while_it_is_active() -> None:
    roster = schedule("Europe/London", [daily("ana"), daily("raj", active={"hours": "09:00-17:00", "days": "Mon-Fri"})])
    assert told(roster, "2026-03-06T00:00", "2026-03-09T12:00") == [
        ("ana", "03-06 00:00", "03-06 09:00"),
        ("raj", "03-06 09:00", "03-06 17:00"),
        ("ana", "03-06 17:00", "03-09 09:00"),
        ("raj", "03-09 09:00", "03-09 12:00"),
    ]
    assert on_call(roster, utc("2026-03-06T10:00")) == OnCall(
        person="raj", source="layer", layer=2, until=utc("2026-03-06T17:00")
    )


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    roster = schedule(layers=[daily("ana", active={"hours": "22:00-06:00", "days": "Fri"})])
    assert told(roster, "2026-03-01T00:00", "2026-03-14T00:00") == [
        ("ana", "03-06 22:00", "03-07 06:00"),
        ("ana", "03-13 22:00", "03-14 00:00"),
    ]


def test_a_layer_keeps_turning_while_it_sleeps() -> None:
    roster = schedule(layers=[daily("ana", "raj", at="00:00", active={"days": "Mon,Thu"})])
    assert who(roster, "2024-01-01T10:00") == "ana"
    assert who(roster, "2024-01-04T10:00") == "raj"


# Overrides


def test_an_override_in_local_time_and_one_with_an_offset() -> None:
    roster = schedule(
        "Europe/London",
        [weekly("ana")],
        overrides=[
            {"from": "2026-07-24T09:00", "to": "2026-07-27T09:00", "person": "raj"},
            {"from": "2026-07-28T09:00Z", "to": "2026-07-28T12:00+01:00", "person": "lee"},
        ],
    )
    assert told(roster, "2026-07-23T00:00", "2026-07-30T00:00") == [
        ("ana", "07-23 00:00", "07-24 08:00"),
        ("raj", "07-24 08:00", "07-27 08:00"),
        ("ana", "07-27 08:00", "07-28 09:00"),
        ("lee", "07-28 09:00", "07-28 11:00"),
        ("ana", "07-28 11:00", "07-30 00:00"),
    ]
    assert on_call(roster, utc("2026-07-25T00:00")) == OnCall(
        person="raj", source="override", layer=None, until=utc("2026-07-27T08:00")
    )


def test_an_override_inside_another_wins_when_it_is_listed_later() -> None:
    outer = {"from": "2026-03-02T00:00", "to": "2026-03-06T00:00", "person": "raj"}
    inner = {"from": "2026-03-03T00:00", "to": "2026-03-04T00:00", "person": "lee"}
    nested = schedule(layers=[weekly("ana")], overrides=[outer, inner])
    assert [shift.person for shift in shifts(nested, utc("2026-03-01T00:00"), utc("2026-03-07T00:00"))] == [
        "ana",
        "raj",
        "lee",
        "raj",
        "ana",
    ]
    hidden = schedule(layers=[weekly("ana")], overrides=[inner, outer])
    assert who(hidden, "2026-03-03T12:00") == "raj"


def test_an_override_made_tonight_wins_over_those_of_the_catalog() -> None:
    roster = schedule(layers=[weekly("ana")], overrides=[{"from": "2026-03-02", "to": "2026-03-03", "person": "raj"}])
    swapped = with_overrides(roster, [Override.between(utc("2026-03-02T10:00:00.250"), utc("2026-03-02T12:00"), "lee")])
    assert who(swapped, "2026-03-02T10:00") == "raj"
    assert who(swapped, "2026-03-02T10:00:01") == "lee"
    assert who(swapped, "2026-03-02T12:00") == "raj"
    assert who(roster, "2026-03-02T11:00") == "raj"
    with pytest.raises(ValidationError):
        Override.between(utc("2026-03-02T10:00"), utc("2026-03-02T10:00"), "lee")


def test_an_override_fills_a_gap() -> None:
    roster = schedule(
        layers=[daily("ana", active={"hours": "08:00-20:00"})],
        overrides=[{"from": "2026-03-02T20:00", "to": "2026-03-03T08:00", "person": "raj"}],
    )
    assert gaps(roster, utc("2026-03-02T12:00"), utc("2026-03-04T08:00")) == [
        Gap(starts_at=utc("2026-03-03T20:00"), ends_at=utc("2026-03-04T08:00"))
    ]
    assert on_call(roster, utc("2026-03-04T00:00")) == OnCall(
        person=None, source=None, layer=None, until=utc("2026-03-04T08:00")
    )


def test_a_change_far_ahead_is_found() -> None:
    roster = schedule(
        layers=[weekly("ana")], overrides=[{"from": "2026-12-24T09:00", "to": "2026-12-27T09:00", "person": "raj"}]
    )
    assert on_call(roster, utc("2026-03-02T00:00")).until == utc("2026-12-24T09:00")
    assert on_call(roster, utc("2025-03-02T00:00")).until is None


def test_an_override_by_the_person_on_call_is_no_handoff() -> None:
    roster = schedule(
        layers=[weekly("ana")], overrides=[{"from": "2026-03-03T09:00", "to": "2026-03-04T09:00", "person": "ana"}]
    )
    assert on_call(roster, utc("2026-03-02T00:00")).until == utc("2026-03-03T09:00")
    assert next_handoff(roster, utc("2026-03-02T00:00")) is None


def test_naive_instants_and_backward_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        on_call(schedule(), datetime.fromisoformat("2026-03-02"))
    with pytest.raises(ValueError, match="not after"):
        shifts(schedule(), utc("2026-03-02T00:00"), utc("2026-03-02T00:00"))
