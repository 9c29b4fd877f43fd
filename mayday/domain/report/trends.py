"""What one incident adds to the trends: small numbers, made once from its timeline. Never of a person.

Drills are counted by nobody; what was rejected or merged was no incident of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from mayday.domain.report import clocks
from mayday.domain.report.communication import audiences
from mayday.domain.report.course import phases
from mayday.domain.report.reading import at, first, last, number, of, text, texts
from mayday.domain.timeline import Entry, timestamp

#: UTC hours in which a page wakes people: the on-call's own night is in the roster, not in the timeline
NIGHT_FROM, NIGHT_TO = 22, 6
#: ends that say that it was no incident of its own
NOT_COUNTED = ("rejected", "merged", "candidate")


@dataclass
class IncidentFacts:
    """Numbers of one incident. A clock of which an end is missing is not in `clocks`.

    A page reads ten thousand of them at once: what we wrote ourselves is read without being checked value by value.
    """

    incident_id: str
    opened_at: datetime
    severity: str
    service: str
    status: str
    drill: bool = False
    clocks: dict[str, int] = field(default_factory=dict)
    phases: dict[str, int] = field(default_factory=dict)
    sla_kept: bool | None = None
    answered_in_time: int = 0
    answers_wanted: int = 0
    updates_on_time: int = 0
    updates_due: int = 0
    decisions_s: list[int] = field(default_factory=list)
    engagements: int = 0
    vendor_breaches: int = 0
    caused_by_change: bool | None = None
    reopened: bool = False
    actions_on_time: int = 0
    actions_judged: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    pages_at_night: dict[str, int] = field(default_factory=dict)
    category: str = ""
    cause_code: str = ""

    @property
    def counted(self) -> bool:
        return not self.drill and self.status not in NOT_COUNTED

    def stored(self) -> str:
        """As ASCII JSON, without what says nothing."""
        told = {name: value for name, value in asdict(self).items() if name in _REQUIRED or value != _UNSAID[name]}
        return json.dumps({**told, "opened_at": timestamp(self.opened_at)}, separators=(",", ":"))

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> IncidentFacts:
        """What `stored` wrote, in this version or another: names that are unknown here are passed over."""
        opened_at = datetime.fromisoformat(raw["opened_at"])
        if not raw.keys() <= _NAMES:
            raw = {name: value for name, value in raw.items() if name in _NAMES}
        return cls(**{**raw, "opened_at": opened_at})


_NAMES = {each.name for each in fields(IncidentFacts)}
_UNSAID = asdict(IncidentFacts("", datetime.min.replace(tzinfo=UTC), "", "", ""))
_REQUIRED = ("incident_id", "opened_at", "severity", "service", "status")


def facts_of(incident_id: str, entries: Sequence[Entry]) -> IncidentFacts | None:
    """The facts of a timeline; None before its first entry."""
    opened = first(entries, "opened")
    if opened is None:
        return None
    severity, status = last(entries, "severity_changed"), last(entries, "status_changed", "reopened")
    found = IncidentFacts(
        incident_id=incident_id, opened_at=at(opened), service=text(opened.data.get("service")),
        severity=text((severity or opened).data.get("severity")), drill=bool(opened.data.get("drill")),
        status=_status(entries, status, opened),
    )  # fmt: skip
    found.clocks = {fact.name: fact.seconds for fact in clocks.clocks(entries) if fact.seconds is not None}
    for phase in phases(entries):
        if phase.seconds is not None:
            found.phases[phase.phase] = found.phases.get(phase.phase, 0) + phase.seconds
    resolved = clocks.status_at(entries, "resolved")
    if resolved is not None:
        found.sla_kept = first(entries, "sla_breached") is None
    found.answered_in_time, found.answers_wanted = _answers(entries)
    for audience in audiences(entries):
        found.updates_on_time += audience.on_time
        found.updates_due += audience.due
    found.decisions_s = [
        wait for entry in of(entries, "gate_decided") if (wait := number(entry.data.get("after_s"))) is not None
    ]
    found.engagements = len(of(entries, "vendor_engaged"))
    found.vendor_breaches = len({entry.step for entry in of(entries, "vendor_breached")})
    found.reopened = first(entries, "reopened") is not None
    _closing(found, entries)
    _pages(found, entries)
    return found


def _status(entries: Sequence[Entry], status: Entry | None, opened: Entry) -> str:
    ended = last(entries, "finished")
    if ended is not None and (status is None or ended.seq > status.seq):
        return text(ended.data.get("status"))
    if status is not None:
        return text(status.data.get("status", "investigating"))
    waits = opened.data.get("declare") == "propose" and first(entries, "declared", "candidate_accepted") is None
    return "candidate" if waits else "investigating"


def _answers(entries: Sequence[Entry]) -> tuple[int, int]:
    """Pages of the ladders: how many were acknowledged before they climbed, of how many.

    One that climbed because nobody could be reached at all has climbed as well.
    """
    waiting: dict[str, bool] = {}
    climbed: set[str] = set()
    kept = 0
    for entry in of(entries, "paged", "page_escalated", "page_exhausted", "acknowledged"):
        page = text(entry.data.get("page"))
        if entry.kind == "paged" and entry.data.get("purpose") == "page":
            waiting.setdefault(page, page not in climbed)
        elif entry.kind in ("page_escalated", "page_exhausted"):
            climbed.add(page)
            if page in waiting:
                waiting[page] = False
        elif entry.kind == "acknowledged" and waiting.get(page):
            kept += 1
            waiting[page] = False
    return kept, len(waiting)


def _closing(found: IncidentFacts, entries: Sequence[Entry]) -> None:
    for entry in of(entries, "closing_form"):
        found.category = text(entry.data.get("category")) or found.category
        found.cause_code = text(entry.data.get("cause_code")) or found.cause_code
        caused = entry.data.get("caused_by_change")
        found.caused_by_change = caused if isinstance(caused, bool) else found.caused_by_change
    late = {name for entry in of(entries, "action_overdue") for name in texts(entry.data.get("actions"))}
    done = {text(entry.data.get("action")): entry.data.get("on_time") is True for entry in of(entries, "action_done")}
    found.actions_on_time = sum(done.values())
    found.actions_judged = len(done.keys() | late)


def _pages(found: IncidentFacts, entries: Sequence[Entry]) -> None:
    for entry in of(entries, "paged"):
        night = at(entry).hour >= NIGHT_FROM or at(entry).hour < NIGHT_TO
        for target in texts(entry.data.get("targets")):
            team = target.removeprefix("schedule.") if target.startswith("schedule.") else "named people"
            found.pages[team] = found.pages.get(team, 0) + 1
            if night:
                found.pages_at_night[team] = found.pages_at_night.get(team, 0) + 1
