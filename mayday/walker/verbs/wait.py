"""`wait`: for a time, until an expression holds, or for an event since the phase began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.effects import DEADLINE, DeadlineRequest
from mayday.language.runbook import Step
from mayday.walker import blocks, conditions
from mayday.walker.state import Clock, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    wait = step.wait
    if wait is None:
        return
    if wait.for_ is not None:
        _for(w, step, state)
    elif wait.until is not None:
        if conditions.holds(w, wait.until, state.path):
            blocks.finish(w, state)
        else:
            blocks.waiting(w, state, f"until {wait.until}", "goes on")
    elif wait.event is not None:
        _event(w, step, state)


def _for(w: Walker, step: Step, state: StepState) -> None:
    """A plain time is known at once; business days are asked from the calendar."""
    length = step.wait.for_ if step.wait else None
    if length is None:
        return
    if length.is_business:
        clock = w.state.clocks.get(state.path)
        if clock is None:
            w.state.clocks[state.path] = clock = Clock(name=state.path, started_at=state.started_at)
            w.ask(
                DEADLINE,
                state.path,
                lambda key: DeadlineRequest(
                    effect_key=key, start_at=state.started_at, duration=str(length), hours="default"
                ),
                owner=f"deadline:/{state.path}",
                effect_class="read",
                summary=f"when {length} are over",
            )
        due = clock.due_at
        if due is None:
            return
    else:
        due = state.next_round_at = state.next_round_at or w.after(length.seconds)
    if w.wake(due):
        blocks.finish(w, state)
    else:
        state.next_round_at = due
        blocks.waiting(w, state, f"for {length}", "goes on")


def _event(w: Walker, step: Step, state: StepState) -> None:
    """The oldest event of that name since the phase began that no other wait has taken."""
    wait = step.wait
    if wait is None or wait.event is None:
        return
    since = w.state.phase_entered_at or w.state.opened_at
    taken = w.state.consumed.setdefault(wait.event, [])
    for event in w.state.events:
        if event.name != wait.event or event.id in taken or event.received_at < since:
            continue
        scope = {"name": event.name, "actor": event.actor, **event.data}
        if wait.when is None or conditions.holds(w, wait.when, state.path, event=scope):
            taken.append(event.id)
            blocks.finish(w, state, "done", scope)
            return
    blocks.waiting(w, state, f"event {wait.event}", "goes on")
