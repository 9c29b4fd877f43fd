"""Who gets an answer: effect results, finished tasks and gates find their owners here, and events their handlers.

Imports stand inside the functions: the owners import this module to announce things themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mayday.domain.effects import PAGE, EffectResult
from mayday.walker.state import Flight, TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def answered(w: Walker, flight: Flight, result: EffectResult) -> None:
    """Hand an effect's result to its owner."""
    kind, _, name = flight.owner.partition(":")
    owner = _owners().get(kind)
    if owner is not None:
        owner(w, name, flight, result)
    if flight.request.kind == PAGE and flight.request.effect_class == "page":
        _stop_late_page(w, str(flight.request.payload["page"]), result)
    w.touch()


def _stop_late_page(w: Walker, page: str, result: EffectResult) -> None:
    """A page that began to ring after it was stopped: a slow pager was overtaken by the answer."""
    if result.failure is None and page not in w.state.ringing:
        w.stop_page(page, "it is over already", over=not _answerable(w, page))


def _answerable(w: Walker, page: str) -> bool:
    """Whether somebody has only seen it: the gate is still open, the role still offered."""
    gate, role = w.state.gates.get(page), w.state.roles.get(page.removeprefix("role:"))
    return (gate is not None and gate.outcome is None) or (role is not None and role.offer is not None)


@lru_cache(maxsize=1)
def _owners() -> dict[str, Callable[[Walker, str, Flight, EffectResult], None]]:
    from mayday.walker import (
        changes,
        coming_back,
        contract_clocks,
        engagements,
        gates,
        handing_over,
        ladders,
        merging,
        messages,
        notices,
        outages,
        roles,
        succession,
    )
    from mayday.walker.verbs import do

    return {
        "ladder": ladders.answered,
        "offer": roles.answered,
        "vote": gates.called,
        "roster": gates.roster_known,
        "do": do.answered,
        "message": messages.answered,
        "vendor": engagements.answered,
        "contact": engagements.contacted,
        "deadline": contract_clocks.deadline_known,
        "rested": contract_clocks.rest_known,
        "notice": notices.answered,
        "merge": merging.answered,
        "outage": outages.began,
        "shift": succession.shift_known,
        "review": handing_over.answered,
        "candidate": notices.answered,
        "change": changes.told,
        "back": coming_back.answered,
    }


def task_done(w: Walker, task: TaskState) -> None:
    """A task was completed: its owner goes on."""
    from mayday.walker import ballots, blocks, candidates, reviews, standing, updates
    from mayday.walker.verbs import do

    kind, _, name = task.owner.partition(":")
    by = task.done_by or "system"
    if kind == "step":
        state = w.state.steps.get(name)
        if state is not None and not state.over:
            if state.verb == "do":
                do.completed(w, state, task.kind, task.result)
            else:
                blocks.finish(w, state, "done", dict(task.result))
    elif kind == "fact":
        standing.learn_fact(w, name, task.result.get("value"), by)
    elif kind == "witness":
        ballots.witness_answered(w, name, str(task.detail["voter"]), bool(task.result.get("heard")), by)
    elif kind == "spoken":
        ballots.voter_answered(w, name, str(task.detail["voter"]), bool(task.result.get("confirmed")), by)
    elif kind == "review":
        reviews.released(w, name, task, by)
    elif kind == "confirm":
        candidates.confirm(w, by, task.result)
    elif kind == "final":
        reviews.final_released(w, name, task, by)
    elif kind == "release":
        updates.released(w, name, task, by)
    w.touch()


def page_over(w: Walker, path: str, status: Any) -> None:
    """A ladder ended: its step goes on."""
    from mayday.walker import blocks

    state = w.state.steps.get(path)
    if state is not None and state.verb == "page" and (not state.over or status == "acknowledged"):
        blocks.finish(
            w, state, status, {"acknowledged_by": w.state.ladders[path].acked_by} if status == "acknowledged" else {}
        )


def gate_over(w: Walker, path: str) -> None:
    """A gate whose step is over got an outcome after all (break-glass after a lapse): its branch runs beside."""
    state = w.state.steps.get(path)
    if state is not None and state.over:
        state.over, state.ended_at, state.background = False, None, True
        if path not in w.state.background:
            w.state.background.append(path)
        w.touch()


def emit(w: Walker, name: str, data: dict[str, Any]) -> None:
    """An event of the system, for handlers and `wait: event`."""
    _emitter()(w, name, data, "system")


@lru_cache(maxsize=1)
def _emitter() -> Callable[[Walker, str, dict[str, Any], str], None]:
    from mayday.walker import handlers

    return handlers.emit


def absorb(w: Walker, handover: dict[str, Any]) -> None:
    """Take over what a merged incident still owes."""
    from mayday.walker import merging

    merging.absorb(w, handover)
