"""The invitation as calendars read it (RFC 5545, 5546): one UID, a rising SEQUENCE, folded lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from mayday.domain.effects import IncidentCard
from mayday.domain.ports import Meeting
from mayday.providers.invites import render
from tests.review.story import utc

SAMPLES = Path(
    os.environ.get("MAYDAY_PROVIDER_DATA", Path(__file__).parents[2].parent / "shared" / "providers")
) / "calendar"  # fmt: skip


def invitation(**changes: Any) -> str:
    card = IncidentCard(id="INC-1", title="x", severity="SEV1", status="resolved", service="payments")
    values: dict[str, Any] = {
        "effect_key": "k", "incident": card, "uid": "INC-1-review@mayday", "sequence": 0,
        "stamped_at": utc("2026-03-03T12:00"), "starts_at": utc("2026-03-05T09:00"), "ends_at": utc("2026-03-05T09:30"),
        "summary": "Review: SEV1 Payments down", "description": "First line.\nTicket: MI-1", "url": "https://m.example/r",
        "attendees": ["ana@example.com", "dee@example.com"],
    }  # fmt: skip
    return render(Meeting.model_validate({**values, **changes}), "mayday@example.com")


def properties(text: str) -> dict[str, Any]:
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return dict(event.property_items())


def test_a_request_has_what_a_calendar_needs() -> None:
    text = invitation()
    assert "\r\nMETHOD:REQUEST\r\n" in text
    assert "\r\nDTSTART:20260305T090000Z\r\n" in text
    assert "\r\nDTSTAMP:20260303T120000Z\r\n" in text
    event = properties(text)
    assert {
        "UID",
        "SEQUENCE",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "ORGANIZER",
        "STATUS",
        "DESCRIPTION",
        "URL",
    } <= set(event)
    assert text.count("ATTENDEE") == 2
    assert "RSVP=TRUE" in text


def test_a_change_keeps_the_uid_and_a_cancellation_says_so() -> None:
    first, second = properties(invitation()), properties(invitation(sequence=1, starts_at=utc("2026-03-06T09:00")))
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] == 1
    text = invitation(method="CANCEL", sequence=2)
    assert "METHOD:CANCEL" in text
    assert properties(text)["STATUS"] == "CANCELLED"


def test_long_lines_are_folded_at_75_octets_and_never_inside_a_character() -> None:
    title = "Réview: Zahlungen über Gateway gestört, 顧客は支払いができません " * 4
    text = invitation(summary=title)
    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()  # a split character would fail here
    assert properties(text)["SUMMARY"] == title


def test_it_has_what_the_published_samples_have() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the provider samples are not here (MAYDAY_PROVIDER_DATA)")
    sample = properties((SAMPLES / "constructed_bridge_request_seq0.ics").read_text())
    left_out = {"LOCATION", "CONFERENCE", "PRIORITY", "CLASS", "TRANSP"}  # of a bridge, not of a meeting weeks later
    assert set(sample) - left_out <= set(properties(invitation())) | {"BEGIN", "END", "VALARM", "ACTION", "TRIGGER"}
