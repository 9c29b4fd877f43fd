"""Trends over many incidents: each number with its n, its definition and the entries that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from statistics import fmean, median
from typing import Literal, NamedTuple

from mayday.domain.report import clocks
from mayday.domain.report.trends import NIGHT_FROM, NIGHT_TO, IncidentFacts
from mayday.domain.wire import Wire

By = Literal["month", "service", "severity", "all"]
Unit = Literal["s", "%", "count"]


class Measure(Wire):
    """One number with its unit, `n` and what it is."""

    name: str
    value: float | None
    n: int
    unit: Unit
    definition: str
    source: str
    median: float | None = None


class Group(Wire):
    """A month, a service, a severity: its incidents and its measures."""

    key: str
    incidents: int
    measures: list[Measure]


class Recurrence(Wire):
    """Something that came again."""

    what: str
    incidents: int


class Kpis(Wire):
    """The trends of a time. `left_out` are drills, and what was no incident of its own."""

    by: By
    incidents: int
    left_out: int
    groups: list[Group]
    total: Group
    services: list[Recurrence] = []
    causes: list[Recurrence] = []
    pages_per_team: list[Recurrence] = []
    pages_at_night_per_team: list[Recurrence] = []


class _Definition(NamedTuple):
    name: str
    unit: Unit
    #: of shares: how many, of how many; else the single values
    values: Callable[[IncidentFacts], tuple[float, ...]]
    definition: str
    source: str


def _clock(name: str) -> Callable[[IncidentFacts], tuple[float, ...]]:
    return lambda facts: (facts.clocks[name],) if name in facts.clocks else ()


def _flag(value: bool | None) -> tuple[int, int]:
    """How many say yes, of how many that say anything."""
    return (0, 0) if value is None else (int(value), 1)


_CLOCKS = (
    ("MTTD", "MTTD", "impact_set, closing_form, alert_fired, opened"),
    ("Time to declare", "Time to declare", "alert_fired, opened, declared"),
    ("MTTA", "MTTA", "alert_fired, paged, acknowledged"),
    ("Time to first notice", "Time to first notice", "opened, message_sent"),
    ("MTRS", "MTRS", "impact_set, closing_form, status_changed"),
    ("MTTR", "MTTR", "opened, status_changed"),
    ("Leaderless", "Leaderless", "opened, role_taken"),
)
_MEANINGS = {fact.name: fact.definition for fact in clocks.clocks(())}
DEFINITIONS: tuple[_Definition, ...] = (
    *(_Definition(name, "s", _clock(clock), f"mean: {_MEANINGS[clock]}", kinds) for name, clock, kinds in _CLOCKS),
    _Definition("Decision latency", "s", lambda f: tuple(f.decisions_s), "mean: a gate opening to its outcome", "gate_decided"),
    _Definition("SLA kept", "%", lambda f: _flag(f.sla_kept), "resolved incidents whose time to resolve did not run out", "sla_breached, status_changed"),
    _Definition("OLA kept", "%", lambda f: (f.answered_in_time, f.answers_wanted), "pages of an escalation that were acknowledged before they climbed", "paged, page_escalated, acknowledged"),
    _Definition("Updates on time", "%", lambda f: (f.updates_on_time, f.updates_due), "regular updates that left, of those that were due; a holding line is none", "message_sent, update_missed"),
    _Definition("Vendor breaches", "%", lambda f: (f.vendor_breaches, f.engagements), "engagements of vendors in which a promise of the contract was broken", "vendor_engaged, vendor_breached"),
    _Definition("Caused by change", "%", lambda f: _flag(f.caused_by_change), "incidents whose closing form says so, of those with a form", "closing_form"),
    _Definition("Reopened", "%", lambda f: _flag(f.reopened), "incidents that came back after their end", "reopened"),
    _Definition("Actions on time", "%", lambda f: (f.actions_on_time, f.actions_judged), "follow-up actions done by their due date, of those done or overdue", "action_done, action_overdue"),
    _Definition("Pages", "count", lambda f: (float(sum(f.pages.values())),), "mean: pages of an incident, to whomever", "paged"),
    _Definition("Pages at night", "count", lambda f: (float(sum(f.pages_at_night.values())),), f"mean: those that left from {NIGHT_FROM}:00 to 0{NIGHT_TO}:00 UTC", "paged"),
)  # fmt: skip

_SINGLES = tuple(each for each in DEFINITIONS if each.unit != "%")
_SHARES = tuple(each for each in DEFINITIONS if each.unit == "%")
_SINGLE_VALUES = tuple(each.values for each in _SINGLES)
_SHARE_VALUES = tuple(each.values for each in _SHARES)


class Figures(NamedTuple):
    """What one incident adds to every measure, worked out once: a sum over ten thousand asks nothing again."""

    incident_id: str
    opened_at: datetime
    month: str
    service: str
    severity: str
    counted: bool
    #: of each measure of single values
    singles: tuple[tuple[float, ...], ...]
    #: of each share: how many, of how many, one after the other
    shares: tuple[int, ...]
    phases: dict[str, int]
    cause_code: str
    pages: dict[str, int]
    pages_at_night: dict[str, int]


def figures_of(facts: IncidentFacts) -> Figures:
    """The facts of an incident as figures."""
    shares: list[float] = []
    for values in _SHARE_VALUES:
        shares += values(facts)
    return Figures(
        facts.incident_id, facts.opened_at, facts.opened_at.isoformat()[:7], facts.service, facts.severity,
        facts.counted, tuple([values(facts) for values in _SINGLE_VALUES]), tuple(map(int, shares)), facts.phases,
        facts.cause_code, facts.pages, facts.pages_at_night,
    )  # fmt: skip


def kpis(incidents: Iterable[IncidentFacts | Figures], by: By = "month") -> Kpis:
    """The trends, by month (oldest first), service or severity."""
    known = [each if isinstance(each, Figures) else figures_of(each) for each in incidents]
    counted = [each for each in known if each.counted]
    sums: dict[str, _Sums] = {}
    for each in counted:
        key = "all" if by == "all" else getattr(each, by)
        if key not in sums:
            sums[key] = _Sums()
        sums[key].add(each)
    return Kpis(
        by=by, incidents=len(counted), left_out=len(known) - len(counted),
        groups=[sums[key].group(key) for key in sorted(sums)] if by != "all" else [],
        total=_Sums.of(sums.values()).group("all"),
        services=_most(each.service for each in counted),
        causes=_most(each.cause_code for each in counted if each.cause_code),
        pages_per_team=_sums(each.pages for each in counted),
        pages_at_night_per_team=_sums(each.pages_at_night for each in counted),
    )  # fmt: skip


class _Sums:
    """The values of some incidents by measure."""

    def __init__(self) -> None:
        self.incidents = 0
        self.singles: list[list[float]] = [[] for _ in _SINGLES]
        self.shares = [0] * (2 * len(_SHARES))
        self.phases: dict[str, list[float]] = {}

    def add(self, one: Figures) -> None:
        self.incidents += 1
        for values, more in zip(self.singles, one.singles, strict=True):
            values += more
        self.shares = [known + more for known, more in zip(self.shares, one.shares, strict=True)]
        for name, seconds in one.phases.items():
            if name not in self.phases:
                self.phases[name] = []
            self.phases[name].append(seconds)

    @classmethod
    def of(cls, several: Iterable[_Sums]) -> _Sums:
        """All of them as one."""
        whole = cls()
        for each in several:
            whole.incidents += each.incidents
            for values, more in zip(whole.singles, each.singles, strict=True):
                values += more
            whole.shares = [known + more for known, more in zip(whole.shares, each.shares, strict=True)]
            for name, lengths in each.phases.items():
                whole.phases.setdefault(name, []).extend(lengths)
        return whole

    def group(self, key: str) -> Group:
        singles, shares = iter(self.singles), iter(self.shares)
        measures = [
            _share(each, next(shares), next(shares)) if each.unit == "%" else _measured(each, next(singles))
            for each in DEFINITIONS
        ]
        for name in sorted(self.phases):
            measures.append(_measured(_phase(name), self.phases[name]))
        return Group(key=key, incidents=self.incidents, measures=measures)


def _phase(name: str) -> _Definition:
    words = "mean: time in this phase of the runbook"
    return _Definition(f"Phase {name}", "s", lambda facts: (facts.phases[name],), words, "phase_entered, phase_left")


def _share(of: _Definition, part: int, whole: int) -> Measure:
    value = round(100 * part / whole, 1) if whole else None
    return Measure(name=of.name, value=value, n=whole, unit="%", definition=of.definition, source=of.source)


def _measured(of: _Definition, values: Sequence[float]) -> Measure:
    return Measure(
        name=of.name, value=round(fmean(values), 1) if values else None, n=len(values), unit=of.unit,
        definition=of.definition, source=of.source, median=round(median(values), 1) if values else None,
    )  # fmt: skip


def _most(names: Iterable[str]) -> list[Recurrence]:
    """What came more than once, most often first."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    again = [Recurrence(what=name, incidents=count) for name, count in counts.items() if count > 1]
    return sorted(again, key=lambda each: (-each.incidents, each.what))[:20]


def _sums(maps: Iterable[dict[str, int]]) -> list[Recurrence]:
    sums: dict[str, int] = {}
    for each in maps:
        for name, count in each.items():
            sums[name] = sums.get(name, 0) + count
    return sorted(
        (Recurrence(what=name, incidents=count) for name, count in sums.items()), key=lambda r: (-r.incidents, r.what)
    )


__all__ = ["DEFINITIONS", "By", "Figures", "Group", "Kpis", "Measure", "Recurrence", "figures_of", "kpis"]
