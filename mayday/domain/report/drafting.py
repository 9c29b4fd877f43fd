"""Drafting: from the timeline (and what the review holds) to a `Report`. Pure: the same entries, the same report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mayday.domain.plain_words import spoken
from mayday.domain.report import adherence, clocks, communication, course, decisions, promises, vendors
from mayday.domain.report.model import Report
from mayday.domain.report.reading import first, last, number, of, text
from mayday.domain.report.score_card import score_card
from mayday.domain.review.wire import ReviewBoard, WrittenSection
from mayday.domain.timeline import GENESIS, Entry, first_broken
from mayday.domain.timeline_words import Naming


def draft(
    entries: Iterable[Entry],
    *,
    incident_id: str,
    review: ReviewBoard | None = None,
    written: dict[str, WrittenSection] | None = None,
    plan: Mapping[str, Any] | None = None,
    version: int = 0,
    drafted_at: datetime | None = None,
) -> Report:
    """The report of what these entries say; `review` and `written` add what people did since, `plan` (the pinned
    one, as canonical JSON) what should have been done.

    The chain is checked on the way: a broken one is named in the report, which is drafted all the same.
    """
    naming = naming_of(plan or {})
    chain = [entry.named(naming) for entry in sorted(entries, key=lambda entry: entry.seq)]
    report = _facts(chain, incident_id)
    report.naming = naming
    report.version, report.drafted_at = version, drafted_at
    report.promises = promises.promises(plan or {}, chain)
    report.steps = adherence.adherence(plan, chain) if plan is not None else None
    if review is not None:
        report.title, report.severity = review.title, report.severity or review.severity
        report.service, report.drill = review.service, review.drill
        report.owner, report.state, report.meeting = review.owner, review.state, review.meeting
        report.form, report.actions, report.findings = review.form, review.actions, review.findings
        report.vendor_rcas, report.problem = review.vendor_rcas, review.problem
        report.written = dict(review.sections)
        report.impact_started_at = review.form.impact_started_at or report.impact_started_at
        report.impact_ended_at = review.form.impact_ended_at or report.impact_ended_at
        report.clocks = clocks.clocks(chain, (report.impact_started_at, report.impact_ended_at))
    if written is not None:
        report.written = written
    return report


def naming_of(plan: Mapping[str, Any]) -> Naming:
    """What the plan calls people, vendors and services."""
    people, vendors, services = (
        {name: str(entry.get("name") or spoken(name)) for name, entry in (plan.get(kind) or {}).items()}
        for kind in ("people", "vendors", "services")
    )
    return Naming(people, vendors, services)


def _facts(chain: Sequence[Entry], incident_id: str) -> Report:
    opened = first(chain, "opened")
    about = opened.data if opened else {}
    severity = last(chain, "severity_changed")
    status = last(chain, "status_changed", "reopened")
    impact_start, impact_end = clocks.impact_times(chain)
    alerts = of(chain, "alert_fired")
    summed = last(chain, "alerts_summed")
    customers = [
        value for entry in of(chain, "impact_set", "fact_learned", "opened") if (value := _customers(entry)) is not None
    ]
    return Report(
        incident_id=incident_id,
        title=text(about.get("title")),
        severity=text(severity.data.get("severity")) if severity else text(about.get("severity")),
        service=text(about.get("service")),
        runbook=text(about.get("runbook")),
        drill=bool(about.get("drill")),
        status=text(status.data.get("status", "investigating")) if status else "",
        opened_at=clocks.opened_at(chain),
        resolved_at=clocks.status_at(chain, "resolved"),
        impact_started_at=impact_start,
        impact_ended_at=impact_end,
        customers_affected=customers[-1] if customers else None,
        alerts=number(summed.data.get("total")) or len(alerts) if summed else len(alerts),
        reopened=len(of(chain, "reopened")),
        ticket=_ticket(chain),
        clocks=clocks.clocks(chain),
        leaderless=clocks.leaderless(chain),
        commanders=course.commanders(chain),
        led_by=course.led_by(chain),
        severities=course.severities(chain),
        phases=course.phases(chain),
        decisions=decisions.decisions(chain),
        audiences=communication.audiences(chain),
        score=score_card(chain, incident_id) if about.get("drill") is True else None,
        vendors=vendors.vendors(chain),
        interventions=course.interventions(chain),
        failures=course.failures(chain),
        notes=course.notes(chain),
        exceptions=decisions.exceptions(chain),
        timeline=course.short_timeline(chain),
        entries=len(chain),
        head=chain[-1].hash if chain else GENESIS,
        broken_at=first_broken(chain),
    )


def _customers(entry: Entry) -> int | None:
    if entry.kind == "fact_learned":
        return number(entry.data.get("value")) if entry.data.get("name") == "incident.customers_affected" else None
    return number(entry.data.get("customers_affected"))


def _ticket(chain: Sequence[Entry]) -> str | None:
    for entry in of(chain, "action_finished"):
        outputs = entry.data.get("outputs")
        if entry.data.get("action") == "itsm.open_major_incident" and isinstance(outputs, dict):
            return text(outputs.get("number")) or None
    return None
