"""Phases: entered one after the other, left when their `until` holds or their steps end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.walker import blocks, cadences, conditions, failing, registry, tasks

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

RESOLVE_TASK = "resolve_incident"


def resume(w: Walker) -> None:
    """Take the phases as far as they go."""
    state, phases = w.state, w.plan.runbook.phases
    if state.walked:
        return
    while not state.walked:
        if state.phase < 0:
            _enter(w, 0)
            continue
        phase = phases[state.phase]
        reason = _leave_reason(w, phase.id, phase.until)
        if reason is None:
            progress = blocks.run(w, phase.steps)
            if state.phase_end_asked or state.runbook_end_asked or state.skip_phases:
                continue
            if progress == "running":
                return
            if phase.until is not None:
                return
            reason = "its steps are done" if progress == "done" else "a step failed"
        _leave(w, reason)


def _leave_reason(w: Walker, phase: str, until: str | None) -> str | None:
    state = w.state
    if state.skip_phases:
        return f"incident {state.status}"
    if state.runbook_end_asked:
        return state.runbook_end_asked
    if state.phase_end_asked:
        return state.phase_end_asked
    if until is not None and conditions.of_phase(w, phase, until):
        return f"{until} holds"
    return None


def _enter(w: Walker, index: int) -> None:
    """Enter the next phase; one whose `until` holds already is skipped."""
    state, phases = w.state, w.plan.runbook.phases
    while index < len(phases):
        phase = phases[index]
        if phase.until is None or not conditions.of_phase(w, phase.id, phase.until):
            state.phase, state.phase_entered_at = index, w.now
            w.entry("phase_entered", "system", f"phase:{phase.id}", phase=phase.id, name=phase.name)
            cadences.start(w, f"{phase.id}.entered")
            registry.emit(w, "phase.entered", {"phase": phase.id})
            return
        w.entry("phase_skipped", "system", f"phase:{phase.id}", phase=phase.id, reason=f"{phase.until} holds")
        state.phases_left.append(phase.id)
        cadences.start(w, f"{phase.id}.done")
        index += 1
    state.walked = True
    w.touch()


def _leave(w: Walker, reason: str) -> None:
    state, phases = w.state, w.plan.runbook.phases
    phase = phases[state.phase]
    failing.cancel_list(w, phase.steps, f"phase {phase.id} left: {reason}")
    tasks.close(w, conditions.task_of(f"phase:{phase.id}"), f"phase {phase.id} is left")
    w.entry("phase_left", "system", f"phase:{phase.id}", phase=phase.id, reason=reason)
    state.phases_left.append(phase.id)
    state.phase_end_asked = None
    cadences.start(w, f"{phase.id}.done")
    registry.emit(w, "phase.left", {"phase": phase.id})
    if state.skip_phases or state.runbook_end_asked:
        for later in phases[state.phase + 1 :]:
            w.entry("phase_skipped", "system", f"phase:{later.id}", phase=later.id, reason=reason)
        state.phase, state.walked = len(phases), True
        return
    _enter(w, state.phase + 1)


def resume_background(w: Walker) -> None:
    """Steps beside the walk, and those that people added."""
    for path in [*w.state.background, *w.state.ad_hoc_order]:
        state = w.state.steps.get(path)
        if state is not None and not state.over:
            blocks.resume(w, state)
    w.state.background = [path for path in w.state.background if path in w.state.steps and not w.state.steps[path].over]


def ask_to_resolve(w: Walker) -> None:
    """The walk is over and the incident is not: a person says when it is."""
    if RESOLVE_TASK not in w.state.tasks or w.state.tasks[RESOLVE_TASK].done_at is not None:
        tasks.open_task(
            w,
            RESOLVE_TASK,
            "resolve",
            "The runbook is walked and the incident is still open: resolve it, or go on by hand",
            to="role.incident_commander",
            owner="none:",
            due_s=1800,
        )
