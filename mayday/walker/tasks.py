"""Tasks: work for one person, with a form to fill, a due time, and somebody who hears of it when it is late."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Accept, Complete, Refusal
from mayday.domain.incident import Pending
from mayday.walker import people, registry
from mayday.walker.state import LevelState, TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def open_task(
    w: Walker,
    task_id: str,
    kind: Any,
    text: str,
    *,
    to: str | None,
    owner: str,
    fields: dict[str, dict[str, Any]] | None = None,
    due_s: int | None = None,
    on_overdue: LevelState | None = None,
    by_not: list[str] | None = None,
    detail: dict[str, Any] | None = None,
    tell: bool = True,
    urgent: bool = False,
) -> TaskState:
    """Open a task and tell whom it is for. `by_not` may not complete it (the author of a message, the requester)."""
    task = TaskState(
        id=task_id,
        kind=kind,
        text=text,
        fields=fields or {},
        to=to,
        by_not=by_not or [],
        opened_at=w.now,
        due_at=w.after(due_s) if due_s else None,
        due_s=due_s,
        on_overdue=on_overdue,
        owner=owner,
        detail=detail or {},
    )
    w.state.tasks[task_id] = task
    step = owner.removeprefix("step:") if owner.startswith("step:") else task_id
    w.entry("task_opened", "system", step, task=task_id, task_kind=kind, to=to, text=text, due_at=task.due_at)
    if tell:
        announce(w, task, urgent=urgent)
    return task


def announce(w: Walker, task: TaskState, *, urgent: bool = False) -> None:
    """Tell whom it is for; a card of it stands with them until it is over."""
    targets = people.targets_of(w, task.to) if task.to else []
    if targets:
        w.page(
            task.id,
            targets,
            f"{w.state.severity} {w.state.title}: {task.text}",
            owner="notice:",
            purpose="task",
            urgent=urgent,
            via=["push", "chat"],
        )


def close(w: Walker, task_id: str, reason: str, by: str = "system") -> None:
    """A task that nobody has to do any more."""
    task = w.state.tasks.get(task_id)
    if task is not None and task.done_at is None:
        task.done_at = w.now
        w.entry("task_withdrawn", by, task_id, task=task_id, reason=reason)
        w.silence(task_id, reason)


def ask_for_fact(w: Walker, name: str, path: str | None) -> None:
    """A condition needs a fact that nobody has set: ask the commander once, never skip silently."""
    task_id = f"fact:{name}"
    if task_id in w.state.tasks and w.state.tasks[task_id].done_at is None:
        return
    kinds = {
        "incident.customers_affected": "integer",
        "incident.impact_started_at": "datetime",
        "incident.impact_ended_at": "datetime",
    }
    open_task(
        w,
        task_id,
        "fact",
        f"{name} is not known, and {path or 'the runbook'} depends on it: what is it?",
        to="role.incident_commander",
        owner="fact:" + name,
        fields={"value": {"type": kinds.get(name, "string"), "required": True}},
        detail={"name": name},
    )


def resume(w: Walker) -> None:
    """Overdue tasks are told to whom `on_overdue` names, then, as much later again, to the commander."""
    for task in list(w.state.tasks.values()):
        if task.done_at is not None:
            continue
        then = "stays open" if task.overdue == 0 else "overdue"
        due_at = w.due(task.due_at)
        final = next((each for each in w.state.finals if task.owner == f"final:{each.cadence}"), None)
        if final is not None:
            due_at, then = w.due(final.due_at), "the holding line leaves, and the review keeps the last word"
        if task.id == "confirm:declaration" and w.state.confirmation is not None:
            due_at, then = w.due(w.state.confirmation.due_at), "only pre-approved words leave"
        if task.due_at is not None and task.overdue < 2:
            if w.expired(task.due_at):
                _overdue(w, task)
            then = "told to " + ", ".join(task.on_overdue.targets if task.on_overdue else ["role.incident_commander"])
        w.pend(
            Pending.model_validate(
                {
                    "id": task.id,
                    "kind": "review" if task.kind == "review" else "confirm" if task.kind == "confirm" else "task",
                    "for": assignees(w, task),
                    "text": task.text,
                    "due_at": due_at,
                    "then": then,
                    "detail": {"fields": task.fields, **_words(w, task), **task.detail},
                }
            )
        )


def _words(w: Walker, task: TaskState) -> dict[str, Any]:
    """What a reader of a message is shown besides the task's own facts: to whom it goes, and a final's words."""
    kind, _, name = task.owner.partition(":")
    if kind == "release":
        return {"audience": name}
    final = next((each for each in w.state.finals if kind == "final" and each.cadence == name), None)
    if final is None:
        return {}
    return {"audience": final.audience, "subject": final.subject, "draft": final.text, "purpose": "final"}


def _overdue(w: Walker, task: TaskState) -> None:
    level = task.on_overdue
    first = task.overdue == 0
    task.overdue += 1
    w.entry("task_overdue", "system", task.id, task=task.id, to=task.to, due_at=task.due_at, times=task.overdue)
    refs = level.targets if level and first else ["role.incident_commander"]
    targets = people.all_targets(w, refs)
    if targets:
        w.page(
            task.id,
            targets,
            f"{w.state.title}: overdue: {task.text}",
            owner="notice:",
            purpose="nag",
            via=level.via if level else None,
        )
    task.due_at = w.after(task.due_s) if first and task.due_s else None


def assignees(w: Walker, task: TaskState) -> list[str]:
    if task.accepted_by:
        return [task.accepted_by]
    found = people.people_of(w, task.to) if task.to else []
    return [person for person in found if person not in task.by_not]


def answerers(w: Walker, task: TaskState) -> list[str]:
    """Who may complete it: a person's word is no machine's, and a second person is another one."""
    word = task.kind in ("confirm", "review")
    able = [person for person in _able(w, task) if person not in task.by_not]
    return [person for person in able if not (word and person == people.OWNER)]


def _able(w: Walker, task: TaskState) -> list[str]:
    """The person or role it is for, who has accepted it, and but for a word that is theirs alone who leads."""
    named = people.people_of(w, task.to) if task.to else []
    strict = task.kind in ("confirm", "accept") and bool(named)
    return people.unique([*named, *filter(None, [task.accepted_by]), *([] if strict else people.leaders(w))])


def refusal(w: Walker, command: Complete) -> Refusal | None:
    """Complete: the person or role it is for, commander or deputy; never who is excluded; with the form's types."""
    task = w.state.tasks.get(command.task)
    if task is None:
        known = w.definitions.known(command.task.rpartition(".")[2])
        if known:
            return Refusal(code="not_open", reason=f"task {command.task} is not open yet")
        return Refusal(code="unknown", reason=f"task {command.task} does not exist")
    if task.done_at is not None:
        return Refusal(code="closed", reason=f"task {task.id} is closed since {task.done_at:%H:%M:%S}")
    if command.actor in task.by_not:
        return Refusal(code="excluded", reason=f"{command.actor} may not answer {task.id}: a second person has to")
    if command.actor not in _able(w, task):
        return Refusal(code="not_yours", reason=f"task {task.id} is for {task.to or 'commander or deputy'}")
    if command.actor not in answerers(w, task):
        return Refusal(code="not_yours", reason="this needs a person's token")
    return _bad_result(task, command.result)


