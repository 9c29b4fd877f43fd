"""A merge that came to nothing: the incident goes on where it stood, with its votes, its cases and its deadlines.

Nothing that was done is done again. What the merge ended begins anew only where nothing of it can be taken up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.timeline import parse_timestamp
from mayday.walker import deadlines, gates, ladders, reopening, tasks
from mayday.walker.state import Engagement, Gate, Ladder, StepState, TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def go_on(w: Walker, reason: str) -> None:
    """As before the merge. What was handed over is taken back from what was kept of it."""
    since, handover = w.state.status_at, w.state.handed_over
    w.state.merged_into = w.state.merged_into_workflow = None
    w.state.survivor_ended = False
    reopening.reopen(w, "system", reason, phase=w.state.merged_in_phase, anew=False)
    owed = {path for what in ("gates", "engagements", "tasks", "ladders") for path in handover[what]}
    for state in list(w.state.steps.values()):
        if state.status == "cancelled" and state.ended_at is not None and since <= state.ended_at:
            _revive(w, state, kept=state.path in owed)
    if w.start.gives_time_back:
        deadlines.keep(w)
    _take_back(w)
    if w.start.gives_time_back and handover.get("handed_at"):
        deadlines.taken_over(w, parse_timestamp(str(handover["handed_at"])))
    w.state.handed_over = {}
    w.touch()


def _revive(w: Walker, state: StepState, *, kept: bool) -> None:
    step = w.step(state.path)
    if kept or state.verb == "wait" or any(nested for _, nested in step.children()):
        state.status, state.over, state.ended_at = "running", False, None
    else:
        w.state.steps[state.path] = StepState(
            path=state.path,
            verb=state.verb,
            started_at=w.now,
            due_at=state.due_at,  # its own timeout goes on running
            occurrence=state.occurrence,
            background=state.background,
            ad_hoc_by=state.ad_hoc_by,
        )
        for kept_by_path in (w.state.gates, w.state.ladders, w.state.tasks, w.state.engagements):
            kept_by_path.pop(state.path, None)
    if state.background and state.path not in w.state.background:
        w.state.background.append(state.path)


def _take_back(w: Walker) -> None:
    state, handover = w.state, w.state.handed_over
    for path, body in handover["gates"].items():
        gate = state.gates[path] = Gate.model_validate(body)
        gates.ask_again(w, gate, "It goes on here: ")
    for path, body in handover["engagements"].items():
        state.engagements[path] = Engagement.model_validate(body)
    for path, body in handover["tasks"].items():
        task = state.tasks[path] = TaskState.model_validate(body)
        w.entry(
            "task_opened",
            "system",
            path,
            task=path,
            task_kind=task.kind,
            to=task.to,
            text=task.text,
            due_at=task.due_at,
        )
        tasks.announce(w, task)
    for path, body in handover["ladders"].items():
        ladder = state.ladders[path] = Ladder.model_validate(body)
        ladders.ring_again(w, ladder)
