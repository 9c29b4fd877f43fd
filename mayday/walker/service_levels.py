"""Our own promises: time to resolve by severity, and operational levels such as joining the bridge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mayday.walker import contract_clocks, people
from mayday.walker.state import Clock

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

RESOLVE = "resolve_within"


def start(w: Walker) -> None:
    """The clock to resolution runs from the moment the incident was opened."""
    policy = w.plan.severities.get(w.state.severity)
    limit = policy.resolve_within if policy else None
    if limit is not None and not limit.is_business:
        w.state.clocks[RESOLVE] = Clock(
            name=RESOLVE,
            started_at=w.state.opened_at,
            limit_s=limit.seconds,
            due_at=w.state.opened_at + timedelta(seconds=limit.seconds),
        )


def severity_changed(w: Walker) -> None:
    """The new severity's limit, still from the opening."""
    clock = w.state.clocks.get(RESOLVE)
    policy = w.plan.severities.get(w.state.severity)
    limit = policy.resolve_within if policy else None
    if limit is None or limit.is_business:
        w.state.clocks.pop(RESOLVE, None)
    elif clock is None:
        start(w)
    elif clock.stopped_at is None:
        clock.limit_s, clock.due_at = limit.seconds, clock.started_at + timedelta(seconds=limit.seconds)
        clock.warned, clock.breached_at = False, None


def status_changed(w: Walker) -> None:
    clock = w.state.clocks.get(RESOLVE)
    if clock is None:
        return
    if w.state.resolved_at is not None or w.state.status in ("cancelled", "merged", "rejected"):
        clock.stopped_at = w.now
    else:
        clock.stopped_at = None


def resume(w: Walker) -> None:
    clock = w.state.clocks.get(RESOLVE)
    what = contract_clocks.watch(w, clock)
    if clock is None or what is None:
        return
    w.entry(
        "sla_warning" if what == "warning" else "sla_breached",
        "system",
        f"clock:{RESOLVE}",
        clock=RESOLVE,
        due_at=clock.due_at,
        limit_s=clock.limit_s,
        severity=w.state.severity,
    )
    targets = people.targets_of(w, "role.incident_commander")
    if targets:
        words = "a quarter of the time to resolve is left" if what == "warning" else "the time to resolve is over"
        w.page(
            f"clock:{RESOLVE}",
            targets,
            f"{w.state.severity} {w.state.title}: {words}",
            owner="notice:",
            purpose="nag",
            urgent=False,
        )
