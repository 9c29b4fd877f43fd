"""Handlers: steps run when an event arrives; and events kept for `wait: event`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Event, Refusal
from mayday.walker import blocks, conditions, failing, people
from mayday.walker.state import HandlerRun

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: first words of the system's own events: they cannot be sent from outside
SYSTEM = ("severity", "status", "alert", "page", "role", "decision", "vendor", "cadence", "phase", "incident", "task")
KEPT_EVENTS = 200
#: runs of one handler in an incident; its steps may cause the very event that it waits for (docs/adr/0070)
MOST_RUNS = 100
#: stages of the end, after the handlers are drained: an event starts none of them any more
CLOSING = ("finally", "last")


def refusal(w: Walker, command: Event) -> Refusal | None:
    if command.name.partition(".")[0] in SYSTEM and "." in command.name:
        return Refusal(code="not_yours", reason=f"{command.name} is an event of the system and cannot be sent")
    if not people.reports(w, command.actor):
        return Refusal(code="not_yours", reason="events come from a person of the catalog")
    return None


def receive(w: Walker, command: Event) -> dict[str, Any]:
    w.entry("event_received", command.actor, None, name=command.name, event=command.data, channel=command.channel)
    emit(w, command.name, command.data, command.actor)
    return {"name": command.name}


def emit(w: Walker, name: str, data: dict[str, Any], actor: str) -> None:
    number = w.state.counters.get("events", 0) + 1
    w.state.counters["events"] = number
    w.state.events.append(Event(id=str(number), actor=actor, received_at=w.now, name=name, data=data))
    del w.state.events[:-KEPT_EVENTS]
    w.touch()
    if w.state.ending in CLOSING:
        return
    for index, handler in enumerate(w.definitions.handlers()):
        if handler.event == name:
            event = {"name": name, "actor": actor, **data}
            wanted = conditions.of_handler(w, event, handler.when) if handler.when is not None else True
            if wanted or (wanted is None and w.start.edition >= 3):
                _queue(w, index, event, undecided=wanted is None)


def _queue(w: Walker, index: int, event: dict[str, Any], *, undecided: bool = False) -> None:
    """One more run of a handler, unless it has had as many as any incident needs."""
    number = _latest(w, index) + 1
    if number <= MOST_RUNS:
        w.state.handler_runs.append(HandlerRun(index=index, event=event, run=number, undecided=undecided))
    elif not w.state.counters.get(f"exhausted:{index}"):
        w.state.counters[f"exhausted:{index}"] = 1
        steps = w.definitions.handlers()[index].steps
        w.entry("handler_exhausted", "system", steps[0].id if steps else None, event=event["name"], runs=MOST_RUNS)


def resume(w: Walker) -> None:
    """Runs of one handler go one after the other; each starts its steps anew."""
    busy: set[int] = set()
    for run in w.state.handler_runs:
        if run.over or run.index in busy:
            continue
        busy.add(run.index)
        if run.undecided and not _decided(w, run):
            continue
        steps = w.definitions.handlers()[run.index].steps
        if not begun(w, run):
            w.state.counters[f"handler:{run.index}"] = run.run
            for step in steps:
                state = w.state.steps.get(step.id)
                if state is not None:
                    failing.forget(w, state)
            w.entry("handler_started", "system", steps[0].id if steps else None, event=run.event["name"], run=run.run)
        if blocks.run(w, steps) != "running":
            run.over = True
            w.touch()
    w.state.handler_runs = [run for run in w.state.handler_runs if not run.over or run.run == _latest(w, run.index)]


def _decided(w: Walker, run: HandlerRun) -> bool:
    """Whether an event that waited for a fact is known to be one for its handler; one that is not is over."""
    when = w.definitions.handlers()[run.index].when
    wanted = conditions.of_handler(w, run.event, when) if when is not None else True
    if wanted is None:
        return False
    run.undecided, run.over = False, not wanted
    w.touch()
    return wanted


def begun(w: Walker, run: HandlerRun) -> bool:
    """Whether a run's turn has come: it waits for the one before it."""
    return w.state.counters.get(f"handler:{run.index}", 0) >= run.run


def _latest(w: Walker, index: int) -> int:
    """The number of a handler's last run, begun or waiting; 0 before the first."""
    return max((run.run for run in w.state.handler_runs if run.index == index), default=0)


def event_of(w: Walker, path: str | None) -> dict[str, Any] | None:
    """The event of the handler that a step belongs to."""
    if path is None:
        return None
    top = path
    while (parent := w.definitions.parent(top)) is not None:
        top = parent
    for run in reversed(w.state.handler_runs):
        if run.over or (w.start.edition >= 3 and not begun(w, run)):
            continue  # it waits for the run before it, whose steps these still are
        if any(step.id == top for step in w.definitions.handlers()[run.index].steps):
            return run.event
    return None
