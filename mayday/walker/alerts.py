"""Alerts that arrive at an open incident: attached once, listed up to a limit, then summed up once a minute.

A resolved alert is noted and never resolves the incident by itself, unless its route says so.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from mayday.domain.incident import AlertEvent
from mayday.walker import merging, registry, standing

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: listed one by one; later ones are summed up (DESIGN.md, idea 5)
LISTED = 20
REMEMBERED = 5_000
SUMMARY_EVERY = timedelta(minutes=1)
#: alert keys kept to know what still fires
FIRING_KEPT = 2_000


def mark(key: str) -> str:
    """Sixteen characters for a key of any length: thousands are remembered, and the state has to stay small."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def forget(w: Walker, events: list[AlertEvent]) -> None:
    """Alerts that were passed on and reached nobody: they count here after all."""
    passed_on = {mark(event.dedupe_key) for event in events}
    w.state.alerts.recent = [one for one in w.state.alerts.recent if one not in passed_on]


def attach(w: Walker, events: list[AlertEvent]) -> None:
    totals = w.state.alerts
    known = set(totals.recent)
    marked = [(mark(event.dedupe_key), event) for event in events]
    if w.state.status == "merged":
        fresh = [(one, event) for one, event in marked if one not in known]
        totals.recent += [one for one, _ in fresh]
        if fresh:
            merging.forward(w, [event for _, event in fresh])
        return
    for one, event in marked:
        if one in known:
            continue
        known.add(one)
        totals.recent.append(one)
        _count(w, event)
    del totals.recent[:-REMEMBERED]
    w.touch()


def _count(w: Walker, event: AlertEvent) -> None:
    totals = w.state.alerts
    totals.seen += event.count
    firing = event.state == "firing"
    if firing:
        if len(totals.firing) < FIRING_KEPT:
            totals.firing[mark(event.alert_key)] = 1
        service = event.labels.get("service")
        if service and service not in w.state.services and len(w.state.services) < 50:
            w.state.services.append(service)
    else:
        totals.firing.pop(mark(event.alert_key), None)
    if totals.listed < LISTED:
        totals.listed += 1
        w.entry(
            "alert_fired" if firing else "alert_resolved",
            event.source,
            None,
            title=event.title,
            alert=event.alert_key,
            labels=dict(sorted(event.labels.items())[:20]),
            started_at=event.started_at,
            occurred_at=event.received_at,
            count=event.count if event.count > 1 else None,
            inbox=event.inbox_id,
        )
    else:
        totals.pending += firing
        totals.pending_resolved += not firing
        totals.summary_at = totals.summary_at or w.now + SUMMARY_EVERY
    registry.emit(w, "alert.fired" if firing else "alert.resolved", {"title": event.title, "alert": event.alert_key})


def resume(w: Walker) -> None:
    totals = w.state.alerts
    if totals.summary_at is not None and w.wake(totals.summary_at):
        w.entry(
            "alerts_summed",
            "system",
            None,
            fired=totals.pending,
            resolved=totals.pending_resolved,
            total=totals.seen,
            firing=len(totals.firing),
        )
        totals.pending = totals.pending_resolved = 0
        totals.summary_at = None
    if (
        w.start.resolve_on_clear
        and totals.seen
        and not totals.firing
        and w.state.status in ("investigating", "identified", "mitigated")
    ):
        w.state.skip_phases = True
        standing.set_status(
            w, "resolved", "every alert has resolved, and the route says that this is enough", "system", None
        )


def flush_summary(w: Walker) -> None:
    """At the end nothing stays uncounted."""
    totals = w.state.alerts
    if totals.pending or totals.pending_resolved:
        totals.summary_at = w.now
        resume(w)
