"""Drills: what their scenario lets happen, and how they stand back for a real incident until a person resumes or ends
them.

Paused, nothing leaves and no deadline is judged; what arrives is written down. On going on, the pause is time in which
nobody could answer (`outages`), so that nobody is measured by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import COMMAND, Drill, Refusal, SetStatus
from mayday.domain.incident import Inject, NextInject, Pending
from mayday.walker import outages, people, standing

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: what a paused drill still takes
TAKEN = ("drill", "note")
_CHANNELS = ["push", "email", "chat"]


def refusal(w: Walker, command: Drill) -> Refusal | None:
    state = w.state
    if not w.start.drill:
        return Refusal(code="unknown", reason="this is no drill")
    if not people.known(w, command.actor) and (command.actor != people.OWNER or command.action != "pause"):
        return Refusal(code="not_yours", reason="a person of the catalog resumes or ends a drill")
    if command.action == "pause":
        if state.drill_paused_at is not None:
            return Refusal(code="not_open", reason="the drill is paused already")
        if command.incident is not None and command.incident in state.drill_stood_back_for:
            return Refusal(code="not_open", reason=f"a person let the drill go on beside {command.incident}")
    elif command.action == "resume" and state.drill_paused_at is None:
        return Refusal(code="not_open", reason="the drill is not paused")
    elif command.action == "end" and state.ending is not None:
        return Refusal(code="closed", reason=f"the drill is {state.status}")
    elif command.action == "inject":
        return _inject_refusal(w, command)
    return None


def _inject_refusal(w: Walker, command: Drill) -> Refusal | None:
    state = w.state
    if state.ending is not None:
        return Refusal(code="closed", reason=f"the drill is {state.status}")
    if state.drill_paused_at is not None:
        return Refusal(code="not_open", reason="the drill is paused: nothing happens in it until a person resumes it")
    if command.inject is None and state.injected >= len(w.start.injects):
        return Refusal(code="not_open", reason="all of the drill's scenario has happened")
    return None


def apply(w: Walker, command: Drill) -> dict[str, Any]:
    match command.action:
        case "pause":
            return _pause(w, command)
        case "resume":
            return _resume(w, command)
        case "inject":
            return _now(w, command)
    if w.state.drill_paused_at is not None:
        _go_on(w)
    told = _tell(w, f"The drill is over: {command.reason}")
    w.entry("drill_ended", command.actor, None, reason=command.reason, told=told)
    standing.status_by_person(w, SetStatus(**_common(command), status="cancelled", reason=command.reason))
    return {"status": w.state.status}


def stand_still(w: Walker) -> bool:
    """Whether the drill is paused: then nothing follows from anything, and nothing is to wake for."""
    if w.state.drill_paused_at is None:
        return False
    w.pending.clear()
    w.pending.append(_waits(w))
    w.state.wake_at = None
    return True


def play(w: Walker) -> None:
    """Let the injects happen that are due. What comes too early for the drill's state is written down as refused."""
    injects = w.start.injects if w.start.drill and w.state.ending is None else []
    while w.state.injected < len(injects):
        inject = injects[w.state.injected]
        if not w.wake(w.state.opened_at + timedelta(seconds=inject.after_s + w.state.drill_paused_s)):
            return
        w.state.injected += 1
        _inject(w, inject, f"inject-{w.state.injected}", "system")


def coming(w: Walker) -> list[NextInject]:
    """What the scenario still has, the next first."""
    if not w.start.drill or w.state.ending is not None:
        return []
    moved = w.state.opened_at + timedelta(seconds=w.state.drill_paused_s)
    still = w.state.drill_paused_at is not None
    return [
        NextInject(what=inject.what, at=None if still else moved + timedelta(seconds=inject.after_s))
        for inject in w.start.injects[w.state.injected :]
    ]


def _now(w: Walker, command: Drill) -> dict[str, Any]:
    inject = command.inject
    if inject is None:
        inject = w.start.injects[w.state.injected]
        w.state.injected += 1
    refused = _inject(w, inject, f"inject-{command.id}", command.actor)
    return {"what": inject.what, "refused": refused.reason if refused else None}


def _inject(w: Walker, inject: Inject, name: str, by: str) -> Refusal | None:
    from mayday.walker import alerts, command_rules

    if inject.command is None:
        w.entry("drill_injected", by, None, what=inject.what)
        alerts.attach(w, [alert.model_copy(update={"received_at": w.now}) for alert in inject.alerts])
        return None
    body = {**inject.command, "actor": people.OWNER, "channel": "drill", "received_at": w.now}
    command = COMMAND.validate_python({**body, "id": name})
    refused = command_rules.refusal(w, command)
    w.entry("drill_injected", by, None, what=inject.what, refused=refused.reason if refused else None)
    if refused is None:
        command_rules.apply(w, command)
    return refused


def _pause(w: Walker, command: Drill) -> dict[str, Any]:
    state = w.state
    for page in list(state.ringing):
        w.stop_page(page, "the drill is paused", over=False)
    state.drill_paused_at = w.now
    if command.incident is not None:
        state.drill_stood_back_for.append(command.incident)
    told = _tell(w, f"Stop. The drill is paused: {command.reason}. It goes on when a person resumes it.")
    w.entry("drill_paused", command.actor, None, reason=command.reason, incident=command.incident, told=told)
    return {"paused_at": w.now}


def _resume(w: Walker, command: Drill) -> dict[str, Any]:
    seconds = _go_on(w)
    told = _tell(w, f"The drill goes on: {command.reason}")
    w.entry("drill_resumed", command.actor, None, reason=command.reason, seconds=seconds, told=told)
    return {"seconds": seconds}


def _go_on(w: Walker) -> int:
    since = w.state.drill_paused_at
    assert since is not None
    w.state.drill_paused_at = None
    outages.paused(w, since)
    w.touch()
    seconds = int((w.now - since).total_seconds())
    w.state.drill_paused_s += seconds
    return seconds


def _tell(w: Walker, text: str) -> list[str]:
    """Everybody who has to do with it: who holds or is offered a role, who was paged, who is asked."""
    state = w.state
    persons = [role.person for role in state.roles.values() if role.person]
    offered = [person for role in state.roles.values() if role.offer for person in role.offer.people]
    asked = [person for gate in state.gates.values() if gate.outcome is None for person in gate.seats]
    told = people.unique([*persons, *offered, *state.responders, *asked])
    if told:
        targets = [f"person.{person}" for person in told]
        w.page("drill", targets, text, owner="notice:drill", purpose="notice", via=_CHANNELS, urgent=False)
    return told


def _waits(w: Walker) -> Pending:
    holder = people.holder(w, people.COMMANDER)
    return Pending.model_validate({
        "id": "drill", "kind": "wait", "for": [holder] if holder else [], "text": "the drill is paused",
        "then": "a person resumes or ends it",
    })  # fmt: skip


def _common(command: Drill) -> dict[str, Any]:
    return command.model_dump(include={"id", "actor", "channel", "received_at"})
