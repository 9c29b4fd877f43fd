"""When the review meeting can be: the latest sensible slot within the rule. For activities: zones are read here."""

from __future__ import annotations

from datetime import timedelta

from mayday.domain.calendars import OpenHours, deadline, next_meeting_slot
from mayday.domain.durations import Duration
from mayday.domain.review.wire import Slot, SlotRequest

#: how much before the deadline is tried first, so that there is time to write the draft and read it
STEP = timedelta(hours=12)


def meeting_slot(hours: OpenHours, request: SlotRequest) -> Slot:
    """A slot in the open hours that starts by the deadline; the first one after it (`late`) where there is none.

    Searches back from the deadline in half days, so that people get the time the rule allows them. Raises `NeverOpen`
    when the calendar has no stretch as long as the meeting.
    """
    duration = Duration.parse(request.duration)
    due_at = deadline(hours, request.after_at, Duration.parse(request.within))
    earliest = max(due_at - 2 * STEP, request.not_before_at)
    found = next_meeting_slot(hours, due_at, duration, earliest)
    while found.late and earliest > request.not_before_at:
        earliest = max(earliest - STEP, request.not_before_at)
        earlier = next_meeting_slot(hours, due_at, duration, earliest)
        found = earlier if not earlier.late else found
    return Slot(
        starts_at=found.starts_at, ends_at=found.ends_at, deadline_at=due_at, late=found.late, tz=hours.calendar.tz
    )
