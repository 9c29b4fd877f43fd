"""What happens when a step fails, and how a waiting step is cancelled (LANGUAGE.md "Failing", "Leaving a phase").

A failed automation becomes a task for a person: nothing stops an incident.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.domain.effects import EffectFailure
from mayday.language.runbook import Step
from mayday.walker import gates, people, tasks
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def fail(w: Walker, state: StepState, failure: EffectFailure) -> None:
    """A step failed for good: continue, fail its block, run its `on_error` steps, or make it a person's task."""
    step = w.step(state.path)
    cancel_inside(w, state, f"{step.id} failed")
    action = w.plan.actions.get(step.do) if step.do else None
    irreversible = action is not None and action.effect == "irreversible"
    w.entry(
        "step_failed",
        "system",
        state.path,
        verb=state.verb,
        action=step.do,
        code=failure.code,
        reason=failure.message,
        ambiguous=failure.ambiguous or None,
    )
    state.effect = None
    if irreversible and failure.ambiguous:
        _find_out(w, step, state, failure)
        return
    policy = step.on_error or (action.on_error if action and action.on_error else None) or _default(state)
    if isinstance(policy, list):
        state.place = "on_error"
        w.touch()
    elif policy in ("continue", "fail"):
        _over(w, state)
    elif state.verb == "send":
        _shared_task(w, step, failure)
        _over(w, state)
    else:
        _manual(w, step, state, failure)


def _default(state: StepState) -> str:
    return "continue" if state.verb == "log" else "manual"


def _over(w: Walker, state: StepState) -> None:
    state.status, state.over, state.ended_at = "failed", True, w.now
    w.touch()


def _assignee(w: Walker, step: Step) -> str:
    own = step.manual.to if step.manual else None
    return people.first_with_somebody(w, own, "role.deputy", "role.scribe", "role.incident_commander") or (
        own or "role.incident_commander"
    )


def _manual(w: Walker, step: Step, state: StepState, failure: EffectFailure) -> None:
    """Same output fields, done by hand; the later steps wait for it."""
    action = w.plan.actions.get(step.do) if step.do else None
    state.place = "manual"
    tasks.open_task(
        w,
        state.path,
        "manual",
        f"{step.name or _words(step)} failed ({failure.message}): do it by hand and say what came out",
        to=_assignee(w, step),
        fields=dict(action.outputs) if action else {},
        due_s=step.manual.due.seconds if step.manual and step.manual.due else None,
        owner=f"step:{state.path}",
    )


def _find_out(w: Walker, step: Step, state: StepState, failure: EffectFailure) -> None:
    """It may have happened and must not be tried blindly again: a person finds out."""
    state.place = "manual"
    tasks.open_task(
        w,
        state.path,
        "find_out",
        f"Find out whether it happened: {_words(step)} ({failure.message})",
        to=_assignee(w, step),
        fields={"happened": {"type": "string", "enum": ["done", "not_done", "partly"], "required": True}},
        due_s=step.manual.due.seconds if step.manual and step.manual.due else 600,
        owner=f"step:{state.path}",
    )


def _shared_task(w: Walker, step: Step, failure: EffectFailure) -> None:
    """Failed sends share one task: the same channel is down for all of them."""
    task = f"send_failed:{failure.code}"
    if task in w.state.tasks and w.state.tasks[task].done_at is None:
        w.state.tasks[task].detail.setdefault("steps", []).append(step.id)
        w.touch()
        return
    tasks.open_task(
        w,
        task,
        "manual",
        f"Messages do not leave ({failure.message}): tell the audience by hand",
        to=_assignee(w, step),
        owner="none:",
        detail={"steps": [step.id]},
    )


def _words(step: Step) -> str:
    return step.name or step.do or f"{step.verb} {step.id}"


# cancelling ---------------------------------------------------------------------------------------------------


