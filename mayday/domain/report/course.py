"""The course of the incident: who led, which phases, what people changed by hand, what failed."""

from __future__ import annotations

from collections.abc import Sequence

from mayday.domain.report.clocks import COMMANDER
from mayday.domain.report.model import EventFact, PhaseFact
from mayday.domain.report.reading import at, happened, of, seconds, text
from mayday.domain.timeline import Entry

#: what people did beside or against the runbook
BY_HAND = (
    "overridden",
    "step_added",
    "cadence_changed",
    "cadence_paused",
    "outward_held",
    "outward_released",
    "delegated",
    "merged_in",
    "merged_into",
    "reopened",
    "candidate_rejected",
    "declaration_denied",
)
FAILED = (
    "step_failed",
    "action_failed",
    "page_failed",
    "page_exhausted",
    "not_joined",
    "send_failed",
    "task_overdue",
    "role_lapsed",
    "role_unfilled",
    "outage_ended",
    "refused",
    "forward_failed",
    "sla_breached",
    "vendor_contact_failed",
    "step_timed_out",
    "review_notice_failed",
    "items_cut",
)
#: left out of the short timeline: they say that the system worked as meant
QUIET = (
    "notified",
    "seen",
    "gate_reminded",
    "cadence_started",
    "cadence_stopped",
    "task_withdrawn",
    "action_started",
    "alerts_summed",
)


def phases(entries: Sequence[Entry]) -> list[PhaseFact]:
    """In the order in which they were entered; one entered again (a reopening) stands there twice."""
    found: list[PhaseFact] = []
    for entry in of(entries, "phase_entered", "phase_left", "phase_skipped"):
        phase = text(entry.data.get("phase"))
        if entry.kind == "phase_entered":
            found.append(PhaseFact(phase=phase, name=text(entry.data.get("name")), entered_at=at(entry)))
        elif entry.kind == "phase_skipped":
            found.append(PhaseFact(phase=phase, how=f"skipped: {entry.said('reason')}"))
        else:
            open_one = next((item for item in reversed(found) if item.phase == phase and item.left_at is None), None)
            if open_one is not None:
                open_one.left_at = at(entry)
                open_one.seconds = seconds(open_one.entered_at, open_one.left_at)
                open_one.how = entry.said("reason")
    return found


def commanders(entries: Sequence[Entry]) -> list[EventFact]:
    return [_event(entry) for entry in of(entries, "role_taken") if entry.data.get("role") == COMMANDER]


def led_by(entries: Sequence[Entry]) -> list[str]:
    """Whoever held command, in that order."""
    return [
        text(entry.data.get("person")) for entry in of(entries, "role_taken") if entry.data.get("role") == COMMANDER
    ]


def severities(entries: Sequence[Entry]) -> list[EventFact]:
    return [_event(entry) for entry in of(entries, "severity_changed", "status_changed")]


def interventions(entries: Sequence[Entry]) -> list[EventFact]:
    """Overrides, ad-hoc steps and other decisions of people that the file did not have."""
    return [
        _event(entry)
        for entry in of(entries, *BY_HAND)
        if entry.actor != "system" or entry.kind in ("reopened", "merged_in")
    ]


def failures(entries: Sequence[Entry]) -> list[EventFact]:
    return [_event(entry) for entry in of(entries, *FAILED)]


def notes(entries: Sequence[Entry]) -> list[EventFact]:
    """In the order in which things happened, not in which they were written down."""
    return sorted((_event(entry) for entry in of(entries, "noted", "logged")), key=lambda event: event.at)


def short_timeline(entries: Sequence[Entry]) -> list[EventFact]:
    """What a reader wants to see in order. The whole of it is in the records."""
    return [
        _event(entry)
        for entry in entries
        if entry.kind not in QUIET and not entry.kind.startswith(("review_", "action_rem"))
    ]


def _event(entry: Entry) -> EventFact:
    return EventFact(at=happened(entry), actor=entry.actor, text=entry.text)
