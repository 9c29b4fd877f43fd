"""The two odd days of the year in Berlin and in New York: hand-offs, nights, contracts and meetings over the change.

The dates of 2026: Berlin goes forward on 29 March and back on 25 October, New York on 8 March and 1 November.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mayday.domain.calendars import BusinessCalendar, contract_deadline, contract_due, next_meeting_slot
from mayday.domain.durations import Duration
from mayday.domain.oncall import gaps, on_call, shifts
from mayday.domain.schedules import LocalSchedule
from mayday.domain.wallclock import wall_of, zone

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
#: zone, the Sunday of the change, how many hours it has
CHANGES = [
    pytest.param(BERLIN, datetime.fromisoformat("2026-03-29"), 23, id="berlin-forward"),
    pytest.param(BERLIN, datetime.fromisoformat("2026-10-25"), 25, id="berlin-back"),
    pytest.param(NEW_YORK, datetime.fromisoformat("2026-03-08"), 23, id="new_york-forward"),
    pytest.param(NEW_YORK, datetime.fromisoformat("2026-11-01"), 25, id="new_york-back"),
]
pytestmark = pytest.mark.parametrize(("tz", "sunday", "hours"), CHANGES)


def at(tz: str, day: datetime, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return day.replace(hour=hour, minute=minute, tzinfo=zone(tz)).astimezone(UTC)


def wall(moment: datetime, tz: str) -> str:
    return f"{wall_of(moment, zone(tz)):%a %H:%M}"


def office(tz: str) -> BusinessCalendar:
    return BusinessCalendar(hours="Mon-Fri 09:00-17:30", tz=tz)


def test_the_hand_off_is_at_the_same_time_on_the_wall_and_nobody_is_missing(
    tz: str, sunday: datetime, hours: int
) -> None:
    rota = LocalSchedule.model_validate(
        {"tz": tz, "layers": [{"rotation": "daily", "handoff": "09:00", "people": ["ana", "dee"]}]}
    )
    begin, end = at(tz, sunday - timedelta(days=1), "09:00"), at(tz, sunday + timedelta(days=2), "09:00")
    turns = shifts(rota, begin, end)
    assert [wall(turn.starts_at, tz) for turn in turns] == ["Sat 09:00", "Sun 09:00", "Mon 09:00"]
    assert [(turn.ends_at - turn.starts_at) / timedelta(hours=1) for turn in turns] == [hours, 24, 24]
    assert gaps(rota, begin, end) == []
    assert turns[0].person != turns[1].person


@pytest.mark.parametrize("handoff", ["02:00", "02:30", "03:00", "01:00", "01:30"])
def test_a_hand_off_in_the_odd_hour_happens_once(tz: str, sunday: datetime, hours: int, handoff: str) -> None:
    rota = LocalSchedule.model_validate(
        {"tz": tz, "layers": [{"rotation": "daily", "handoff": handoff, "people": ["ana", "dee"]}]}
    )
    begin, end = at(tz, sunday, "00:00"), at(tz, sunday + timedelta(days=1), "00:00")
    turns = shifts(rota, begin, end)
    assert len(turns) == 2
    assert gaps(rota, begin, end) == []
    assert sum((turn.ends_at - turn.starts_at for turn in turns), timedelta()) == timedelta(hours=hours)


def test_the_night_layer_lasts_as_long_as_the_night(tz: str, sunday: datetime, hours: int) -> None:
    night = {"rotation": "weekly", "handoff": "Mon 09:00", "people": ["dee"], "active": {"hours": "22:00-06:00"}}
    day = {"rotation": "weekly", "handoff": "Mon 09:00", "people": ["ana"]}
    rota = LocalSchedule.model_validate({"tz": tz, "layers": [day, night]})
    begin, end = at(tz, sunday - timedelta(days=1), "12:00"), at(tz, sunday, "12:00")
    (held,) = [turn for turn in shifts(rota, begin, end) if turn.person == "dee"]
    assert (held.ends_at - held.starts_at) / timedelta(hours=1) == hours - 16
    assert on_call(rota, at(tz, sunday, "05:59")).person == "dee"
    assert on_call(rota, at(tz, sunday, "06:00")).person == "ana"


def test_a_contract_of_office_hours_is_due_at_the_same_time_on_the_wall(tz: str, sunday: datetime, hours: int) -> None:
    open_hours = office(tz).with_holidays()
    friday = at(tz, sunday - timedelta(days=2), "17:00")
    assert wall(contract_deadline(open_hours, friday, Duration.parse("1h")), tz) == "Mon 09:30"
    assert wall(contract_deadline(open_hours, friday, Duration.parse("2 business days")), tz) == "Tue 17:00"
    rested = contract_due(
        open_hours, at(tz, sunday + timedelta(days=1), "09:30"), Duration.parse("1s"), friday,
        at(tz, sunday + timedelta(days=1), "09:00"),
    )  # fmt: skip
    assert wall(rested, tz) == "Mon 10:00", "half an hour of Friday, nothing of the weekend"


def test_a_clock_that_never_closes_counts_hours_and_not_the_wall(tz: str, sunday: datetime, hours: int) -> None:
    saturday = at(tz, sunday - timedelta(days=1), "23:00")
    due = contract_deadline("24x7", saturday, Duration.parse("4h"))
    assert due - saturday == timedelta(hours=4)
    assert wall(due, tz) == ("Sun 04:00" if hours == 23 else "Sun 02:00")


def test_the_review_meeting_is_in_office_hours_of_the_week_after(tz: str, sunday: datetime, hours: int) -> None:
    resolved = at(tz, sunday - timedelta(days=2), "18:00")
    slot = next_meeting_slot(office(tz).with_holidays(), resolved + timedelta(days=5), Duration.parse("30m"), resolved)
    assert wall(slot.starts_at, tz) == "Mon 09:00"
    assert not slot.late
