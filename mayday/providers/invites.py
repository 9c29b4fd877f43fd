"""Meetings as iCalendar (RFC 5545), sent as iTIP messages (RFC 5546)."""

from __future__ import annotations

from icalendar import Calendar, Event, vCalAddress, vText

from mayday.domain.ports import Meeting

#: RFC 6047, 2.4: the method stands in the type too
CONTENT_TYPE = "text/calendar; method={}; charset=utf-8"


def render(meeting: Meeting, organizer: str) -> str:
    """The iCalendar text; `organizer` and attendees are mail addresses."""
    calendar = Calendar()
    calendar.add("prodid", "-//mayday//incident review//EN")
    calendar.add("version", "2.0")
    calendar.add("method", meeting.method)
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", meeting.stamped_at)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("summary", meeting.summary)
    event.add("status", "CANCELLED" if meeting.method == "CANCEL" else "CONFIRMED")
    if meeting.description:
        event.add("description", meeting.description)
    if meeting.url:
        event.add("url", meeting.url)
    event["organizer"] = vCalAddress(f"mailto:{organizer}")
    for address in meeting.attendees:
        attendee = vCalAddress(f"mailto:{address}")
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        attendee.params["RSVP"] = vText("TRUE")
        event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")
