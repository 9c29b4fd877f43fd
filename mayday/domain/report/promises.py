"""What was promised and what was kept: to customers (SLA), and of teams to each other (OLA).

Limits come from the pinned plan, times from the timeline. A promise that cannot be judged is shown without a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mayday.domain.durations import Duration, DurationError
from mayday.domain.plain_words import spoken
from mayday.domain.report import clocks
from mayday.domain.report.adherence import DEEPEST
from mayday.domain.report.communication import audiences
from mayday.domain.report.model import PromiseFact
from mayday.domain.report.reading import at, first, last, moment, number, of, seconds, text
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import thing


def promises(plan: Mapping[str, Any], entries: Sequence[Entry]) -> list[PromiseFact]:
    """SLAs first. Without a plan, what the timeline itself says of limits."""
    opened = first(entries, "opened")
    severity = last(entries, "severity_changed") or opened
    name = text(severity.data.get("severity")) if severity else ""
    policy: Mapping[str, Any] = (plan.get("severities") or {}).get(name) or {}
    return [
        *_resolve(policy, name, entries),
        *_updates(policy, entries),
        *_pages(plan, policy, entries),
        *_roles(entries),
        *_gates(entries),
        *_tasks(entries),
    ]


def _resolve(policy: Mapping[str, Any], severity: str, entries: Sequence[Entry]) -> list[PromiseFact]:
    broken = last(entries, "sla_breached")
    limit = _length(policy.get("resolve_within"))
    words = text(policy.get("resolve_within"))
    if broken is not None:
        limit = broken.data.get("limit_s", limit)
    if limit is None and not words:
        return []
    begun, resolved = clocks.opened_at(entries), clocks.status_at(entries, "resolved")
    fact = PromiseFact(kind="SLA", name=f"Resolve a {severity}", limit_s=limit, took_s=seconds(begun, resolved))
    if limit is None:
        fact.note = f"{words}: working days are not counted by this clock"
    elif broken is not None:
        fact.kept, fact.note = False, f"ran out at {broken.at[:19].replace('T', ' ')}"
    elif resolved is not None:
        fact.kept = fact.took_s is not None and fact.took_s <= limit
    return [fact]


def _updates(policy: Mapping[str, Any], entries: Sequence[Entry]) -> list[PromiseFact]:
    found = []
    for audience in audiences(entries):
        if audience.due:
            begun = [
                entry for entry in of(entries, "cadence_started") if entry.data.get("audience") == audience.audience
            ]
            every = number(begun[0].data.get("every_s")) if begun else None  # the runbook's own, where it has one
            limit = every or _length((policy.get("updates") or {}).get(audience.audience))
            share = f"{audience.on_time} of {audience.due} on time"
            kept = audience.on_time == audience.due
            name = f"Updates to {spoken(audience.audience)}"
            longest = audience.longest_gap_s
            found.append(PromiseFact(kind="SLA", name=name, limit_s=limit, took_s=longest, kept=kept, note=share))
    return found


def _pages(plan: Mapping[str, Any], policy: Mapping[str, Any], entries: Sequence[Entry]) -> list[PromiseFact]:
    """A page of an escalation is kept when it was acknowledged before it climbed; then whether they arrived."""
    found = []
    limits = _page_limits(plan)
    rung = [entry for entry in of(entries, "paged") if entry.data.get("purpose") == "page"]
    for page in dict.fromkeys(text(entry.data.get("page")) for entry in rung):
        course = [entry for entry in entries if text(entry.data.get("page")) == page]
        begun = at(next(entry for entry in course if entry.kind == "paged"))
        answer = first(course, "acknowledged")
        climbed = first(course, "page_escalated", "page_exhausted")
        within, join = limits.get(page, (_length(policy.get("ack_within")), None))
        kept = None if answer is None and climbed is None else climbed is None or _before(answer, climbed)
        fact = PromiseFact(kind="OLA", name=f"Answer {thing(page, quoted=True)}", limit_s=within, kept=kept)
        fact.took_s = seconds(begun, at(answer) if answer else None)
        fact.note = f"climbed at {climbed.at[11:19]}" if climbed and not kept else "" if answer else "nobody answered"
        found.append(fact)
        missing, joined = first(course, "not_joined"), first(course, "joined")
        if join is not None and answer is not None and (missing or joined):
            took = seconds(at(answer), at(joined)) if joined else None
            arrived = PromiseFact(
                kind="OLA", name=f"Arrive after {thing(page, quoted=True)}", limit_s=join, took_s=took
            )
            arrived.kept = missing is None
            found.append(arrived)
    return found


def _page_limits(plan: Mapping[str, Any]) -> dict[str, tuple[int | None, int | None]]:
    """Of each page step: within what the first level has to answer, and within what it has to arrive."""
    called: Mapping[str, Any] = plan.get("calls") or {}
    found: dict[str, tuple[int | None, int | None]] = {}

    def look(node: Any, policies: Mapping[str, Any], prefix: str) -> None:
        if isinstance(node, list):
            for item in node:
                look(item, policies, prefix)
        elif isinstance(node, Mapping):
            path = f"{prefix}{text(node.get('id'))}"
            if "id" in node and isinstance(node.get("page"), str):
                levels = (policies.get(node["page"]) or {}).get("levels") or [{}]
                found[path] = (_length(levels[0].get("ack_within")), _length(node.get("join_within")))
            if "id" in node and isinstance(node.get("call"), str) and path.count(".") < DEEPEST:
                inner: Mapping[str, Any] = called.get(node["call"]) or {}
                look(inner.get("phases"), {**policies, **(inner.get("escalations") or {})}, f"{path}.")
            for item in node.values():
                look(item, policies, prefix)

    runbook: Mapping[str, Any] = plan.get("runbook") or {}
    parts = [runbook.get("phases"), runbook.get("handlers"), runbook.get("finally")]
    look(parts, runbook.get("escalations") or {}, "")
    return found


def _roles(entries: Sequence[Entry]) -> list[PromiseFact]:
    """Offers of a role until it was taken, or until all of them had lapsed."""
    found = []
    for role in dict.fromkeys(text(entry.data.get("role")) for entry in of(entries, "role_offered")):
        offers = [entry for entry in of(entries, "role_offered") if entry.data.get("role") == role]
        taken = next(
            (e for e in of(entries, "role_taken") if e.data.get("role") == role and e.seq > offers[0].seq), None
        )
        due = moment(offers[0].data.get("due_at"))
        lapsed = [entry for entry in of(entries, "role_lapsed") if entry.data.get("role") == role]
        kept = None if taken is None and not lapsed else taken is not None and (due is None or at(taken) <= due)
        fact = PromiseFact(kind="OLA", name=f"Take {role.replace('_', ' ')}", kept=kept)
        fact.limit_s = seconds(at(offers[0]), due)
        fact.took_s = seconds(at(offers[0]), at(taken) if taken else None)
        fact.note = f"{len(lapsed)} offers ran out" if lapsed else ""
        found.append(fact)
    return found


def _gates(entries: Sequence[Entry]) -> list[PromiseFact]:
    found = []
    for gate in of(entries, "gate_opened"):
        name = text(gate.data.get("decision"))
        decided = next(
            (e for e in of(entries, "gate_decided") if e.data.get("decision") == name and e.seq > gate.seq), None
        )
        outcome = text(decided.data.get("outcome")) if decided else ""
        fact = _by(f"Decide {thing(name, quoted=True)}", gate, moment(gate.data.get("due_at")), decided)
        if outcome == "lapsed":
            fact.kept, fact.took_s = False, None
        fact.note = outcome.replace("_", " ")
        found.append(fact)
    return found


def _tasks(entries: Sequence[Entry]) -> list[PromiseFact]:
    """Work with a time of its own; reviews of updates are counted by the updates."""
    found = []
    for task in of(entries, "task_opened"):
        name, due = text(task.data.get("task")), moment(task.data.get("due_at"))
        if due is None or name.startswith("review:"):
            continue
        done = next((e for e in of(entries, "task_completed") if e.data.get("task") == name and e.seq > task.seq), None)
        overdue = any(entry.data.get("task") == name for entry in of(entries, "task_overdue"))
        fact = _by(f"Do {thing(name, quoted=True)}", task, due, done)
        if done is None and overdue:
            fact.kept = False
        if fact.kept is not None:
            found.append(fact)
    return found


def _by(name: str, begun: Entry, due: datetime | None, done: Entry | None) -> PromiseFact:
    """Something that had to be done by a moment."""
    fact = PromiseFact(kind="OLA", name=name, limit_s=seconds(at(begun), due))
    if done is not None:
        fact.took_s = seconds(at(begun), at(done))
        fact.kept = due is None or at(done) <= due
    return fact


def _before(one: Entry | None, other: Entry) -> bool:
    return one is not None and one.seq < other.seq


def _length(words: Any) -> int | None:
    """Seconds of a length of the plan; None for none, and for working days, which only a calendar knows."""
    if not words:
        return None
    try:
        length = Duration.parse(str(words))
    except DurationError:
        return None
    return None if length.is_business else length.seconds