def cancel(w: Walker, state: StepState, reason: str, by: str = "system") -> None:
    """Cancel a step that is not over, inner steps first. A dispatched action is awaited in the background instead."""
    if state.over:
        return
    cancel_inside(w, state, reason, by)
    if state.verb == "do" and state.effect in w.state.flights:
        if not state.background:
            state.background = True
            w.state.background.append(state.path)
        w.touch()
        return
    cancel_waiting(w, state, reason, by)
    state.status, state.over, state.ended_at = "cancelled", True, w.now
    w.entry("step_cancelled", by, state.path, reason=reason)


def cancel_inside(w: Walker, state: StepState, reason: str, by: str = "system") -> None:
    """Cancel the foreground steps inside a block."""
    for child in list(children(w, state)):
        if not child.background:
            cancel(w, child, reason, by)


def cancel_waiting(w: Walker, state: StepState, reason: str, by: str = "system") -> None:
    """End what a step waits for: its page stops ringing, its gate is withdrawn, its task closes."""
    ladder = w.state.ladders.get(state.path)
    if ladder is not None and not ladder.closed and ladder.acked_by is None:
        ladder.closed = True
        w.stop_page(state.path, reason)
    gate = w.state.gates.get(state.path)
    if gate is not None and gate.outcome is None:
        gates.settle(w, gate, "withdrawn", reason, by)
    tasks.close(w, state.path, reason, by)
    tasks.close(w, f"review:{state.path}", reason, by)
    if state.effect is not None and state.verb != "do":
        w.state.flights.pop(state.effect, None)


def children(w: Walker, state: StepState) -> Iterator[StepState]:
    """The steps that stand directly inside a step and have begun."""
    step = w.step(state.path)
    outer = state.path.rpartition(".")[0]
    prefixes = [f"{outer}." if outer else ""]
    nested = [inner for _, steps in step.children() for inner in steps]
    if step.call is not None:
        prefixes = [f"{state.path}."]
        called = w.plan.calls.get(step.call)
        nested = [inner for phase in (called.phases if called else []) for inner in phase.steps]
    elif step.for_each is not None or step.repeat is not None:
        prefixes += [f"{state.path}[{n}]." for n in range(1, max(state.round, len(state.items or [])) + 1)]
    for prefix in prefixes:
        for inner in nested:
            found = w.state.steps.get(f"{prefix}{inner.id}")
            if found is not None:
                yield found


def cancel_list(w: Walker, steps: list[Step], reason: str, prefix: str = "", by: str = "system") -> None:
    """Cancel the foreground steps of a list that have begun and are not over."""
    for step in steps:
        state = w.state.steps.get(f"{prefix}{step.id}")
        if state is not None and not state.background:
            cancel(w, state, reason, by)


def settled(w: Walker, state: StepState) -> bool:
    """Whether nothing of a step goes on: neither itself, nor what it opened, nor anything inside it."""
    path, ladder, gate = state.path, w.state.ladders.get(state.path), w.state.gates.get(state.path)
    task, case = w.state.tasks.get(path), w.state.engagements.get(path)
    return (
        state.over
        and (ladder is None or ladder.closed or ladder.acked_by is not None)
        and (gate is None or gate.outcome is not None)
        and (task is None or task.done_at is not None)
        and (case is None or case.ended)
        and all(settled(w, child) for child in children(w, state))
    )


def forget(w: Walker, state: StepState, reason: str = "it begins anew") -> None:
    """Drop a step and everything inside it, so that it can run again; what still goes on of it ends first."""
    from mayday.walker import engagements  # it walks steps, which fail

    for child in list(children(w, state)):
        forget(w, child, reason)
    path = state.path
    if state.over or state.place == "manual":
        cancel_waiting(w, state, reason)
    else:
        cancel(w, state, reason)
    tasks.close(w, f"exhausted:{path}", reason)
    engagements.give_up(w, path, reason)
    w.state.steps.pop(path, None)
    w.state.ladders.pop(path, None)
    w.state.gates.pop(path, None)
    w.state.tasks.pop(path, None)
    w.state.engagements.pop(path, None)
    if path in w.state.background:
        w.state.background.remove(path)
    w.touch()
