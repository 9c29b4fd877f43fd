"""`ask` and `task`: a form to fill, a checklist item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.language.expressions import parse_template
from mayday.language.runbook import Form, Step, Task
from mayday.walker import tasks
from mayday.walker.state import LevelState, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume_form(w: Walker, step: Step, state: StepState) -> None:
    if step.ask is not None and state.path not in w.state.tasks:
        _open(w, step.ask, step.ask.question, "form", state)


def resume_task(w: Walker, step: Step, state: StepState) -> None:
    if step.task is not None and state.path not in w.state.tasks:
        _open(w, step.task, step.task.text, "task", state)


def _open(w: Walker, form: Form | Task, text: str, kind: str, state: StepState) -> None:
    scope = w.scope(state.path)
    words = parse_template(text).render(scope)
    items = [parse_template(item).render(scope) for item in form.items] if isinstance(form, Task) else []
    late = form.on_overdue
    tasks.open_task(
        w,
        state.path,
        kind,
        words,
        to=form.to or "role.incident_commander",
        fields={name: spec.model_dump(mode="json", exclude_none=True) for name, spec in form.fields.items()},
        due_s=form.due.seconds if form.due else None,
        owner=f"step:{state.path}",
        detail={"items": items} if items else {},
        on_overdue=LevelState(targets=late.targets, via=list(late.via), ack_within_s=300) if late else None,
    )