def _bad_result(task: TaskState, result: dict[str, Any]) -> Refusal | None:
    for name in result:
        if task.fields and name not in task.fields:
            return Refusal(code="invalid", reason=f"result.{name}: unknown field; known are {', '.join(task.fields)}")
    for name, spec in task.fields.items():
        if name not in result or result[name] is None:
            if spec.get("required", True):
                return Refusal(code="invalid", reason=f"result.{name}: missing ({spec.get('type', 'string')})")
            continue
        problem = _bad_value(result[name], spec)
        if problem:
            return Refusal(code="invalid", reason=f"result.{name}: {problem}")
    return None


def wrong_type(task: TaskState, result: dict[str, Any]) -> Refusal | None:
    """What an operator fills in for somebody: less than the form asks for, but nothing that it does not."""
    fields = {name: {**spec, "required": False} for name, spec in task.fields.items()}
    return _bad_result(task.model_copy(update={"fields": fields}), result)


def _bad_value(value: Any, spec: dict[str, Any]) -> str | None:
    kind = spec.get("type", "string")
    fits = {
        "string": isinstance(value, str),
        "person": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "list": isinstance(value, list),
        "object": isinstance(value, dict),
        "datetime": _is_time(value),
    }.get(kind, True)
    if not fits:
        return f"{value!r} is no {kind}"
    if spec.get("enum") and value not in spec["enum"]:
        return f"{value!r} is not one of {', '.join(map(str, spec['enum']))}"
    return None


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def complete(w: Walker, command: Complete) -> dict[str, Any]:
    task = w.state.tasks[command.task]
    task.done_at, task.done_by, task.result = w.now, command.actor, dict(command.result)
    people.respond(w, command.actor)
    w.entry(
        "task_completed",
        command.actor,
        task.id,
        task=task.id,
        task_kind=task.kind,
        result=command.result,
        after_s=int((w.now - task.opened_at).total_seconds()),
        late=True if task.overdue else None,
        channel=command.channel,
    )
    w.silence(task.id, f"completed by {command.actor}")
    registry.task_done(w, task)
    return {"task": task.id}


def takers(w: Walker, task: TaskState) -> list[str]:
    """Who may say that it is theirs to do."""
    return people.unique([*(people.people_of(w, task.to) if task.to else []), *people.leaders(w)])


def accept_refusal(w: Walker, command: Accept, task: TaskState) -> Refusal | None:
    if task.done_at is not None:
        return Refusal(code="closed", reason=f"task {task.id} is closed")
    if command.actor not in takers(w, task):
        return Refusal(code="not_yours", reason=f"task {task.id} is for {task.to or 'commander or deputy'}")
    return None


def accept(w: Walker, command: Accept, task: TaskState) -> dict[str, Any]:
    task.accepted_by = command.actor
    people.respond(w, command.actor)
    w.entry("task_accepted", command.actor, task.id, task=task.id, channel=command.channel)
    w.silence(task.id, f"accepted by {command.actor}")
    return {"task": task.id}
