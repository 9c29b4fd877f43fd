"""When the review meeting can be: the latest sensible slot within the rule. For activities: zones are read here."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from mayday.domain.calendars import MeetingSlot, OpenHours, deadline, next_meeting_slot
from mayday.domain.durations import Duration
from mayday.domain.review.wire import Slot, SlotRequest
from mayday.domain.wallclock import instant_of, wall_of

#: how long before the deadline is tried first, and how far each further try goes back
DAY, STEP = timedelta(hours=24), timedelta(hours=12)


def meeting_slot(hours: OpenHours, request: SlotRequest) -> Slot:
    """A slot in the open hours that starts by the deadline; the first one after it (`late`) where there is none.

    Searches back from a day before the deadline, so that people get the time that the rule allows for writing and
    reading the draft, and takes the morning of the day found. Raises `NeverOpen` when the calendar has no stretch as
    long as the meeting, `ValueError` for a duration that is none.
    """
    duration = Duration.parse(request.duration)
    due_at = deadline(hours, request.after_at, Duration.parse(request.within))
    earliest = max(due_at - DAY, request.not_before_at)
    found = next_meeting_slot(hours, due_at, duration, earliest)
    while found.late and earliest > request.not_before_at:
        earliest = max(earliest - STEP, request.not_before_at)
        earlier = next_meeting_slot(hours, due_at, duration, earliest)
        found = earlier if not earlier.late else found
    found = next_meeting_slot(hours, due_at, duration, max(_morning(hours, found), request.not_before_at))
    return Slot(
        starts_at=found.starts_at, ends_at=found.ends_at, deadline_at=due_at, late=found.late, tz=hours.calendar.tz
    )


def _morning(hours: OpenHours, slot: MeetingSlot) -> datetime:
    """The beginning of the slot's local day."""
    return instant_of(datetime.combine(wall_of(slot.starts_at, hours.zone).date(), time()), hours.zone)
