"""Operator overrides: skip, retry, complete, cancel, reassign; pause a cadence; end a phase. Each is audited.

No override ever yields `approved` or runs an outcome's branch (LANGUAGE.md "People").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Override, Refusal
from mayday.walker import blocks, cadences, failing, people, tasks
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def refusal(w: Walker, command: Override) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="overrides are for commander or deputy")
    if not command.reason.strip():
        return Refusal(code="invalid", reason="reason: an override needs one")
    kind, _, name = command.step.partition(":")
    if kind == "cadence" and name:
        return _cadence_refusal(w, command, name)
    if kind == "phase" and name:
        return _phase_refusal(w, command, name)
    return _step_refusal(w, command)


def _cadence_refusal(w: Walker, command: Override, name: str) -> Refusal | None:
    cadence = w.state.cadences.get(name)
    if cadence is None:
        known = name in w.plan.runbook.cadences
        return Refusal(
            code="not_open" if known else "unknown",
            reason=f"cadence {name} {'has not started' if known else 'does not exist'}",
        )
    if command.action not in ("pause", "resume"):
        return Refusal(code="invalid", reason="action: a cadence can be paused or resumed")
    if cadence.stopped or cadence.paused == (command.action == "pause"):
        return Refusal(
            code="closed",
            reason=f"cadence {name} is {'stopped' if cadence.stopped else 'paused' if cadence.paused else 'running'}",
        )
    return None


def _phase_refusal(w: Walker, command: Override, name: str) -> Refusal | None:
    ids = [phase.id for phase in w.plan.runbook.phases]
    if name not in ids:
        return Refusal(code="unknown", reason=f"phase {name} does not exist; known are {', '.join(ids)}")
    if command.action != "end_phase":
        return Refusal(code="invalid", reason="action: a phase can be ended (end_phase)")
    if w.state.walked or ids[w.state.phase] != name:
        over = name in w.state.phases_left or w.state.walked
        return Refusal(code="closed" if over else "not_open", reason=f"phase {name} is not the current one")
    return None


def _step_refusal(w: Walker, command: Override) -> Refusal | None:
    path = command.step
    state = w.state.steps.get(path)
    task = w.state.tasks.get(path)
    if state is None and task is None and not _is_step(w, path):
        return Refusal(code="unknown", reason=f"there is no step {path}")
    if command.action in ("pause", "resume", "end_phase"):
        return Refusal(code="invalid", reason=f"action: {command.action} is for cadence:NAME or phase:ID")
    if command.action == "reassign":
        if not command.to and w.start.later_rules:
            return Refusal(code="invalid", reason="to: say who has it from now on")
        named = people.people_of(w, _ref(command.to)) if command.to else []
        if not named or (w.start.later_rules and not any(people.known(w, person) for person in named)):
            return Refusal(code="unknown", reason=f"to: {command.to!r} is no person, role or group")
        ladder = w.state.ladders.get(path)
        if (task is None or task.done_at is not None) and (ladder is None or ladder.acked_by or ladder.closed):
            return Refusal(code="not_open", reason=f"{path} has nothing open to reassign")
        return None
    if state is None and not _is_step(w, path):
        return Refusal(code="invalid", reason=f"action: {path} is a task of its own: complete or reassign it")
    if state is None:
        return None if command.action == "skip" else Refusal(code="not_open", reason=f"{path} has not begun")
    if command.action == "retry":
        if not state.over and state.place != "manual":
            return Refusal(code="not_open", reason=f"{path} is still under way")
        if (
            state.verb == "decide"
            and w.state.gates.get(path)
            and w.state.gates[path].outcome in ("approved", "unapproved_emergency")
        ):
            return Refusal(code="closed", reason=f"{path} was decided: {w.state.gates[path].outcome}")
        return None
    if state.over:
        return Refusal(code="closed", reason=f"{path} is {state.status}")
    if command.action == "complete" and state.verb == "decide":
        return Refusal(code="invalid", reason="a decision cannot be completed by override: it takes votes")
    if command.action == "complete" and task is not None and task.done_at is None and w.start.later_rules:
        return tasks.wrong_type(task, command.result or {})
    return None


def _is_step(w: Walker, path: str) -> bool:
    try:
        w.step(path)
    except KeyError:
        return False
    return True


def _ref(to: str) -> str:
    return to if "." in to else f"person.{to}"


def apply(w: Walker, command: Override) -> dict[str, Any]:
    w.entry(
        "overridden",
        command.actor,
        command.step,
        action=command.action,
        reason=command.reason,
        to=command.to,
        result=command.result,
        channel=command.channel,
    )
    kind, _, name = command.step.partition(":")
    if kind == "cadence" and name:
        cadences.pause(w, w.state.cadences[name], command.action == "pause", command.actor, command.reason)
    elif kind == "phase" and name:
        w.state.phase_end_asked = f"override by {command.actor}: {command.reason}"
        w.touch()
    else:
        _on_step(w, command)
    return {"step": command.step, "action": command.action}


def _on_step(w: Walker, command: Override) -> None:
    path = command.step
    state = w.state.steps.get(path)
    if command.action == "reassign":
        _reassign(w, command)
    elif state is None:
        verb = w.step(path).verb
        w.state.steps[path] = StepState(
            path=path, verb=verb, status="skipped", over=True, started_at=w.now, ended_at=w.now
        )
    elif command.action == "retry":
        _retry(w, state)
    elif command.action == "complete":
        failing.cancel_inside(w, state, f"completed by {command.actor}", command.actor)
        failing.cancel_waiting(w, state, f"completed by {command.actor}", command.actor)
        blocks.finish(w, state, "done", dict(command.result or {}))
        if state.verb == "do":
            from mayday.walker.verbs import do

            do.learn(w, w.step(path), state.result)
    else:
        failing.cancel(w, state, command.reason, command.actor)
        if command.action == "skip" and state.over:
            state.status = "skipped"
    w.touch()


def _retry(w: Walker, state: StepState) -> None:
    """Again from the start, beside the walk where it has gone on; its effects get new keys."""
    path, beside, occurrence, by = state.path, state.over, state.occurrence, state.ad_hoc_by
    tasks.close(w, path, "tried again")
    failing.forget(w, state)
    step = w.step(path)
    again = StepState(
        path=path,
        verb=step.verb,
        started_at=w.now,
        occurrence=occurrence + 1,
        background=beside or step.background,
        ad_hoc_by=by,
        due_at=w.after(step.timeout.seconds) if step.timeout and step.decide is None else None,
    )
    w.state.steps[path] = again
    if again.background and path not in w.state.background:
        w.state.background.append(path)


def _reassign(w: Walker, command: Override) -> None:
    ref = _ref(command.to or "")
    task = w.state.tasks.get(command.step)
    targets = people.targets_of(w, ref)
    if task is not None and task.done_at is None:
        task.to, task.accepted_by = ref, None
        w.page(
            task.id, targets, f"{w.state.title}: now yours: {task.text}", owner="notice:", purpose="task", urgent=False
        )
        return
    ladder = w.state.ladders.get(command.step)
    if ladder is not None:
        ladder.paged = people.unique([*ladder.paged, *people.people_of(w, ref)])
        w.page(
            command.step,
            targets,
            ladder.text,
            owner=f"ladder:{ladder.path}",
            purpose="page",
            data={"level": ladder.level + 1, "round": ladder.round},
        )
