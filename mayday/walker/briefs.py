"""The brief of a handover: state, open decisions, clocks, risks, in a few lines that fit a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.walker import people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def brief(w: Walker) -> str:
    state = w.state
    phases = w.plan.runbook.phases
    phase = phases[state.phase].id if 0 <= state.phase < len(phases) else "over"
    lines = [f"{state.severity} {state.title}: {state.status}, phase {phase}, open since {state.opened_at:%H:%M} UTC."]
    if state.customers_affected is not None:
        lines.append(f"{state.customers_affected} customers affected.")
    lines.append(f"Commander {people.name_of(w, people.own_holder(w, people.COMMANDER))}.")
    gates = [gate.path for gate in state.gates.values() if gate.outcome is None]
    if gates:
        lines.append(f"Open decisions: {', '.join(gates)}.")
    tasks = [task.id for task in state.tasks.values() if task.done_at is None]
    if tasks:
        lines.append(f"Open tasks: {', '.join(tasks[:8])}.")
    clocks = [
        f"{case.vendor} {clock.name} until {clock.due_at:%H:%M}"
        for case in state.engagements.values()
        for clock in (case.response, case.resolve)
        if clock and clock.due_at and not clock.stopped_at
    ]
    clocks += [
        f"{cadence.name} at {cadence.due_at:%H:%M}" for cadence in state.cadences.values() if not cadence.stopped
    ]
    if clocks:
        lines.append(f"Clocks: {', '.join(clocks)}.")
    risks = [
        f"{ladder.path} exhausted" for ladder in state.ladders.values() if ladder.exhausted_at and not ladder.acked_by
    ]
    risks += [
        f"{case.vendor} in breach"
        for case in state.engagements.values()
        for c in (case.response, case.resolve)
        if c and c.breached_at and not c.stopped_at
    ]
    if state.hold_outward:
        risks.append("outward messages are held")
    if risks:
        lines.append(f"Risks: {', '.join(risks)}.")
    return " ".join(lines)
