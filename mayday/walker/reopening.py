"""Reopening within 24 hours: same id, sequence and chain; the walk goes on at the last phase with an `until`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mayday.domain.commands import Refusal, Reopen
from mayday.domain.incident import AlertEvent
from mayday.walker import (
    alerts,
    cadences,
    coming_back,
    failing,
    ladders,
    people,
    registry,
    roles,
    service_levels,
    tasks,
)
from mayday.walker.state import AlertTotals, Ladder, LevelState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

WITHIN = timedelta(hours=24)
#: ends that stay ends: the same cause opens a fresh incident
FINAL = ("cancelled", "rejected", "merged")


def on_start(w: Walker) -> None:
    """A run that starts with the state of a finished one: a person or a firing alert reopens it."""
    if w.state.finished and w.start.reopened_by:
        reopen(w, w.start.reopened_by, w.start.reopen_reason or "reopened")
    if w.start.events:
        w.alerts_arrived(w.start.events, w.now)


def fires_again(w: Walker, events: list[AlertEvent]) -> bool:
    """Whether alerts bring an incident back: one fires that is new, and it ended as resolved less than 24 hours ago.

    The end is under way from the moment in which the walk is over: a firing alert is nothing that may go by then. Also
    not while an incident is being called off: as long as its run lives no fresh one can be opened for the same cause.
    """
    called_off = w.state.status == "cancelled" and w.start.edition >= 3
    ended = w.state.status_at if called_off else w.state.resolved_at
    if (
        not (called_off or w.state.status == "resolved")
        or w.state.ending is None
        or ended is None
        or w.now - ended > WITHIN
    ):
        return False
    known = set(w.state.alerts.recent)
    return any(event.state == "firing" and alerts.mark(event.dedupe_key) not in known for event in events)


def refusal(w: Walker, command: Reopen) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="incidents are reopened by commander or deputy")
    if w.state.status in FINAL:
        return Refusal(code="closed", reason=f"the incident was {w.state.status}: declare a fresh one")
    if w.state.status != "resolved":
        return Refusal(code="not_open", reason=f"the incident is {w.state.status}, there is nothing to reopen")
    if w.state.ending is None:
        return Refusal(
            code="not_open", reason="the incident has not ended: its runbook is still walked; set the status"
        )
    ended = w.state.resolved_at
    if ended is not None and w.now - ended > WITHIN:
        return Refusal(code="closed", reason="24 hours have passed since the end: declare a fresh one")
    return None


def reopen(w: Walker, by: str, reason: str, *, phase: int | None = None, anew: bool = True) -> None:
    """Go on at the last phase with an `until`, or at `phase`; its steps begin anew, the cadences start again.

    Not `anew`: in that very phase, also after the last one, and whoever asks for it sees to its steps.
    """
    state = w.state
    before = state.status
    state.finished, state.ending, state.walked, state.skip_phases = False, None, False, False
    state.runbook_end_asked = state.phase_end_asked = None
    state.reopened += 1
    state.status, state.status_at, state.resolved_at, state.resolved_by = "investigating", w.now, None, None
    state.alerts = AlertTotals(seen=state.alerts.seen, recent=state.alerts.recent)
    for final in state.finals:
        tasks.close(w, f"review:final:{final.cadence}", "it goes on", by)
    state.finals = []
    w.entry("reopened", by, None, reason=reason, before=before, times=state.reopened)
    phases = w.plan.runbook.phases
    closed, cases = coming_back.closed_at_the_end(w), coming_back.resting(w)
    target = max((index for index, each in enumerate(phases) if each.until is not None), default=0)
    if phase is not None and 0 <= phase < len(phases):
        target = phase
    if not anew and phase is not None:
        target = phase
    for again in phases[target:] if target >= 0 else phases:
        for step in again.steps if anew else ():
            begun = state.steps.get(step.id)
            if begun is not None:
                failing.forget(w, begun)
        if again.id in state.phases_left:
            state.phases_left.remove(again.id)
    for step in w.plan.runbook.finally_:
        begun = state.steps.get(step.id)
        if begun is not None:
            if step.do == "bridge.close" and begun.status == "done" and w.start.later_rules:
                state.bridge_url = state.bridge_phone = None  # the standing one again: nobody is sent to a closed one
            failing.forget(w, begun)
    if 0 <= target < len(phases):
        state.phase, state.phase_entered_at = target, w.now
        back = phases[target]
        w.entry("phase_entered", "system", f"phase:{back.id}", phase=back.id, name=back.name)
    else:
        state.phase, state.walked = target, target >= len(phases)
    for cadence in list(state.cadences.values()):
        if cadence.stopped:
            cadences.begin_again(w, cadence)
    service_levels.status_changed(w)
    if w.start.edition >= 1 and phase is None:
        coming_back.bring_back(w, closed, cases, reason)
    if w.start.later_rules:
        _wake(w, by, reason)
    registry.emit(w, "status.changed", {"status": state.status, "before": before})


def _wake(w: Walker, by: str, reason: str) -> None:
    """Whoever led went to bed: they are paged, then who may take over from them. Not who reopens it: they are awake,
    and where they lead themselves nobody has to be found."""
    policy = w.plan.severities.get(w.state.severity)
    ack_within_s = policy.ack_within.seconds if policy else 300
    asked = roles.offer_command_again(w)
    spec = None if asked or people.known(w, by) else w.plan.runbook.roles.get(people.COMMANDER)
    offered = [ref for ref in (spec.from_, spec.fallback) if ref and not ref.startswith("role.")] if spec else []
    held = [
        [f"role.{role}" for role in level if people.own_holder(w, role) not in (None, by)]
        for level in ((people.COMMANDER, "tech_lead"), (people.DEPUTY,))
    ]
    levels = [
        LevelState(targets=targets, via=["push", "voice"], ack_within_s=ack_within_s)
        for targets in (*held, offered)
        if targets
    ]
    url = w.bridge()[0]
    if levels:
        ladders.open_ladder(
            w,
            Ladder(
                path=f"relapse:{w.state.reopened}",
                levels=levels,
                rounds=2,
                text=f"{w.state.severity} {w.state.title} is open again: {reason}{f', bridge {url}' if url else ''}",
                opened_at=w.now,
            ),
        )
