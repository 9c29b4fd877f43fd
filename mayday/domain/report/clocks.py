"""The clocks of an incident, each with its definition and n (PROCESS: "say which, with n").

MTTD from impact start to detection, MTTA from alert to acknowledgement, MTRS from impact start to restored service,
MTTR from opening to resolved. Within one incident these are single times; means over many are the KPI report's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mayday.domain.report.model import ClockFact, Span
from mayday.domain.report.reading import at, first, happened, moment, number, of, seconds
from mayday.domain.timeline import Entry

COMMANDER = "incident_commander"


def opened_at(entries: Sequence[Entry]) -> datetime | None:
    found = first(entries, "opened")
    return at(found) if found else at(entries[0]) if entries else None


def status_at(entries: Sequence[Entry], *statuses: str) -> datetime | None:
    """When the incident was last set to one of these; None once it left them again for an earlier one."""
    found: datetime | None = None
    for entry in of(entries, "status_changed", "reopened"):
        status = entry.data.get("status")
        if entry.kind == "reopened" or status in ("investigating", "identified"):
            found = None
        elif status in statuses and found is None:
            found = happened(entry)
    return found


def impact_times(entries: Sequence[Entry]) -> tuple[datetime | None, datetime | None]:
    """Start and end as people last said: the closing form, the impact command, the answer to a missing fact."""
    start = end = None
    for entry in of(entries, "impact_set", "closing_form", "fact_learned"):
        data = entry.data
        if entry.kind == "fact_learned":
            start = moment(data.get("value")) or start if data.get("name") == "incident.impact_started_at" else start
            end = moment(data.get("value")) or end if data.get("name") == "incident.impact_ended_at" else end
            continue
        start = moment(data.get("started_at")) or moment(data.get("impact_started_at")) or start
        end = moment(data.get("ended_at")) or moment(data.get("impact_ended_at")) or end
    return start, end


def leaderless(entries: Sequence[Entry]) -> list[Span]:
    """Stretches in which nobody held command: from opening until somebody took it (it is only ever handed over)."""
    end = status_at(entries, "resolved", "cancelled", "rejected", "merged")
    spans: list[Span] = []
    since = opened_at(entries)
    taken = next((entry for entry in of(entries, "role_taken") if entry.data.get("role") == COMMANDER), None)
    if taken is not None and since is not None:
        until, person = at(taken), str(taken.data.get("person") or taken.actor)
        spans.append(Span(from_at=since, until_at=until, seconds=seconds(since, until) or 0, note=f"until {person}"))
    elif since is not None and entries:
        until = end or at(entries[-1])
        spans.append(Span(from_at=since, until_at=end, seconds=seconds(since, until) or 0, note="nobody took command"))
    return [span for span in spans if span.seconds]


def clocks(entries: Sequence[Entry], impact: tuple[datetime | None, datetime | None] = (None, None)) -> list[ClockFact]:
    """All of them, also those of which an end is missing: a gap in the record is a finding of its own.

    `impact` is its start and end as the review's form has them, which may be filled in from the alert.
    """
    begin = opened_at(entries)
    told_start, told_end = impact_times(entries)
    impact_start, impact_end = impact[0] or told_start, impact[1] or told_end
    alert = first(entries, "alert_fired")
    alerted = happened(alert) if alert else None
    detected = min((time for time in (alerted, begin) if time is not None), default=None)
    declared = first(entries, "declared")
    opened = first(entries, "opened")
    if declared is None and opened is not None and opened.data.get("declare") == "manual":
        declared = opened  # a person who opens an incident by hand declares it
    page, acked = first(entries, "paged"), first(entries, "acknowledged")
    notice = first(entries, "message_sent")
    mitigated, resolved = status_at(entries, "mitigated", "resolved"), status_at(entries, "resolved")
    acks = [wait for entry in of(entries, "acknowledged") if (wait := number(entry.data.get("after_s"))) is not None]
    alone = leaderless(entries)
    call = min((time for time in (alerted, _at(page)) if time is not None), default=None)
    facts = [
        _between("MTTD", "start of the impact to detection (first alert, else opening)", impact_start, detected),
        _between("Time to declare", "detection to the declaration as an incident", detected, _at(declared)),
        _between("Time to page", "opening to the first page that left", begin, _at(page)),
        _between(
            "MTTA", "first alert, or first page where that was earlier, to the first acknowledgement", call, _at(acked)
        ),
        ClockFact(
            name="Acknowledgement, longest",
            definition="a page leaving to its acknowledgement, the slowest of all",
            seconds=max(acks) if acks else None,
            n=len(acks),
        ),
        _between("Time to first notice", "opening to the first message that left to any audience", begin, _at(notice)),
        _between("Time to mitigate", "opening to mitigated (customers are fine)", begin, mitigated),
        _between(
            "MTRS",
            "start of the impact to restored service (end of the impact, else mitigated)",
            impact_start,
            impact_end or mitigated,
        ),
        _between("MTTR", "opening to resolved (the cause is handled for now)", begin, resolved),
        ClockFact(
            name="Leaderless",
            definition="time in which nobody held command",
            seconds=sum(span.seconds for span in alone),
            n=len(alone),
        ),
    ]
    return facts


def _at(entry: Entry | None) -> datetime | None:
    return at(entry) if entry else None


def _between(name: str, definition: str, start: datetime | None, end: datetime | None) -> ClockFact:
    length = seconds(start, end)
    return ClockFact(
        name=name, definition=definition, seconds=length, n=0 if length is None else 1, from_at=start, to_at=end
    )
